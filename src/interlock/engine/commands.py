"""What to do next, as data: six kinds of command, each one frozen value."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal

from attrs import Attribute, field, frozen

from interlock.engine.errors import InvalidInput
from interlock.engine.validators import (
    require_filled,
    require_mapping,
    require_moment,
    require_seconds,
    require_text,
    require_variables,
)

Policy = Literal["all", "any", "ignore_failed"]
POLICIES: tuple[Policy, ...] = ("all", "any", "ignore_failed")


def _policy(instance: object, attribute: Attribute[Any], value: object) -> None:
    if value not in POLICIES:
        raise InvalidInput(f"policy is one of {', '.join(POLICIES)}, not {value!r}")


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
    cwd: str | None = field(default=None, validator=require_text)
    """Directory relative to the session's work directory."""
    env: Mapping[str, str] = field(factory=dict, validator=require_variables)
    input: str | None = field(default=None, validator=require_text)
    """Text for its standard input; without it the input is empty."""
    timeout: float | None = field(default=None, validator=require_seconds)
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

    text: str = field(validator=require_filled)
    agent: str | None = field(default=None, validator=require_text)
    """Another agent than the session's own."""
    resume: bool = False
    timeout: float | None = field(default=None, validator=require_seconds)
    options: Mapping[str, Any] = field(factory=dict, validator=require_mapping)
    """What this prompt asks of the agent beside the text, as in `{"read_only": True}`. It is
    merged over the session's own options; which there are, the agent says."""


@frozen
class Ask:
    """Ask a person. The choice is the result's status, the comment its output."""

    kind: ClassVar[str] = "ask"

    question: str = field(validator=require_filled)
    choices: tuple[str, ...] = field(default=("ok",), converter=_choices)
    about: str = ""
    """What the engine itself asks about: `unknown` (an outcome that nobody saw), `needs_input`,
    `budget`, `no_budget`, `stalled` or `parked`
    (a step that was lost time after time); empty when a step asks."""
    timeout: float | None = field(default=None, validator=require_seconds)


@frozen
class Wait:
    """Wait for a time: `for_` seconds from now on, or `until` an aware datetime."""

    kind: ClassVar[str] = "wait"

    for_: float | None = field(default=None, validator=require_seconds)
    until: datetime | None = field(default=None, validator=require_moment)
    about: str = ""
    """`rate_limited` or `overloaded` when the engine itself waits before it tries a step again."""
    timeout: ClassVar[None] = None

    def __attrs_post_init__(self) -> None:
        if (self.for_ is None) == (self.until is None):
            raise InvalidInput("a Wait has either for_ (seconds) or until (a time)")


@frozen
class Child:
    """One session to start: its type, its input and the key that makes it one of a kind."""

    type: str = field(validator=require_filled)
    input: Mapping[str, Any] = field(factory=dict, validator=require_mapping)
    key: str = field(default="", validator=require_text)
    """Same step and key: same child, however often the step runs. Empty: told by the input."""
    title: str | None = field(default=None, validator=require_text)
    agent: str | None = field(default=None, validator=require_text)
    environment: str | None = field(default=None, validator=require_text)


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
    timeout: float | None = field(default=None, validator=require_seconds)

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

    function: str = field(validator=require_filled)
    arguments: Mapping[str, Any] = field(factory=dict, validator=require_mapping)
    timeout: float | None = field(default=None, validator=require_seconds)


Command = Shell | Prompt | Ask | Wait | Spawn | Call

Executed = Shell | Prompt | Call
"""What somebody executes."""

Awaited = Ask | Wait | Spawn
"""What is up to a person, a time or children."""

COMMANDS: tuple[type[Command], ...] = (Shell, Prompt, Ask, Wait, Spawn, Call)
