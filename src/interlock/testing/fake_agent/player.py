"""One run of a fake agent program. A subclass speaks the stream of one program."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from attrs import evolve

from interlock.testing.fake_agent.script import Fault
from interlock.testing.fake_agent.stage import Asked, Stage
from interlock.testing.fake_agent.work import Outcome, perform
from interlock.testing.turn import ToolCall, Turn, Usage

GARBAGE = b'\x00\xff\xfe{"type":\x1b[31m "half\n[1, 2\n{"type": "novelty", "x": [1]}\nWARN: what\n'
LOGIN_CHECKS = (("auth", "status"), ("login", "status"))
OVER = Turn.error(400, "the script of the fake agent has no turn left")
USED = ("input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning")


class Player:
    """Plays turns until one calls no tool, as the real program asks its model until then."""

    kind: ClassVar[str]
    """The agent that this program is asked by."""
    program: ClassVar[str]
    """Its name on PATH."""
    version: ClassVar[str]
    """What it prints for --version."""
    counts_on: ClassVar[bool] = False
    """Whether it counts tokens over a whole conversation."""

    def __init__(self, stage: Stage, arguments: Sequence[str]) -> None:
        self.stage = stage
        self.arguments = tuple(arguments)
        self.asked = Asked(prompt="")
        self.conversation = ""
        self.used: dict[str, int] = dict.fromkeys(USED, 0)
        self.turns = 0
        self.calls = 0
        self.said = ""
        self.denials: list[ToolCall] = []

    def read_arguments(self) -> Asked:
        """What the arguments, standard input and variables ask for."""
        raise NotImplementedError

    def begin(self) -> None:
        """Tells that it begins."""

    def answer(self, turn: Turn) -> bool:
        """Tells what the model said, performs its calls; False when the run ends for that."""
        raise NotImplementedError

    def end(self) -> int:
        """Tells that it ends well; the exit status."""
        raise NotImplementedError

    def fail(self, turn: Turn) -> int:
        """Tells of an HTTP error, after the tries that it has; the exit status."""
        raise NotImplementedError

    def break_off(self, turn: Turn) -> int:
        """Tells of a connection that broke off in the middle of an answer; the exit status."""
        raise NotImplementedError

    def reach_limit(self) -> int:
        """Tells that it has used up its turns; the exit status."""
        raise NotImplementedError(f"{self.kind} has no limit of turns")

    def tell_gone(self) -> int:
        """Tells that it does not know the conversation; the exit status."""
        raise NotImplementedError

    def new_conversation(self) -> str:
        """An id as the program makes one."""
        return str(uuid4())

    def play(self) -> int:
        """The exit status of the run."""
        if "--version" in self.arguments or self.arguments in LOGIN_CHECKS:
            self.say_line(self.version)
            return 0
        asked = self.read_arguments()
        self.asked = evolve(asked, arguments=self.arguments, directory=str(Path.cwd()))
        self.stage.ask(self.asked)
        if not self._converse():
            return self.tell_gone()
        self.begin()
        code = self._play_turns()
        self.stage.keep(self.conversation, self.used if self.counts_on else {})
        return code

    def tell(self, event: Mapping[str, Any]) -> None:
        """Prints an event, at once."""
        self.say_line(json.dumps(event, ensure_ascii=False, separators=(",", ":")))

    def say_line(self, line: str) -> None:
        """Prints a line, at once."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def perform(self, call: ToolCall) -> Outcome:
        """Performs a call, unless it was asked to read only."""
        self.calls += 1
        allowed = not self.asked.read_only and self.tool(call) not in self.asked.denied_tools
        outcome = perform(call, allowed=allowed)
        if outcome.denied:
            self.denials.append(call)
        return outcome

    def tool(self, call: ToolCall) -> str:
        """The program's own name for a tool."""
        return call.name

    def spend(self, usage: Usage) -> None:
        """Counts what a turn used."""
        for name in USED:
            self.used[name] += getattr(usage, name)

    def _converse(self) -> bool:
        wanted = self.asked.conversation
        if wanted is None:
            self.conversation = self.new_conversation()
            return True
        known = self.stage.conversation(wanted)
        if known is None or self.stage.forgets():
            return False
        self.conversation = self.new_conversation() if self.asked.fork else wanted
        self.used |= known
        return True

    def _play_turns(self) -> int:
        while True:
            line = self.stage.take() or OVER
            if isinstance(line, Fault):
                return self._misbehave(line.kind)
            time.sleep(line.delay)
            if line.is_error:
                return self.fail(line)
            if line.broken:
                return self.break_off(line)
            self.turns += 1
            self.spend(line.usage)
            goes_on = self.answer(line)
            time.sleep(line.pause)
            if not goes_on or not line.calls:
                return self.end()
            if self.asked.max_turns is not None and self.turns >= self.asked.max_turns:
                return self.reach_limit()

    def _misbehave(self, kind: str) -> int:
        if kind == "max_turns":
            return self.reach_limit()
        if kind == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "garbage":
            sys.stdout.buffer.write(GARBAGE)
        while kind == "hang":
            time.sleep(60)
        if kind == "gone":
            return self.tell_gone()
        return self.end() if kind == "silent" else 0


def take_values(arguments: Sequence[str], names: Sequence[str]) -> dict[str, list[str]]:
    """The values of the options that take one, by name, as `--name value` or `--name=value`; under
    "" what is no option and no value."""
    found: dict[str, list[str]] = {"": []}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name in names and (equals or rest):
            found.setdefault(name, []).append(value if equals else rest.pop(0))
        elif not word.startswith("-") or word == "-":
            found[""].append(word)
    return found


def last(found: Mapping[str, list[str]], *names: str) -> str | None:
    """The last value given for one of these options."""
    values = [value for name in names for value in found.get(name, ())]
    return values[-1] if values else None


def read_stdin() -> str:
    """All of standard input."""
    return sys.stdin.buffer.read().decode(errors="replace")


def money(usage: Mapping[str, int], prices: Mapping[str, float]) -> float:
    """What tokens cost in dollars, by prices for a million of them."""
    fresh = usage["input"] - usage["cache_read"] - usage["cache_write"]
    parts = {**usage, "input": fresh}
    return round(sum(parts[name] * price for name, price in prices.items()) / 1e6, 9)
