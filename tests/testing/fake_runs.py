"""One run of a fake agent program: asked as its agent's driver asks, heard as it is heard."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from attrs import frozen

from interlock import Prompt
from interlock.engine.values import changed
from interlock.environments.asking import lay_files
from interlock.testing import FakeAgent, Usage
from tests.agents.streams import MORE, OPTIONS, RECORDED, SESSION, Heard, hear, load, process

KINDS = ("claude-code", "codex", "gemini", "opencode", "aider")
CACHED = Usage(input=9750, output=100, cache_read=6300, cache_write=2300)
PLAIN = Prompt("Write hello.txt")


@frozen
class Run:
    """What one run printed, and what its agent made of it."""

    code: int
    out: str
    err: str
    heard: Heard

    def unknown(self, kind: str) -> set[str]:
        """The keys of its events with which no event of this type was ever recorded."""
        known = recorded_keys(kind)
        events = [json.loads(line) for line in self.out.splitlines()] if known else []
        assert events or not known
        return {key for event in events for key in set(keys(event)) - known[event["type"]]}


def play(
    agent: FakeAgent,
    directory: Path,
    prompt: Prompt = PLAIN,
    state: Mapping[str, Any] | None = None,
) -> Run:
    """A run in a directory, by a session with this state."""
    options = OPTIONS.get(agent.kind, ())
    session = changed(SESSION, state=dict(state or {}))
    asked = load(agent.kind).invoke(prompt, session, options)
    with lay_files(asked, session.id) as laid:
        done = subprocess.run(
            [str(agent.program), *laid.argv[1:]],
            cwd=directory,
            input=(laid.stdin or "").encode(),
            env={**os.environ, **laid.defaults, **laid.env},
            capture_output=True,
            timeout=60,
        )
    out, err = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
    result = process(done.returncode, stderr=err)
    heard = hear(agent.kind, out, result, prompt=prompt, session=session, options=options)
    return Run(done.returncode, out, err, heard)


@cache
def recorded_keys(kind: str) -> Mapping[str, set[str]]:
    """The keys of the real program's events, by type; empty for one that prints text."""
    known: dict[str, set[str]] = {}
    for file in (*RECORDED.glob(f"{kind}*.jsonl"), *MORE.glob(f"{kind}*.jsonl")):
        for line in file.read_text().splitlines():
            if line.startswith("{"):
                event = json.loads(line)
                known.setdefault(event["type"], set()).update(keys(event))
    return known


def keys(value: object, place: str = "") -> Iterator[str]:
    """Every key in an event, as a path. What has names as its keys has one for all of them."""
    if isinstance(value, dict):
        for name, part in value.items():
            known = "*" if place.endswith((".modelUsage", ".models")) else name
            yield f"{place}.{known}"
            yield from keys(part, f"{place}.{known}")
    elif isinstance(value, list):
        for part in value:
            yield from keys(part, place)
