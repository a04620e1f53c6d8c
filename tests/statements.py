"""What a database is asked, statement by statement, whatever its kind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from interlock.store import connection


@contextmanager
def watching(hear: Callable[[str], Any]) -> Iterator[None]:
    """Tell each statement of any thread before it is made; the beginning of a transaction is
    `BEGIN`."""
    opened = connection.backend()
    start, change, find = opened.start, opened.change, opened.find

    def told_start() -> None:
        hear("BEGIN")
        start()

    def told_change(sql: str, values: Any) -> int:
        hear(sql)
        return change(sql, values)

    def told_find(sql: str, values: Any) -> list[Any]:
        hear(sql)
        return find(sql, values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opened, "start", told_start)
        patch.setattr(opened, "change", told_change)
        patch.setattr(opened, "find", told_find)
        yield
