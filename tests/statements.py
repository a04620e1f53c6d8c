"""What a database is asked, statement by statement, whatever its kind."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from interlock.store import connection

Said = list[tuple[str, Sequence[Any]]]
"""Statements in their order, each with its values."""


@contextmanager
def statements() -> Iterator[Said]:
    """All that any thread says from now on; a transaction begins with `BEGIN` and
    ends with `COMMIT`."""
    said: Said = []
    with _listening(lambda sql, values: said.append((sql, values))):
        yield said


def watching(hear: Callable[[str], Any]) -> AbstractContextManager[None]:
    """Tell each statement of any thread before it is made, as `statements`."""
    return _listening(lambda sql, values: hear(sql))


@contextmanager
def _listening(hear: Callable[[str, Sequence[Any]], Any]) -> Iterator[None]:
    opened = connection.backend()
    start, end, change, find = opened.start, opened.end, opened.change, opened.find

    def told_start() -> None:
        hear("BEGIN", ())
        start()

    def told_end() -> None:
        hear("COMMIT", ())
        end()

    def told_change(sql: str, values: Sequence[Any]) -> int:
        hear(sql, values)
        return change(sql, values)

    def told_find(sql: str, values: Sequence[Any]) -> list[Any]:
        hear(sql, values)
        return find(sql, values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opened, "start", told_start)
        patch.setattr(opened, "end", told_end)
        patch.setattr(opened, "change", told_change)
        patch.setattr(opened, "find", told_find)
        yield
