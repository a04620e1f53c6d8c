"""What a session type declares, compiled into one `transitions` machine."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from attrs import field, frozen
from transitions import Machine

from interlock.engine.errors import DefinitionError, StoreUnusable
from interlock.engine.payload import describe
from interlock.engine.steps import Step, read_options
from interlock.engine.table import ENDS, Row, fault, read_table
from interlock.engine.values import WORD, Result, Session

STANDARD = (
    *("ok", "warning", "error", "timeout", "expired"),
    *("rate_limited", "overloaded", "needs_input", "budget", "stalled"),
)
"""Statuses that every step understands, with or without a row."""

ERRORS = ("error", "timeout", "expired")
"""Statuses that end a session as failed where no row takes them."""

FALLBACK = {"warning": "ok", "timeout": "error", "expired": "error"}

ATTRIBUTES = ("transitions", "name", "budget", "options", "inputs", "definition", "check_input")
"""What a session type has besides its steps; no step can take one of these names."""


class GuardRaised(Exception):
    """A guard raised; says which and what."""

    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(f"guard {name} raised {describe(error)}")

    @staticmethod
    def made(result: Result) -> bool:
        """True of the error that stands for a guard that raised."""
        told = re.match(r"guard \w+ raised ", result.error or "")
        return result.status == "error" and told is not None


@frozen
class Guard:
    """A guard by name, asked of the session type that decides."""

    name: str

    def __call__(self, kind: object, session: Session, result: Result) -> bool:
        """True when the guard holds. Raises GuardRaised, StoreUnusable."""
        try:
            return bool(getattr(kind, self.name)(session, result))
        except StoreUnusable:
            raise  # of a look into the history
        except Exception as error:
            raise GuardRaised(self.name, error) from error


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
    routes: Mapping[tuple[str, str], Sequence[Any]] = field(eq=False, repr=False)
    """Every (step, trigger) that has a row, with the machine's transitions in their order."""

    def triggers(self, step: str) -> tuple[str, ...]:
        """The triggers that have a row at a step, in the order of the table."""
        return tuple(dict.fromkeys(row.trigger for row in self.rows if row.source == step))

    def route(self, step: str, status: str) -> str | None:
        """The trigger whose rows take a status at a step; None when there is none.

        A `warning` without a row of its own takes the rows of `ok`; `timeout` and `expired`
        take those of `error`.
        """
        if (step, status) in self.routes:
            return status
        fallback = FALLBACK.get(status, status)
        return fallback if (step, fallback) in self.routes else None

    def takes(self, step: str, status: str) -> bool:
        """True when a result of this status means something at a step."""
        return status in STANDARD or (step, status) in self.routes

    def fire(self, kind: object, session: Session, result: Result) -> str | None:
        """Where the result leads from the session's step; None when no row takes it.

        Raises GuardRaised.
        """
        trigger = self.route(session.step, result.status)
        if trigger is None:
            return None
        # What the machine does, without a model to move and callbacks: a tenth of its time.
        for one in self.routes[session.step, trigger]:
            asked = one.conditions
            if not asked or all(said.func(kind, session, result) is said.target for said in asked):
                return str(one.dest)
        return None


def define(cls: type) -> Definition:
    """The checked definition of a class. Raises DefinitionError with class, row and mend."""
    steps = {
        name: value
        for parent in reversed(cls.__mro__)
        for name, value in vars(parent).items()
        if isinstance(getattr(cls, name, None), Step) and isinstance(value, Step)
    }
    for name in steps:
        if name in ENDS or name in ATTRIBUTES:
            raise fault(cls, f"step {name}", "the engine uses this name", "rename the step")
    name, budget, inputs = cls.name, cls.budget, cls.inputs  # type: ignore[attr-defined]
    _check_attributes(cls, name, budget, inputs)
    rows = read_table(cls, steps, cls.transitions)  # type: ignore[attr-defined]
    options = read_options(cls.__name__, cls.options)  # type: ignore[attr-defined]
    digest = _digest(name, budget, options, steps, rows)
    machine = _machine(steps, rows)
    routes = {
        (row.source, row.trigger): machine.events[row.trigger].transitions[row.source]
        for row in rows
    }
    return Definition(name, steps, rows, rows[0].source, budget, digest, machine, routes)


def _check_attributes(cls: type, name: object, budget: object, inputs: object) -> None:
    if not isinstance(name, str) or not re.fullmatch(WORD, name):
        raise DefinitionError(f"{cls.__name__}: the name {name!r} must be lower_snake_case")
    if type(budget) is not int or budget < 1:
        raise DefinitionError(f"{cls.__name__}: budget = {budget!r} must be 1 or more")
    pairs = inputs.items() if isinstance(inputs, Mapping) else [(None, None)]
    if not all(isinstance(key, str) and isinstance(told, str) for key, told in pairs):
        raise DefinitionError(
            f"{cls.__name__}: inputs = {inputs!r} must map the name of each input to its help"
        )


def _machine(steps: Mapping[str, Step], rows: tuple[Row, ...]) -> Machine:
    # `transitions` takes callables as conditions; its type hints know only of their names.
    transitions: list[Any] = [
        [row.trigger, row.source, row.dest, [*map(Guard, row.guards)], [*map(Guard, row.unless)]]
        for row in rows
    ]
    return Machine(
        model=None,
        states=[*steps, *ENDS],
        transitions=transitions,
        initial=rows[0].source,
        auto_transitions=False,
    )


def _digest(
    name: str,
    budget: int,
    options: Mapping[str, Any],
    steps: Mapping[str, Step],
    rows: tuple[Row, ...],
) -> str:
    declared: dict[str, Any] = {
        "name": name,
        "budget": budget,
        "steps": {key: value.declared for key, value in steps.items()},
        "rows": [[r.trigger, r.source, r.dest, [*r.guards], [*r.unless]] for r in rows],
    }
    declared |= {"options": options} if options else {}
    return sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()
