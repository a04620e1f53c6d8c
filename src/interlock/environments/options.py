"""The words after an environment's name, as in `clone --setup 'make install'`."""

from __future__ import annotations

import shlex

from attrs import frozen

from interlock.engine.errors import InvalidInput

KEEPING = ("clone", "worktree")
"""Environments in which a session has files of its own, kept before and after each command."""


def keeps_files(environment: str | None) -> bool:
    """Whether a session in this environment has files of its own."""
    words = (environment or "").split(maxsplit=1)
    return bool(words) and words[0] in KEEPING


@frozen
class Options:
    """What a session asks of its environment."""

    setup: tuple[str, ...] = ()
    """The command that is run once, before the first of the session."""

    @classmethod
    def of(cls, kind: str, environment: str | None) -> Options:
        """The options in a session's environment. Raises InvalidInput."""
        return read_options(kind, split(environment or kind)[1:])


def split(environment: str) -> tuple[str, ...]:
    """The name of the environment and the words after it. Raises InvalidInput."""
    try:
        words = tuple(shlex.split(environment))
    except ValueError as error:
        raise InvalidInput(f"the environment {environment!r}: {error}") from None
    if not words:
        raise InvalidInput("the environment is empty; name one, such as local or clone")
    return words


def read_options(kind: str, words: tuple[str, ...]) -> Options:
    """The options that the words say. Raises InvalidInput."""
    if not words:
        return Options()
    name, equals, value = words[0].partition("=")
    if name != "--setup" or len(words) > (1 if equals else 2):
        raise InvalidInput(f"{kind} takes --setup 'COMMAND', not {shlex.join(words)}")
    given = value if equals else words[1] if len(words) == 2 else ""
    try:
        command = tuple(shlex.split(given))
    except ValueError as error:
        raise InvalidInput(f"--setup {given!r}: {error}") from None
    if not command:
        raise InvalidInput("--setup needs a command, as in --setup 'make install'")
    return Options(setup=command)
