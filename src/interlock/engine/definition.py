"""A session type's table, checked and compiled into one `transitions` machine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from attrs import field, frozen
from transitions import Machine

from interlock.engine.errors import DefinitionError
from interlock.engine.steps import Step
from interlock.engine.values import WORD, Result, Session, Status

COMPLETE: Final = "complete"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
ENDS: Mapping[str, Status] = {COMPLETE: COMPLETE, FAILED: FAILED, CANCELLED: CANCELLED}

STANDARD = ("ok", "warning", "error", "timeout", "expired")
"""Statuses that every step understands, with or without a row."""

FALLBACK = {"warning": "ok", "timeout": "error", "expired": "error"}

RESERVED = ("none", "late", "superseded", "unknown")


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


class GuardRaised(Exception):
    """A guard raised; carries its name."""

    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(f"guard {name} raised {type(error).__name__}: {error}")


class Cursor:
    """The model the machine moves: where it stands, and the type's guards by name."""

    def __init__(self, subject: object, state: str) -> None:
        self.subject = subject
        self.state = state

    def __getattr__(self, name: str) -> Callable[[Session, Result], bool]:
        guard = getattr(self.subject, name)

        def ask(session: Session, result: Result) -> bool:
            try:
                return bool(guard(session, result))
            except Exception as error:
                raise GuardRaised(name, error) from error

        return ask


@frozen
class Definition:
    """What a session type declares: steps, rows, first step, and the digest of all that."""

    name: str
    steps: Mapping[str, Step]
    rows: tuple[Row, ...]
    initial: str
    budget: int
    digest: str
    machine: Machine = field(eq=False, repr=False)
    routes: frozenset[tuple[str, str]] = field(eq=False, repr=False)
    """Every (step, trigger) that has a row."""

    def triggers(self, step: str) -> tuple[str, ...]:
        """The triggers that have a row at a step, in the order of the table."""
        return tuple(dict.fromkeys(row.trigger for row in self.rows if row.source == step))

    def fire(self, subject: object, session: Session, result: Result) -> str | None:
        """Where the result leads from the session's step; None when no row takes it.

        A `warning` without a row of its own takes the rows of `ok`; `timeout` and `expired`
        take those of `error`. Raises GuardRaised.
        """
        trigger = result.status
        if (session.step, trigger) not in self.routes:
            trigger = FALLBACK.get(trigger, trigger)
        if (session.step, trigger) not in self.routes:
            return None
        cursor = Cursor(subject, session.step)
        moved = self.machine.events[trigger].trigger(cursor, session, result)
        return cursor.state if moved else None

    def takes(self, step: str, status: str) -> bool:
        """True when a result of this status means something at a step."""
        return status in STANDARD or (step, status) in self.routes


def define(cls: type) -> Definition:
    """The checked definition of a class. Raises DefinitionError with class, row and mend."""
    steps = {
        name: value
        for parent in reversed(cls.__mro__)
        for name, value in vars(parent).items()
        if isinstance(getattr(cls, name, None), Step) and isinstance(value, Step)
    }
    name, budget = cls.name, cls.budget  # type: ignore[attr-defined]
    if not re.fullmatch(WORD, name):
        raise DefinitionError(f"{cls.__name__}: the name {name!r} must be lower_snake_case")
    if type(budget) is not int or budget < 1:
        raise DefinitionError(f"{cls.__name__}: budget = {budget!r} must be 1 or more")
    written = cls.transitions  # type: ignore[attr-defined]
    if isinstance(written, str) or not written:
        raise DefinitionError(f"{cls.__name__}: transitions is empty; give at least one row")
    rows = tuple(_rows(cls, written))
    _check_words(cls, steps, rows)
    _check_names(cls, steps, rows)
    _check_order(cls, rows)
    _check_paths(cls, steps, rows)
    machine = Machine(
        model=None,
        states=[*steps, *ENDS],
        transitions=[[r.trigger, r.source, r.dest, [*r.guards], [*r.unless]] for r in rows],
        initial=rows[0].source,
        auto_transitions=False,
    )
    digest = _digest(name, budget, steps, rows)
    routes = frozenset((row.source, row.trigger) for row in rows)
    return Definition(name, steps, rows, rows[0].source, budget, digest, machine, routes)


def _fault(cls: type, row: object, what: str, mend: str) -> DefinitionError:
    return DefinitionError(f"{cls.__name__}: {row}: {what}; {mend}")


def _rows(cls: type, written: Any) -> Iterator[Row]:
    for number, row in enumerate(written, 1):
        where = f"row {number} {row!r}"
        if not isinstance(row, list | tuple) or not 3 <= len(row) <= 5:
            raise _fault(
                cls, where, "is not a row", "write [trigger, source, destination, guard, unless]"
            )
        trigger, sources, dest, *conditions = row
        sources = [sources] if isinstance(sources, str) else sources
        guards, unless = (_names(cls, where, part) for part in (*conditions, None, None)[:2])
        if not isinstance(sources, list | tuple) or not sources:
            raise _fault(cls, where, "has no source", "name a step or a list of steps")
        for word in (trigger, dest, *sources):
            if not isinstance(word, str):
                raise _fault(cls, where, f"{word!r} is not a name", "write it as a string")
        for source in sources:
            yield Row(number, trigger, source, dest, guards, unless)


def _names(cls: type, where: str, part: Any) -> tuple[str, ...]:
    names = [part] if isinstance(part, str) else [] if part is None else part
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise _fault(cls, where, f"{part!r} is not a guard", "name a method of the class")
    return tuple(names)


def _check_words(cls: type, steps: Mapping[str, Step], rows: tuple[Row, ...]) -> None:
    triggers = {row.trigger: row for row in rows}
    for trigger, row in triggers.items():
        if not re.fullmatch(WORD, trigger) or trigger in RESERVED:
            raise _fault(cls, row, f"{trigger!r} cannot be a trigger", "use another word")
    for name in steps:
        if name in triggers:
            raise _fault(
                cls, triggers[name], f"step {name} shadows the trigger {name!r}", "rename the step"
            )
        if name in ENDS:
            raise DefinitionError(f"{cls.__name__}: a step cannot be called {name!r}; rename it")


def _check_names(cls: type, steps: Mapping[str, Step], rows: tuple[Row, ...]) -> None:
    for row in rows:
        if row.source in ENDS:
            raise _fault(cls, row, f"{row.source!r} is an end and leads nowhere", "remove the row")
        if row.source not in steps:
            raise _fault(cls, row, f"unknown step {row.source!r}", _mend(row.source, steps))
        if row.dest not in steps and row.dest not in ENDS:
            raise _fault(cls, row, f"unknown step {row.dest!r}", _mend(row.dest, steps))
        for name in (*row.guards, *row.unless):
            guard = getattr(cls, name, None)
            if not callable(guard) or isinstance(guard, Step):
                raise _fault(
                    cls,
                    row,
                    f"there is no guard {name!r}",
                    f"write `def {name}(self, session, result)`",
                )


def _mend(name: str, steps: Mapping[str, Step]) -> str:
    return f"write `@step def {name}(self, session)` or use one of {', '.join(steps) or 'none'}"


def _check_order(cls: type, rows: tuple[Row, ...]) -> None:
    for index, row in enumerate(rows):
        for earlier in rows[:index]:
            same = (earlier.trigger, earlier.source) == (row.trigger, row.source)
            if same and {*earlier.guards} <= {*row.guards} and {*earlier.unless} <= {*row.unless}:
                raise _fault(
                    cls,
                    row,
                    f"can never fire, {earlier} takes all it would",
                    "give the earlier row a guard, or move or remove this one",
                )


def _check_paths(cls: type, steps: Mapping[str, Step], rows: tuple[Row, ...]) -> None:
    reached = _closure({rows[0].source}, {(row.source, row.dest) for row in rows})
    ending = _closure({*ENDS}, {(row.dest, row.source) for row in rows})
    for name in steps:
        if not any(row.source == name for row in rows):
            raise _fault(cls, f"step {name}", "has no way out", f"add a row with source {name!r}")
        if name not in reached:
            raise _fault(
                cls,
                f"step {name}",
                f"cannot be reached from {rows[0].source!r}",
                f"add a row with destination {name!r}, or remove the step",
            )
        if name not in ending:
            raise _fault(
                cls,
                f"step {name}",
                "has no path to an end",
                "add a row that leads to COMPLETE, FAILED or CANCELLED",
            )


def _closure(start: set[str], edges: set[tuple[str, str]]) -> set[str]:
    found, new = set(start), set(start)
    while new:
        new = {b for a, b in edges if a in new} - found
        found |= new
    return found


def _digest(name: str, budget: int, steps: Mapping[str, Step], rows: tuple[Row, ...]) -> str:
    declared = {
        "name": name,
        "budget": budget,
        "steps": {key: value.options for key, value in steps.items()},
        "rows": [[r.trigger, r.source, r.dest, [*r.guards], [*r.unless]] for r in rows],
    }
    return sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()
