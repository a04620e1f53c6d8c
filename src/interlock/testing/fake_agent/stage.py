"""What the runs of one fake agent share, in a file beside its script: the place in the script,
what it was asked, and its conversations. Runs may go on at the same time."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import asdict, define, field, frozen

from interlock.testing.fake_agent.script import Line, load_script


def _every(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(value)


def _words(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for word in value if word)


@frozen(kw_only=True)
class Asked:
    """What one run was asked for."""

    prompt: str
    arguments: tuple[str, ...] = field(default=(), converter=_every)
    directory: str = ""
    conversation: str | None = None
    """The one that it was to go on with."""
    fork: bool = False
    """It was to go on with a copy of it."""
    asks: bool = False
    """It may ask the user."""
    model: str | None = None
    system: str | None = None
    read_only: bool = False
    max_turns: int | None = None
    servers: tuple[str, ...] = field(default=(), converter=_words)
    """The MCP servers that it was given, by name."""
    denied_tools: tuple[str, ...] = field(default=(), converter=_words)
    partial: bool = False
    """Each piece of an answer is to be told."""


@define
class Memory:
    """The file's content."""

    place: int = 0
    runs: list[dict[str, Any]] = field(factory=list)
    conversations: dict[str, dict[str, Any]] = field(factory=dict)
    """What a program counts over a whole conversation, by the conversation's id."""


class Stage:
    """The script at `path`, and its memory beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.with_suffix(".memory.json")

    def take(self) -> Line | None:
        """The next line of the script; None past its end."""
        lines = load_script(self.path.read_text(encoding="utf-8"))
        with self._memory() as memory:
            memory.place += 1
            return lines[memory.place - 1] if memory.place <= len(lines) else None

    def ask(self, asked: Asked) -> None:
        """Keeps what a run was asked for."""
        with self._memory() as memory:
            memory.runs.append(asdict(asked))

    def forgets(self) -> bool:
        """True when the next line is that it has forgotten the conversation; the line is taken."""
        lines = load_script(self.path.read_text(encoding="utf-8"))
        with self._memory() as memory:
            line = lines[memory.place] if memory.place < len(lines) else None
            gone = getattr(line, "kind", "") == "gone"
            memory.place += gone
            return gone

    def conversation(self, identity: str) -> dict[str, Any] | None:
        """What is kept of a conversation; None where there is none of this id."""
        with self._memory() as memory:
            return memory.conversations.get(identity)

    def keep(self, identity: str, counted: dict[str, Any]) -> None:
        """Keeps a conversation."""
        with self._memory() as memory:
            memory.conversations[identity] = counted

    def look(self) -> Memory:
        """The memory as it is now."""
        with self._memory() as memory:
            return memory

    @contextmanager
    def _memory(self) -> Iterator[Memory]:
        with self.file.open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            text = file.read()
            memory = Memory(**json.loads(text)) if text else Memory()
            yield memory
            changed = json.dumps(asdict(memory))
            if changed != text:
                file.seek(0)
                file.truncate()
                file.write(changed)
