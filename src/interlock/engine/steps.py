"""A step: the method that makes its command, and the one that reads its result."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MethodType
from typing import Any, Literal, TypeVar, overload

from interlock.engine.commands import Command
from interlock.engine.errors import DefinitionError, InvalidInput
from interlock.engine.limits import Limits
from interlock.engine.validators import MAX_SECONDS
from interlock.engine.values import Result, Session

OnUnknown = Literal["retry", "continue", "ask"]
ON_UNKNOWN: tuple[OnUnknown, ...] = ("retry", "continue", "ask")

Body = Callable[[Any, Session], Command]
Reader = Callable[[Any, Session, Result], Result]
ReaderT = TypeVar("ReaderT", bound=Reader)


class Step:
    """A step. Called on a session type's instance it returns the step's command.

    `attempts`: how often it may be tried before the session fails; None: the budget alone limits.
    `timeout`: seconds for its command, where the command names none.
    `on_unknown`: what to do when nobody saw the outcome: `retry`, `continue` the agent's own
    conversation, or `ask` a person. None: `continue` for a Prompt, `retry` for everything else.
    `budget`: what all its tries in one session may spend, as in `{"money": 0.5, "tokens": 50_000}`.
    `options`: what its prompts ask of the agent, as in `{"read_only": True}`; those of the prompt
    itself go before them.
    """

    def __init__(
        self,
        body: Body,
        *,
        attempts: int | None = None,
        timeout: float | None = None,
        on_unknown: OnUnknown | None = None,
        budget: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        if not callable(body):
            raise DefinitionError(f"@step marks a method, not {body!r}; write @step or @step(...)")
        self.body = body
        self.name = body.__name__
        self.owner: str | None = None
        self.reader: str | None = None
        self.attempts = attempts
        self.timeout = timeout
        self.on_unknown = on_unknown
        self.budget = None if budget is None else _read_budget(self.name, budget)
        self.options = read_options(f"step {self.name}", {} if options is None else options)
        self.__doc__ = body.__doc__
        self._check()

    def _check(self) -> None:
        where = f"step {self.name}"
        if self.attempts is not None and (type(self.attempts) is not int or self.attempts < 1):
            raise DefinitionError(f"{where}: attempts={self.attempts!r} must be 1 or more")
        if self.timeout is not None and not _is_timeout(self.timeout):
            raise DefinitionError(
                f"{where}: timeout={self.timeout!r} must be more than 0 and at most {MAX_SECONDS} "
                "seconds"
            )
        if self.on_unknown is not None and self.on_unknown not in ON_UNKNOWN:
            raise DefinitionError(
                f"{where}: on_unknown={self.on_unknown!r} must be one of {', '.join(ON_UNKNOWN)}"
            )

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.owner = name, owner.__name__

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Step: ...
    @overload
    def __get__(
        self, instance: object, owner: type | None = None
    ) -> Callable[[Session], Command]: ...
    def __get__(
        self, instance: object | None, owner: type | None = None
    ) -> Step | Callable[[Session], Command]:
        return self if instance is None else MethodType(self.body, instance)

    def result(self, reader: ReaderT) -> ReaderT:
        """Mark the method that reads this step's results: `(session, result) -> Result`."""
        where, name = f"step {self.name}: reader {reader.__name__}", self.name
        if reader.__name__ == name:
            raise DefinitionError(f"{where} hides the step; give the reader a name of its own")
        if self.owner is not None:
            raise DefinitionError(f"{where}: {self.owner} owns the step; override {name} as well")
        if self.reader is not None:
            raise DefinitionError(f"{where}: {self.reader} reads it already; remove one of them")
        self.reader = reader.__name__
        return reader

    @property
    def declared(self) -> dict[str, Any]:
        """What the decorator was given, by name; a budget and options only where they were."""
        declared: dict[str, Any] = {
            "attempts": self.attempts,
            "timeout": self.timeout,
            "on_unknown": self.on_unknown,
        }
        if self.budget is not None:
            declared["budget"] = self.budget.plain
        return declared | {"options": self.options} if self.options else declared


def read_options(where: str, options: object) -> dict[str, Any]:
    """What an agent is to be asked for. Raises DefinitionError unless it is a mapping of JSON."""
    try:
        if isinstance(options, Mapping) and all(isinstance(name, str) for name in options):
            plain: dict[str, Any] = json.loads(json.dumps(dict(options), allow_nan=False))
            return plain
        told = "it maps the names of options to their values"
    except (TypeError, ValueError, RecursionError) as error:
        told = str(error)
    raise DefinitionError(f"{where}: options={options!r}: {told}")


def _read_budget(name: str, budget: Mapping[str, Any]) -> Limits:
    try:
        limits = Limits.of(budget)
        if limits.given:
            return limits
        raise InvalidInput("it names no limit; leave it out")
    except InvalidInput as error:
        raise DefinitionError(f"step {name}: budget={budget!r}: {error}") from None


def _is_timeout(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return 0 < value <= MAX_SECONDS


@overload
def step(body: Body, /) -> Step: ...
@overload
def step(
    *,
    attempts: int | None = None,
    timeout: float | None = None,
    on_unknown: OnUnknown | None = None,
    budget: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Callable[[Body], Step]: ...
def step(
    body: Body | None = None,
    /,
    *,
    attempts: int | None = None,
    timeout: float | None = None,
    on_unknown: OnUnknown | None = None,
    budget: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Step | Callable[[Body], Step]:
    """Make a method a step: `@step` or `@step(attempts=3, timeout=600, on_unknown="ask")`."""

    def wrap(body: Body) -> Step:
        return Step(
            body,
            attempts=attempts,
            timeout=timeout,
            on_unknown=on_unknown,
            budget=budget,
            options=options,
        )

    return wrap if body is None else wrap(body)
