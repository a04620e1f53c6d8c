"""What a model says in one turn, in no vendor's words. The protocols put it into theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs
from attrs import field, frozen

from interlock.engine.errors import InvalidInput

Stop = Literal["end", "length", "refusal"]
STOPS: tuple[Stop, ...] = ("end", "length", "refusal")
NOT_AN_ERROR = 200


def _whole(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidInput(f"usage {attribute.name} is a number of tokens, not {value!r}")


@frozen(kw_only=True)
class Usage:
    """The tokens of one turn. `input` and `output` are totals; the others are parts of them."""

    input: int = field(default=1000, validator=_whole)
    output: int = field(default=20, validator=_whole)
    cache_read: int = field(default=0, validator=_whole)  # of input
    cache_write: int = field(default=0, validator=_whole)  # of input, whatever its life
    cache_write_1h: int = field(default=0, validator=_whole)  # of cache_write: kept for an hour
    reasoning: int = field(default=0, validator=_whole)  # of output

    def __attrs_post_init__(self) -> None:
        if self.cache_read + self.cache_write > self.input:
            raise InvalidInput("usage input includes cache_read and cache_write: make it larger")
        if self.cache_write_1h > self.cache_write:
            raise InvalidInput("usage cache_write includes cache_write_1h: make it larger")
        if self.reasoning > self.output:
            raise InvalidInput("usage output includes reasoning: make it larger")

    @property
    def fresh(self) -> int:
        """The input tokens that went through no cache."""
        return self.input - self.cache_read - self.cache_write


@frozen
class ToolCall:
    """A tool that the model asks for, by the name that the agent program gave it.

    `arguments` is a mapping; text makes it a free-form call, which only OpenAI's Responses knows.
    """

    name: str
    arguments: Mapping[str, Any] | str

    @property
    def fields(self) -> Mapping[str, Any]:
        """The arguments as a mapping. Raises InvalidInput of a free-form call."""
        if isinstance(self.arguments, str):
            raise InvalidInput(f"this API knows no free-form call of {self.name}: give a mapping")
        return self.arguments


@frozen(kw_only=True)
class Turn:
    """One answer of the model. Made by `text`, `tool`, `tools`, `error`, `cut`, `hang`, `stall`."""

    said: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    usage: Usage = Usage()
    model: str | None = None  # None: the model that was asked for
    stop: Stop = field(default="end", validator=attrs.validators.in_(STOPS))
    status: int = NOT_AN_ERROR
    message: str = ""  # of an error
    retry_after: int | None = None  # seconds, of an error
    delay: float = 0.0  # seconds before the first byte
    pause: float = 0.0  # seconds in the middle of the answer
    broken: bool = False  # the connection is closed in the middle of the answer

    @classmethod
    def text(cls, said: str, **details: Any) -> Turn:
        """The model says `said` and ends its turn. `details` are other fields of the turn."""
        return cls(said=said, **details)

    @classmethod
    def tool(cls, name: str, arguments: Mapping[str, Any] | str, **details: Any) -> Turn:
        """The model asks for one tool."""
        return cls(calls=(ToolCall(name, arguments),), **details)

    @classmethod
    def tools(cls, *calls: ToolCall, **details: Any) -> Turn:
        """The model asks for several tools at once."""
        return cls(calls=calls, **details)

    @classmethod
    def error(cls, status: int, message: str = "", *, retry_after: int | None = None) -> Turn:
        """The server refuses with an HTTP status from 400 to 599, as each vendor words it.

        529, Anthropic's "overloaded", is 503 from the others. `retry_after` is in seconds.
        """
        if not 400 <= status <= 599:
            raise InvalidInput(f"an error has a status from 400 to 599, not {status}")
        return cls(status=status, message=message, retry_after=retry_after)

    @classmethod
    def cut(cls, said: str = "This sentence is never heard to its end.", **details: Any) -> Turn:
        """The connection breaks in the middle of the answer, and in the middle of a line."""
        return cls(said=said, broken=True, **details)

    @classmethod
    def hang(cls, seconds: float, then: Turn | None = None) -> Turn:
        """Nothing comes for `seconds`, then the turn `then`, or "Late."."""
        return attrs.evolve(then or cls(said="Late."), delay=seconds)

    @classmethod
    def stall(cls, seconds: float, then: Turn | None = None) -> Turn:
        """Half of the turn `then` comes, then nothing for `seconds`, then the rest."""
        return attrs.evolve(then or cls(said="A long silence in here."), pause=seconds)

    @property
    def is_error(self) -> bool:
        """True of a turn that is an HTTP error and no answer."""
        return self.status != NOT_AN_ERROR
