"""The log of a session: what an engine asks of it, and one that is held in memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from interlock.engine.values import Interaction


class History(Protocol):
    """The log of one session, looked up and not loaded."""

    def newest(self, step: str) -> Interaction | None:
        """The newest row of a step, whatever became of it."""

    def last(self, step: str) -> Interaction | None:
        """The newest row of a step that has a result."""

    def recent(self) -> Iterator[Interaction]:
        """All rows, newest first, looked up as they are asked for."""

    def lost(self, step: str) -> int:
        """How many of the newest rows of a step, one after the other, ended unseen; a few are
        counted, not all."""

    def add(self, row: Interaction) -> History:
        """The same log with this row written or, where it is there, rewritten."""


@frozen
class Log:
    """A history held in memory: rows 1 to n, in order."""

    rows: tuple[Interaction, ...] = ()

    def __iter__(self) -> Iterator[Interaction]:
        return iter(self.rows)

    def newest(self, step: str) -> Interaction | None:
        """The newest row of a step, whatever became of it."""
        return next((row for row in reversed(self.rows) if row.step == step), None)

    def last(self, step: str) -> Interaction | None:
        """The newest row of a step that has a result."""
        done = (row for row in reversed(self.rows) if row.step == step and row.status == "done")
        return next(done, None)

    def recent(self) -> Iterator[Interaction]:
        """All rows, newest first."""
        return reversed(self.rows)

    def lost(self, step: str) -> int:
        """How many of the newest rows of a step, one after the other, ended unseen."""
        mine = (row.status for row in reversed(self.rows) if row.step == step)
        return sum(1 for _ in takewhile(lambda status: status == "unknown", mine))

    def add(self, row: Interaction) -> Log:
        """The same log with this row written or, where it is there, rewritten."""
        return Log((*self.rows[: row.seq - 1], row))
