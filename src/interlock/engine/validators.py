"""What the attributes of commands and results may be. Each one raises InvalidInput, naming it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import Attribute

from interlock.engine.errors import InvalidInput

MAX_SECONDS = 10**9
"""About 30 years: what a clock can still add."""
MAX_YEAR = 9000
"""What every time zone can still say."""


def require_filled(instance: object, attribute: Attribute[Any], value: object) -> None:
    """A string with something in it."""
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"{attribute.name} is a non-empty string, not {value!r}")


def require_text(instance: object, attribute: Attribute[Any], value: object) -> None:
    """A string, or None."""
    if value is not None and not isinstance(value, str):
        raise InvalidInput(f"{attribute.name} is a string, not {value!r}")


def require_mapping(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Names mapped to values."""
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{attribute.name} maps names to values, not {value!r}")


def require_seconds(instance: object, attribute: Attribute[Any], value: Any) -> None:
    """A finite number of seconds that a clock can still add, or None."""
    if value is None:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and 0 <= value <= MAX_SECONDS):
        raise InvalidInput(f"{attribute.name} is 0 to {MAX_SECONDS} seconds, not {value!r}")


def require_variables(
    instance: object, attribute: Attribute[Any], value: Mapping[str, str]
) -> None:
    """Strings mapped to strings."""
    require_mapping(instance, attribute, value)
    for pair in value.items():
        if not all(isinstance(word, str) for word in pair):
            raise InvalidInput(f"{attribute.name} maps strings to strings, not {pair!r}")


def require_moment(instance: object, attribute: Attribute[Any], value: object) -> None:
    """A time that has a zone and that every zone can say, or None."""
    if value is None:
        return
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise InvalidInput(f"{attribute.name} needs a time with a time zone, not {value!r}")
    if not 1970 <= value.year <= MAX_YEAR:
        raise InvalidInput(f"{attribute.name} is between 1970 and {MAX_YEAR}, not {value}")
