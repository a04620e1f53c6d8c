"""What Interlock adds to a real agent program: the same prompts to Claude Code, bare and driven.

Both ask a scripted model server on the loopback, with the same arguments and variables, in the
same repository. They take turns, so that what else the machine does hits both alike. Two sessions
of different length tell what one more prompt takes, without the start of Interlock.
"""

from __future__ import annotations

import functools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from benchmarks import ground
from interlock.agents.claude_code import ClaudeCode
from interlock.engine import Prompt, Session
from interlock.testing import ModelRequest, ModelServer, Turn
from tests.real_agents.programs import PROGRAMS, Program, Task, locate

SHORT, LONG = 1, 9  # prompts of a session
ROUNDS = 5
ERRANDS = Path(__file__).parent / "errands.py"
COMMAND = Path(sys.executable).with_name("interlock")
TEXT = "Write hello.txt, number 1."
MODEL = "claude-sonnet-4-5"
ENVIRONMENTS = ("local", "clone")


WRAPPER = """#!/bin/bash
"{program}" "$@"
code=$?
times >> "{times}"
exit $code
"""


@frozen
class Cost:
    """What something took, in seconds; the last two of the processor."""

    wall: float
    agent: float
    """Of the agent program and all that it started."""
    own: float
    """Of everything else."""

    def less(self, other: Cost, prompts: int = 1) -> Cost:
        """What is left without the other, for each of some prompts."""
        return Cost(
            (self.wall - other.wall) / prompts,
            (self.agent - other.agent) / prompts,
            (self.own - other.own) / prompts,
        )


@frozen
class Place:
    """Where the prompts are worked on."""

    program: Path
    """It writes what the agent program took beside itself."""
    folder: Path
    env: Mapping[str, str]

    def interlock(self, *words: str) -> Any:
        """What a command prints as JSON."""
        done = subprocess.run(
            (str(COMMAND), *words), cwd=self.folder, env=self.env, capture_output=True, check=True
        )
        return json.loads(done.stdout) if "--json" in words else None

    def bare(self) -> Cost:
        """One prompt put to the program itself, of as many as the sessions differ by."""
        session = Session(type="errands", step="ask")
        asked = ClaudeCode().invoke(Prompt(TEXT), session, ("--model", MODEL))
        argv = (str(self.program), *asked.argv[1:])
        env = {**asked.defaults, **self.env, **asked.env}
        count = LONG - SHORT
        return self._take([argv] * count, env, asked.stdin or "").less(Cost(0, 0, 0), count)

    def driven(self, environment: str) -> tuple[Cost, Cost]:
        """One more prompt of a session that `interlock run` takes to its end, and a session of
        one prompt."""
        short, long = (self._run(environment, count) for count in (SHORT, LONG))
        return long.less(short, LONG - SHORT), short

    def _run(self, environment: str, prompts: int) -> Cost:
        agent = f"claude-code --program {self.program} --model {MODEL}"
        words = ("start", "errands", "-i", f"rounds:={prompts}", "--agent", agent)
        started = self.interlock(*words, "--environment", environment, "--json")
        cost = self._take([(str(COMMAND), "run", started["id"], "--no-input")], self.env)
        if self.interlock("show", started["id"], "--json")["status"] != "complete":
            raise SystemExit("the session is not complete")
        return cost

    def _take(
        self, commands: Sequence[Sequence[str]], env: Mapping[str, str], text: str = ""
    ) -> Cost:
        times = self.program.with_suffix(".times")
        times.write_text("")
        before, began = os.times(), time.perf_counter()
        # Into a file: reading it here would keep the model server waiting.
        with self.program.with_suffix(".out").open("wb") as out:
            for argv in commands:
                given = text.encode()
                subprocess.run(argv, input=given, stdout=out, cwd=self.folder, env=env, check=True)
        wall, after = time.perf_counter() - began, os.times()
        agent = sum(
            60 * int(minutes) + float(seconds)
            for minutes, seconds in re.findall(r"(\d+)m([\d.]+)s", times.read_text())
        )
        return Cost(wall, agent, sum(after[2:4]) - sum(before[2:4]) - agent)


@functools.cache
def measure() -> dict[str, float]:
    """Medians over all rounds, in seconds: `bare_wall` and `bare_agent` of a prompt; what each
    environment adds to the first, and `local_own`, what Interlock itself takes of the processor.
    Raises NotInstalled."""
    program = next(one for one in PROGRAMS if one.slug == "claude-code")
    path = locate(program)
    found: dict[str, list[float]] = {}
    with (
        tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as name,
        ModelServer(_answer, repeat_last=True) as server,
    ):
        place = _lay(Path(name), program, path, server.url)
        for _ in range(ROUNDS):
            bare = place.bare()
            _keep(found, "bare", bare)
            for environment in ENVIRONMENTS:
                more, first = place.driven(environment)
                _keep(found, environment, more.less(bare))
                _keep(found, f"{environment}_session", first.less(bare))
    return {name: statistics.median(values) for name, values in found.items()}


def _lay(top: Path, program: Program, path: str, url: str) -> Place:
    home, folder = top / "home", top / "work"
    home.mkdir()
    ground.repository(folder, megabytes=1)
    wrapper = top / "claude"
    wrapper.write_text(WRAPPER.format(program=path, times=wrapper.with_suffix(".times")))
    wrapper.chmod(0o755)
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    env = kept | {"HOME": str(home), "TERM": "dumb", **program.env(url, home, Task())}
    place = Place(wrapper, folder, env)
    place.interlock("types", "trust", str(ERRANDS))
    return place


def _keep(found: dict[str, list[float]], name: str, cost: Cost) -> None:
    for what in ("wall", "agent", "own"):
        found.setdefault(f"{name}_{what}", []).append(getattr(cost, what))


def _answer(request: ModelRequest) -> Turn:
    """Each prompt uses a tool once, then ends."""
    if "tool_result" in str(request.body):
        return Turn.text("Done.")
    return Turn.tool("Bash", {"command": "ls", "description": "List the files"})
