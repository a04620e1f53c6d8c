"""What an agent is: a prompt becomes a process to run, and its result becomes an answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, runtime_checkable

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
    inherit: tuple[str, ...] = ()
    """Variables, by name or as in `ANTHROPIC_*`, that it may have from the engine's own
    environment; `env` wins over them."""
    defaults: Mapping[str, str] = field(factory=dict, validator=_variables)
    """Variables that it gets where nothing else sets them."""
    idle: float | None = None
    """Seconds without any output after which it is ended; None: as long as it likes."""
    files: Mapping[str, str] = field(factory=dict, validator=_variables)
    """Text files that it needs, by name. They lie in a private directory while it runs; where an
    argument or a variable begins with `{files}/`, that stands for the directory."""


Event = tuple[str, dict[str, Any]]
"""What an agent did, as an environment emits it: a type and data.

    conversation {id}                      its own name for the conversation
    text {text}, reasoning {text}          what it said, what it thought
    tool_use {tool, input}                 input is a short JSON text
    tool_result {tool, ok, output}         output is the head of it
    denied {tool, reason}                  a tool that it was not allowed to use
    needs_input {text}                     what it asked, and nobody could answer
    usage {model, input_tokens, ...}       what one request to a model used
    error {message}                        what it or its vendor said went wrong
    raw {text}                             a line that nobody here understands
"""


class Reader(Protocol):
    """Reads one run of an agent while it goes on. Nothing that a line holds makes it raise."""

    def feed(self, line: str) -> list[Event]:
        """What the next line of standard output tells; the line may be cut or be anything."""

    def finish(self, result: Result) -> Result:
        """What the agent's answer means, given the result of its process."""


class Agent(Protocol):
    """The methods are pure: they are given what they need and start nothing.

    It may also have `check(options)`, which raises InvalidInput unless a session may have these
    options. It is asked before a session starts; without it the first prompt tells.
    """

    def invoke(self, prompt: Prompt, session: Session, options: tuple[str, ...]) -> Invocation:
        """The process that puts the prompt to the agent. `options` are the words behind the
        agent's name in `session.agent`. Raises InvalidInput when they cannot be used."""

    def read(self, prompt: Prompt, result: Result) -> Result:
        """What the agent's answer means, given the result of its process."""


@runtime_checkable
class StreamingAgent(Agent, Protocol):
    """An agent whose standard output is read line by line while it runs, in place of `read`."""

    def reader(self, prompt: Prompt, session: Session, options: tuple[str, ...]) -> Reader:
        """What reads the run that `invoke` asks for with the same arguments."""


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
