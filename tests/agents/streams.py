"""Recorded streams of the real programs, read by their agents as an environment would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from interlock.agents.driver import Driver
from interlock.agents.invocation import Event
from interlock.engine import Prompt, Result, Session
from interlock.plugins import load_agent

FOLDER = Path(__file__).parent
RECORDED = FOLDER / "streams"  # by `tests/real_agents/record_streams.py`
MORE = FOLDER / "more_streams"  # of runs that those have not, as they were
EXITS: Mapping[str, int] = json.loads((RECORDED / "exits.json").read_text())

AGENTS = ("claude-code", "codex", "gemini", "opencode", "aider")
OPTIONS = {"opencode": ("--model", "scripted/m1"), "codex": ("--model", "gpt-5.5")}
SESSION = Session(type="change", step="work", id="s-1", workdir="/home/user/project")


@frozen
class Heard:
    """What a reader made of a run."""

    events: list[Event]
    result: Result

    @property
    def kind(self) -> Any:
        """The kind of what went wrong."""
        return self.result.data.get("kind")

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The data of the events of one type."""
        return [data for name, data in self.events if name == kind]


def load(name: str) -> Driver:
    """The agent of a name."""
    agent = load_agent(name)
    assert isinstance(agent, Driver)
    return agent


def agent_of(stream: str) -> str:
    """The agent that a stream is of: its name begins with it."""
    return next(name for name in AGENTS if stream.startswith(name))


def text_of(stream: str) -> str:
    """All that a program printed."""
    places = (
        folder / f"{stream}{end}" for folder in (RECORDED, MORE) for end in (".jsonl", ".txt")
    )
    return next(place.read_text() for place in places if place.is_file())


def process(code: int | None = 0, **fields: Any) -> Result:
    """The result of a process as an environment makes it."""
    if code == 0:
        return Result("ok", code=0, duration_ms=5, **fields)
    told = {"error": f"exit code {code}", **fields}
    return Result("error", code=code, duration_ms=5, **told)


def hear(
    agent: str,
    text: str,
    result: Result | None = None,
    *,
    prompt: Prompt | None = None,
    session: Session = SESSION,
    options: tuple[str, ...] | None = None,
) -> Heard:
    """What the agent's reader makes of a text, line by line."""
    words = OPTIONS.get(agent, ()) if options is None else options
    reader = load(agent).reader(prompt or Prompt("Write hello.txt"), session, words)
    events = [event for line in text.split("\n") for event in reader.feed(line)]
    return Heard(events, reader.finish(result or process()))


def hear_recorded(stream: str, code: int | None = None, **fields: Any) -> Heard:
    """What a recorded run comes to, with its recorded exit code unless one is given."""
    exit_code = EXITS.get(stream, 0) if code is None else code
    return hear(agent_of(stream), text_of(stream), process(exit_code), **fields)


def lines(*events: Mapping[str, Any]) -> str:
    """A stream of these events."""
    return "".join(json.dumps(event) + "\n" for event in events)
