"""What to do next, as data: six kinds of command, each one frozen value."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal

from attrs import Attribute, field, frozen

from interlock.engine.errors import InvalidInput

Policy = Literal["all", "any", "ignore_failed"]
POLICIES: tuple[Policy, ...] = ("all", "any", "ignore_failed")

MAX_SECONDS = 10**9
"""About 30 years: what a clock can still add."""


def filled(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Raise InvalidInput unless the value is a string with something in it."""
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"{attribute.name} is a non-empty string, not {value!r}")


def _text(instance: object, attribute: Attribute[Any], value: object) -> None:
    if value is not None and not isinstance(value, str):
        raise InvalidInput(f"{attribute.name} is a string, not {value!r}")


def _mapping(instance: object, attribute: Attribute[Any], value: object) -> None:
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{attribute.name} maps names to values, not {value!r}")


def _seconds(instance: object, attribute: Attribute[Any], value: float | None) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is not None and not (number and 0 <= value <= MAX_SECONDS):
        raise InvalidInput(f"{attribute.name} is 0 to {MAX_SECONDS} seconds, not {value!r}")


def _policy(instance: object, attribute: Attribute[Any], value: object) -> None:
    if value not in POLICIES:
        raise InvalidInput(f"policy is one of {', '.join(POLICIES)}, not {value!r}")


def _variables(instance: object, attribute: Attribute[Any], value: Mapping[str, str]) -> None:
    _mapping(instance, attribute, value)
    for pair in value.items():
        if not all(isinstance(word, str) for word in pair):
            raise InvalidInput(f"{attribute.name} maps strings to strings, not {pair!r}")


def _argv(value: Iterable[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        raise InvalidInput(f"argv is a list of strings, not one string: {value!r}; use Shell.parse")
    argv = tuple(value)
    if not argv or not all(isinstance(word, str) for word in argv):
        raise InvalidInput(f"argv is a list of at least one string, not {argv!r}")
    return argv


def _choices(value: Iterable[str]) -> tuple[str, ...]:
    choices = tuple(value)
    if isinstance(value, str) or not choices:
        raise InvalidInput(f"choices is a list of at least one status, not {value!r}")
    return choices


@frozen
class Shell:
    """Run a program: an argv list, never a shell line. Exit code 0 is `ok`, any other `error`."""

    kind: ClassVar[str] = "shell"

    argv: tuple[str, ...] = field(converter=_argv)
    cwd: str | None = field(default=None, validator=_text)
    """Directory relative to the session's work directory."""
    env: Mapping[str, str] = field(factory=dict, validator=_variables)
    input: str | None = field(default=None, validator=_text)
    """Text for its standard input; without it the input is empty."""
    timeout: float | None = field(default=None, validator=_seconds)
    """Seconds."""

    @classmethod
    def parse(cls, command: str | Iterable[str], **options: Any) -> Shell:
        """The command for a line as a person types it (split by shell rules, no shell runs) or a
        list of words. Raises InvalidInput when a quote is left open or nothing is there."""
        if not isinstance(command, str):
            return cls(tuple(command), **options)
        try:
            return cls(tuple(shlex.split(command)), **options)
        except ValueError as error:
            raise InvalidInput(f"cannot split the command {command!r}: {error}") from None


@frozen
class Prompt:
    """Ask the agent to work. `resume` goes on with the conversation it had in this session."""

    kind: ClassVar[str] = "prompt"

    text: str = field(validator=filled)
    agent: str | None = field(default=None, validator=_text)
    """Another agent than the session's own."""
    resume: bool = False
    timeout: float | None = field(default=None, validator=_seconds)
    options: Mapping[str, Any] = field(factory=dict, validator=_mapping)
    """What this prompt asks of the agent beside the text, as in `{"read_only": True}`. It is
    merged over the session's own options; which there are, the agent says."""


@frozen
class Ask:
    """Ask a person. The choice is the result's status, the comment its output."""

    kind: ClassVar[str] = "ask"

    question: str = field(validator=filled)
    choices: tuple[str, ...] = field(default=("ok",), converter=_choices)
    about: str = ""
    """`unknown` when the engine itself asks what to do about an outcome nobody saw."""
    timeout: float | None = field(default=None, validator=_seconds)


@frozen
class Wait:
    """Wait for a time: `for_` seconds from now on, or `until` an aware datetime."""

    kind: ClassVar[str] = "wait"

    for_: float | None = field(default=None, validator=_seconds)
    until: datetime | None = None
    about: str = ""
    """`rate_limited` or `overloaded` when the engine itself waits before it tries a step again."""
    timeout: ClassVar[None] = None

    def __attrs_post_init__(self) -> None:
        if (self.for_ is None) == (self.until is None):
            raise InvalidInput("a Wait has either for_ (seconds) or until (a time)")
        if self.until is not None and self.until.tzinfo is None:
            raise InvalidInput("Wait(until=...) needs a time with a time zone")


@frozen
class Child:
    """One session to start: its type, its input and the key that makes it one of a kind."""

    type: str = field(validator=filled)
    input: Mapping[str, Any] = field(factory=dict, validator=_mapping)
    key: str = field(default="", validator=_text)
    """Same step and key: same child, however often the step runs. Empty: told by the input."""
    title: str | None = field(default=None, validator=_text)
    agent: str | None = field(default=None, validator=_text)
    environment: str | None = field(default=None, validator=_text)


def _children(value: Iterable[Child]) -> tuple[Child, ...]:
    children = tuple(value)
    if not all(isinstance(child, Child) for child in children):
        raise InvalidInput(f"children is a list of Child, not {children!r}")
    return children


@frozen
class Spawn:
    """Start one child session for each entry and wait until they have ended.

    `all`: every child must be complete. `any`: one complete child is enough.
    `ignore_failed`: all must have ended, however.
    """

    kind: ClassVar[str] = "spawn"

    children: tuple[Child, ...] = field(converter=_children)
    policy: Policy = field(default="all", validator=_policy)
    timeout: float | None = field(default=None, validator=_seconds)

    @classmethod
    def each(
        cls, type: str, inputs: Iterable[Mapping[str, Any]], *, policy: Policy = "all"
    ) -> Spawn:
        """One child of `type` for every input."""
        return cls(tuple(Child(type, dict(given)) for given in inputs), policy)


@frozen
class Call:
    """An operation of the environment by name: `read_file`, `write_file`, `commit`, ...

    Names beginning with `session.` are the engine's own and mark what was done to a session.
    """

    kind: ClassVar[str] = "call"

    function: str = field(validator=filled)
    arguments: Mapping[str, Any] = field(factory=dict, validator=_mapping)
    timeout: float | None = field(default=None, validator=_seconds)


Command = Shell | Prompt | Ask | Wait | Spawn | Call
COMMANDS: tuple[type[Command], ...] = (Shell, Prompt, Ask, Wait, Spawn, Call)
