"""The few statements that look across accounts, or touch what belongs to none.

Where a database keeps accounts apart, each is a function that runs with the rights of its tables'
owner, and finds or changes what its arguments name and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from interlock.store import acting
from interlock.store.connection import backend, execute, fetch


@frozen
class Across:
    """A statement with bound values, and the function that stands in its place."""

    name: str
    """Of the function."""
    sql: str
    takes: tuple[str, ...]
    """The types of its values, in order."""
    gives: Mapping[str, str] = field(factory=dict)
    """The columns that it finds, and their types, in order; none of one that writes."""
    by_workers: bool = False
    """True where only workers may ask."""

    @classmethod
    def of_session(cls, name: str, sql: str) -> Across:
        """One that writes what goes with the session whose id is its value: nothing where that is
        of another account, unless a worker says it."""
        return cls(name, sql, takes=("text",))

    @property
    def call(self) -> str:
        """The function called in the statement's place."""
        return f"SELECT * FROM {self.name}({', '.join('?' * len(self.takes))})"

    def find(self, *values: Any) -> list[Any]:
        """All that it finds. Raises as `fetch` does."""
        if not backend().is_walled:
            return fetch(self.sql, values)
        with acting.acting(acting.account() or acting.NOBODY):
            return fetch(self.call, values)

    def do(self, *values: Any) -> None:
        """Do what it does. Raises as `execute` does."""
        if not backend().is_walled:
            execute(self.sql, values)
            return
        with acting.acting(acting.account() or acting.NOBODY):
            execute(self.call, values)
