"""The table of a session type: its rows as written, read and checked before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from interlock.engine.errors import DefinitionError
from interlock.engine.steps import Step
from interlock.engine.values import WORD, Status

COMPLETE: Final = "complete"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
ENDS: Mapping[str, Status] = {COMPLETE: COMPLETE, FAILED: FAILED, CANCELLED: CANCELLED}

RESERVED = ("none", "late", "superseded", "unknown")
"""Words that can be no trigger: they tell what became of a row."""


@frozen
class Row:
    """One row of the table for one source; `number` counts from 1 as written."""

    number: int
    trigger: str
    source: str
    dest: str
    guards: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = [self.trigger, self.source, self.dest, *self.guards]
        words += [f"unless {name}" for name in self.unless]
        return f"row {self.number} [{', '.join(words)}]"

    @property
    def condition(self) -> dict[str, bool]:
        """What each guard must say for the row to fire."""
        return dict.fromkeys(self.guards, True) | dict.fromkeys(self.unless, False)


def read_table(cls: type, steps: Mapping[str, Step], written: Any) -> tuple[Row, ...]:
    """The checked rows of a table as a class declares it. Raises DefinitionError."""
    if not isinstance(written, list | tuple) or not written:
        raise fault(cls, "transitions", "has no rows", "write a list of at least one row")
    rows = tuple(_rows(cls, written))
    _check_words(cls, steps, rows)
    _check_names(cls, steps, rows)
    _check_order(cls, rows)
    _check_paths(cls, steps, rows)
    return rows


def fault(cls: type, where: object, what: str, mend: str) -> DefinitionError:
    """The error that names class, place and mend."""
    return DefinitionError(f"{cls.__name__}: {where}: {what}; {mend}")


def _rows(cls: type, written: Iterable[Any]) -> Iterator[Row]:
    for number, row in enumerate(written, 1):
        where = f"row {number} {row!r}"
        if not isinstance(row, list | tuple) or not 3 <= len(row) <= 5:
            raise fault(
                cls, where, "is not a row", "write [trigger, source, destination, guard, unless]"
            )
        trigger, sources, dest, *conditions = row
        sources = [sources] if isinstance(sources, str) else sources
        guards, unless = (_names(cls, where, part) for part in (*conditions, None, None)[:2])
        if not isinstance(sources, list | tuple) or not sources:
            raise fault(cls, where, "has no source", "name a step or a list of steps")
        for word in (trigger, dest, *sources):
            if not isinstance(word, str):
                raise fault(cls, where, f"{word!r} is not a name", "write it as a string")
        for source in sources:
            yield Row(number, trigger, source, dest, guards, unless)


def _names(cls: type, where: str, part: Any) -> tuple[str, ...]:
    names = [part] if isinstance(part, str) else [] if part is None else part
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise fault(cls, where, f"{part!r} is not a guard", "name a method of the class")
    return tuple(names)


def _check_words(cls: type, steps: Mapping[str, Step], rows: tuple[Row, ...]) -> None:
    for row in rows:
        if not re.fullmatch(WORD, row.trigger) or row.trigger in RESERVED:
            raise fault(cls, row, f"{row.trigger!r} cannot be a trigger", "use another word")
        if row.trigger in steps:
            what = f"step {row.trigger} shadows the trigger {row.trigger!r}"
            raise fault(cls, row, what, "rename the step")


def _check_names(cls: type, steps: Mapping[str, Step], rows: tuple[Row, ...]) -> None:
    for row in rows:
        if row.source in ENDS:
            raise fault(cls, row, f"{row.source!r} is an end and leads nowhere", "remove the row")
        for name in (row.source, row.dest):
            if name not in steps and name not in ENDS:
                known = ", ".join(steps) or "none"
                mend = f"write `@step def {name}(self, session)` or use one of {known}"
                raise fault(cls, row, f"unknown step {name!r}", mend)
        for name in (*row.guards, *row.unless):
            if not callable(getattr(cls, name, None)):
                mend = f"write `def {name}(self, session, result)`"
                raise fault(cls, row, f"there is no guard {name!r}", mend)


def _check_order(cls: type, rows: tuple[Row, ...]) -> None:
    for index, row in enumerate(rows):
        for name in row.guards:
            if name in row.unless:
                what = f"can never fire, {name} would have to hold and not to hold"
                raise fault(cls, row, what, "remove one of the two")
        place = (row.trigger, row.source)
        earlier = [e for e in rows[:index] if (e.trigger, e.source) == place]
        if _covers(row.condition, [e.condition for e in earlier]):
            alone = (e for e in earlier if _covers(row.condition, [e.condition]))
            first = next(alone, None)
            takes = f"{first} takes" if first else "the rows before it together take"
            mend = "give an earlier row another guard, or move or remove this one"
            raise fault(cls, row, f"can never fire, {takes} all it would", mend)


def _covers(known: Mapping[str, bool], conditions: list[dict[str, bool]]) -> bool:
    """True when at least one of the conditions holds, whatever the guards not yet known say."""
    possible = [
        {name: value for name, value in condition.items() if name not in known}
        for condition in conditions
        if all(known.get(name, value) == value for name, value in condition.items())
    ]
    if not possible or {} in possible:
        return bool(possible)
    name = next(iter(possible[0]))
    return all(_covers({**known, name: value}, possible) for value in (True, False))


def _check_paths(cls: type, steps: Mapping[str, Step], rows: tuple[Row, ...]) -> None:
    first = rows[0].source
    reached = _closure({first}, {(row.source, row.dest) for row in rows})
    ending = _closure({*ENDS}, {(row.dest, row.source) for row in rows})
    for name in steps:
        where = f"step {name}"
        if not any(row.source == name for row in rows):
            raise fault(cls, where, "has no way out", f"add a row with source {name!r}")
        if name not in reached:
            mend = f"add a row with destination {name!r}, or remove the step"
            raise fault(cls, where, f"cannot be reached from {first!r}", mend)
        if name not in ending:
            mend = "add a row that leads to COMPLETE, FAILED or CANCELLED"
            raise fault(cls, where, "has no path to an end", mend)


def _closure(start: set[str], edges: set[tuple[str, str]]) -> set[str]:
    found, new = set(start), set(start)
    while new:
        new = {b for a, b in edges if a in new} - found
        found |= new
    return found
