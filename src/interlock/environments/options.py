"""The words after an environment's name, as in `clone --setup 'make install'`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from itertools import pairwise

from attrs import frozen

from interlock.engine.errors import InvalidInput

LOCAL = "local"
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
    secrets: tuple[str, ...] = ()
    """The names of the secrets that its commands may have."""
    base: str | None = None
    """Where it begins: a branch, tag or commit, or a branch of a remote, which is fetched."""

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
    files = {} if kind == LOCAL else {"--setup": "'COMMAND'", "--base": "REVISION"}
    known = {**files, "--secret": "NAME"}
    once: dict[str, str] = {}
    secrets: list[str] = []
    rest = list(words)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name not in known or not (equals or rest) or name in once:
            takes = " and ".join(f"{option} {what}" for option, what in known.items())
            raise InvalidInput(f"{kind} takes {takes}, not {shlex.join(words)}")
        given = value if equals else rest.pop(0)
        if name == "--secret":
            secrets.append(given)
        else:
            once[name] = given
    setup, base = once.get("--setup"), once.get("--base")
    if base is not None and (not base.strip() or base.startswith("-")):
        raise InvalidInput("--base names a branch, tag or commit, as in --base origin/main")
    return Options(() if setup is None else _read_setup(setup), tuple(secrets), base)


def _read_setup(given: str) -> tuple[str, ...]:
    try:
        command = tuple(shlex.split(given))
    except ValueError as error:
        raise InvalidInput(f"--setup {given!r}: {error}") from None
    if not command:
        raise InvalidInput("--setup needs a command, as in --setup 'make install'")
    return command


def allow(environment: str | None, secrets: Iterable[str]) -> str | None:
    """The environment in which commands may also have these secrets."""
    words = [f"--secret {shlex.quote(name)}" for name in secrets]
    return " ".join((environment or LOCAL, *words)) if words else environment


def secrets_of(environment: str | None) -> tuple[str, ...]:
    """The names of the secrets that a session's commands may have. Raises InvalidInput."""
    words = split(environment)[1:] if environment else ()
    names = []
    for word, after in pairwise((*words, "")):
        if word == "--secret":
            names.append(after)
        elif word.startswith("--secret="):
            names.append(word.partition("=")[2])
    return tuple(dict.fromkeys(names))
