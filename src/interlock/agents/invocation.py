"""What an agent is: a prompt becomes a process to run, and its result becomes an answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from attrs import Attribute, field, frozen

from interlock.engine import Prompt, Result, Session
from interlock.engine.errors import InvalidInput

PYTHON = "{python}"
"""As the first word of an argv: the interpreter that Interlock itself runs on."""


def _words(instance: object, attribute: Attribute[Any], value: Iterable[str]) -> None:
    if isinstance(value, str) or not all(isinstance(word, str) for word in value) or not value:
        raise InvalidInput(f"{attribute.name} is a list of at least one string, not {value!r}")


def _variables(instance: object, attribute: Attribute[Any], value: Mapping[str, str]) -> None:
    for pair in value.items():
        if not all(isinstance(word, str) for word in pair):
            raise InvalidInput(f"{attribute.name} maps strings to strings, not {pair!r}")


@frozen
class Invocation:
    """The process that asks an agent. It runs in the session's work directory."""

    argv: tuple[str, ...] = field(validator=_words)
    stdin: str | None = None
    """Text for its standard input; without it the input is empty."""
    env: Mapping[str, str] = field(factory=dict, validator=_variables)
    """Variables besides those that every command gets."""
    ok_codes: tuple[int, ...] = (0,)
    """The exit codes that mean `ok`; any other is an `error`."""
    structured: bool = False
    """True when its standard output is data for `read` and not text for a person: it is kept
    whole up to a high limit and makes no output events."""


class Agent(Protocol):
    """Both methods are pure: they are given what they need and start nothing."""

    def invoke(self, prompt: Prompt, session: Session, options: tuple[str, ...]) -> Invocation:
        """The process that puts the prompt to the agent. `options` are the words behind the
        agent's name in `session.agent`. Raises InvalidInput when they cannot be used."""

    def read(self, prompt: Prompt, result: Result) -> Result:
        """What the agent's answer means, given the result of its process."""


def fill(words: Iterable[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """The words with each `{name}` of `values` replaced. Other braces stay, and what was put in
    is not looked at again."""

    def value(found: re.Match[str]) -> str:
        return values.get(found[1], found[0])

    return tuple(re.sub(r"\{([^{}]*)\}", value, word) for word in words)


def take_options(
    words: tuple[str, ...], known: Mapping[str, bool]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """An agent's own options, and the words after them.

    They begin with `--` and end at the first word that does not, or at a bare `--`. `known` says
    of each option whether it takes a value. Raises InvalidInput for any other option.
    """
    taken: dict[str, str] = {}
    while words and words[0].startswith("--"):
        name, words = words[0], words[1:]
        if name == "--":
            break
        if name not in known:
            raise InvalidInput(f"there is no option {name}; use {', '.join(known)}")
        if known[name] and not words:
            raise InvalidInput(f"the option {name} needs a value")
        taken[name], words = (words[0], words[1:]) if known[name] else ("", words)
    return taken, words
