"""A fake agent program as a test makes it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from interlock.engine.errors import InvalidInput
from interlock.testing.fake_agent.aider import Aider
from interlock.testing.fake_agent.claude_code import ClaudeCode
from interlock.testing.fake_agent.codex import Codex
from interlock.testing.fake_agent.gemini import Gemini
from interlock.testing.fake_agent.opencode import OpenCode
from interlock.testing.fake_agent.player import Player
from interlock.testing.fake_agent.script import Fault, Line, check_line, dump_script
from interlock.testing.fake_agent.stage import Asked, Stage
from interlock.testing.turn import Turn

PLAYERS: Mapping[str, type[Player]] = {
    player.kind: player for player in (ClaudeCode, Codex, Gemini, OpenCode, Aider)
}
WITH_LIMIT = ("claude-code", "gemini")


class FakeAgent:
    """A program that stands for an agent's own: asked and heard as the real one, offline.

        agent = FakeAgent(
            "claude-code",
            Turn.tool("write", {"path": "hello.txt", "content": "hi\\n"}),
            Turn.text("Done."),
            Turn.error(429, retry_after=30),
        ).install(directory)
        session = drive("agent_task", agent=str(agent), ...)

    Each run takes turns until one calls no tool, as the real program asks its model. It has the
    tools `write`, `read` and `run`, which really do what they say, unless the run was asked to
    read only; Claude Code has `ask` too. A Fault is one run in which the program itself goes wrong.
    """

    def __init__(self, kind: str, *turns: Line, model: str | None = None) -> None:
        if kind not in PLAYERS:
            raise InvalidInput(f"there is no fake {kind!r}; use {', '.join(PLAYERS)}")
        self.kind = kind
        self.model = model
        self.turns = tuple(check_line(line) for line in turns)
        check_script(kind, self.turns)
        self._program: Path | None = None

    def install(self, directory: Path) -> Self:
        """Writes script and program into a directory, and returns the agent itself."""
        directory.mkdir(parents=True, exist_ok=True)
        script = directory / f"{PLAYERS[self.kind].program}.json"
        script.write_text(dump_script(self.turns), encoding="utf-8")
        self._stage = Stage(script)
        self._stage.file.unlink(missing_ok=True)
        self._program = install(self.kind, script, directory)
        return self

    @property
    def program(self) -> Path:
        """The program. Raises InvalidInput before `install`."""
        if self._program is None:
            raise InvalidInput("the fake agent is not installed: call install(DIRECTORY) first")
        return self._program

    @property
    def runs(self) -> list[Asked]:
        """What each run so far was asked for, in order."""
        return [Asked(**run) for run in self._stage.look().runs]

    @property
    def left(self) -> int:
        """How many lines of the script were not played yet."""
        return max(0, len(self.turns) - self._stage.look().place)

    def __str__(self) -> str:
        """The agent of a session, as in `claude-code --program /tmp/bin/claude`."""
        words = [self.kind, "--program", str(self.program)]
        words += ["--model", self.model] if self.model else []
        return shlex.join(words)


def check_script(kind: str, lines: Sequence[Line]) -> None:
    """Raises InvalidInput for what the fake of this agent cannot do."""
    turns = [line for line in lines if isinstance(line, Turn)]
    tools = {call.name for turn in turns for call in turn.calls}
    faults = {line.kind for line in lines if isinstance(line, Fault)}
    if kind != "claude-code" and "ask" in tools:
        raise InvalidInput(f"{kind} does not ask its user; claude-code does")
    if kind == "aider" and tools - {"write"}:
        raise InvalidInput("a fake aider can only write: it has no other tool")
    if "max_turns" in faults and kind not in WITH_LIMIT:
        raise InvalidInput(f"{kind} has no limit of turns; {' and '.join(WITH_LIMIT)} do")
    if kind != "opencode" and any(turn.stop != "end" for turn in turns):
        raise InvalidInput(f"a fake {kind} knows no other stop than end; opencode does")


def install(kind: str, script: Path, directory: Path) -> Path:
    """Writes the program that plays a script, under the real one's name; returns its path."""
    directory.mkdir(parents=True, exist_ok=True)
    program = directory / PLAYERS[kind].program
    # -P: a module in the directory of the run must not take the place of one of Python's.
    words = (sys.executable, "-P", "-m", "interlock.testing.fake_agent", kind, str(script))
    program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return program
