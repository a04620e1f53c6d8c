"""Times as the database keeps them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import orjson
from peewee import DateTimeField

EVER = datetime.min.replace(tzinfo=UTC)
"""Before all that is kept."""


def clock() -> float:
    """Seconds on a clock that nobody sets, and that goes on while the machine sleeps where the
    system has such a one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def write_time(value: datetime | None) -> str | None:
    """A time as text that sorts as it passes: UTC, microseconds, always the same width.

    Raises ValueError for one without a time zone, since nobody knows what it means.
    """
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"a time needs its time zone: {value!r}")
    text = orjson.dumps(value.astimezone(UTC)).decode()[1:-1]  # a third of isoformat's time
    return text if "." in text else f"{text[:19]}.000000{text[19:]}"


def read_time(value: str | datetime | None) -> datetime | None:
    """The aware UTC datetime that was written."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value)


class TimeField(DateTimeField):
    """An aware UTC datetime."""

    def db_value(self, value: datetime | str | None) -> Any:
        """What the database keeps."""
        return write_time(value) if isinstance(value, datetime) else value

    def python_value(self, value: Any) -> Any:
        """What was kept, as an aware datetime."""
        return read_time(value)
