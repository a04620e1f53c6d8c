"""Interlock at a desk: the installed command, which drives the real programs."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from interlock.testing import ModelRequest, ModelServer, Turn
from tests.real_agents.desk import CASUAL, PATIENCE, Desk
from tests.real_agents.programs import Program, Runnable, Task, locate

COMMAND = Path(sys.executable).parent / "interlock"
ERRAND = Path(__file__).parent / "errand.py"
DATA = ".interlock"
LOCAL = ("--environment", "local")
TOLD = {  # what the user of each program has to say
    "claude-code": ("--model", "claude-sonnet-4-5"),
    "codex": ("--model", "gpt-5.5", "--env", "MODEL_SERVER_KEY"),
    "gemini": ("--model", "gemini-2.5-pro"),
    "opencode": ("--model", "scripted/m1"),
    "aider": ("--model", "openai/gpt-4o"),
}


def name_agent(program: Runnable, url: str, *options: str, arguments: Iterable[str] = ()) -> str:
    """What `--agent` gets. `arguments` are the program's own."""
    own = list(arguments)
    if program.slug == "codex":  # its model server is configured in arguments
        argv = program.argv(url, Task())
        settings = [argv[place + 1] for place, word in enumerate(argv) if word == "-c"]
        own = [
            word
            for setting in settings
            if not setting.startswith("sandbox")
            for word in ("-c", setting)
        ] + own
    if program.slug == "aider":
        own = ["--edit-format", "whole", *own]
    words = [program.slug, "--program", locate(program), *TOLD[program.slug], *options]
    return shlex.join([*words, "--", *own])


def find_tree(request: ModelRequest) -> Path:
    """The clone that the program works in, which it tells its model."""
    told = json.dumps(request.body)
    found = re.search(r"(/[^\"\s\\]*/workspaces/[0-9a-f-]{36}/tree)", told)
    assert found, "the request does not say where its program works"
    return Path(found[1])


def write_there(
    program: Program, text: str, name: str = "hello.txt", **details: Any
) -> Callable[[ModelRequest], Turn]:
    """The turn that writes a file in the clone that the request comes from."""
    return lambda request: Turn.tools(program.write(find_tree(request) / name, text), **details)


def wait_for_turn(server: ModelServer, number: int) -> None:
    """Return when the turn of this number is taken. Fails when it takes far too long."""
    there = server.wait_for(lambda asked: any(one.turn == number for one in asked), PATIENCE)
    assert there, f"turn {number} was never taken: {server.requests}"


def wait_until(true: Callable[[], bool]) -> None:
    """Return as soon as it is true. Fails when it takes far too long."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


class Driver:
    """Runs `interlock` at a desk, with a program and its model server."""

    def __init__(self, desk: Desk, program: Runnable, url: str) -> None:
        self.desk = desk
        self.program = program
        self.url = url
        self.env = {name: os.environ[name] for name in CASUAL if name in os.environ}
        self.env |= {"HOME": str(desk.home), "TERM": "dumb"}
        self.env |= program.env(url, desk.home, Task())
        self.env |= {"INTERLOCK_DATA_DIR": str(desk.home / DATA)}

    def call(self, *words: str, input: str = "") -> subprocess.CompletedProcess[str]:
        """How the command ended, and what it said."""
        return subprocess.run(
            (str(COMMAND), *words),
            cwd=self.desk.repo,
            env=self.env,
            input=input,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    def interlock(self, *words: str, input: str = "") -> Any:
        """What the command prints as JSON."""
        done = self.call(*words, "--json", input=input)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        """The command, which runs on."""
        return subprocess.Popen(
            (str(COMMAND), *words),
            cwd=self.desk.repo,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def start(self, type: str, *options: str, agent: str = "", **inputs: Any) -> str:
        """The id of a new session with this agent, or with the program as it is."""
        if type == "errand":
            assert self.call("types", "trust", str(ERRAND)).returncode == 0
        words = ("start", type, "--agent", agent or name_agent(self.program, self.url), *options)
        started: dict[str, Any] = self.interlock(*words, "--input", "-", input=json.dumps(inputs))
        return str(started["id"])

    def run(self, session: str, *options: str) -> Any:
        """The session when it ended, or waits."""
        return self.interlock("run", session, "--no-input", *options)

    def answers(self, session: str) -> list[dict[str, Any]]:
        """What came of the session's prompts."""
        rows = self.interlock("log", session)
        return [row["result"] for row in rows if row["command"]["kind"] == "prompt"]

    def ask(self, task: str, *options: str, agent: str = "", **inputs: Any) -> dict[str, Any]:
        """What came of the one prompt of an errand."""
        session = self.start("errand", *options, agent=agent, task=task, **inputs)
        self.run(session)
        (answer,) = self.answers(session)
        return answer

    def work(self, agent: str, evaluate: str) -> tuple[Any, list[dict[str, Any]]]:
        """A session of `agent_task` at its end, and what came of its prompts."""
        inputs = {"task": "--Write hello.txt", "evaluate": evaluate}
        session = self.start("agent_task", *LOCAL, agent=agent, **inputs)
        return self.run(session), self.answers(session)

    def tree(self, session: str) -> Path:
        """The work tree of a session in a clone."""
        return self.desk.home / DATA / "workspaces" / session / "tree"

    def kill_program(self) -> None:
        """Kills the agent program that runs at this desk, and nothing else of what runs there."""
        place = locate(self.program)
        found = [process for process, words in self._processes() if place in words]
        assert found, f"{place} does not run"
        for process in found:  # what it is about to start looks like itself
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def running(self) -> list[str]:
        """The command lines of all that runs with this desk's home."""
        return [" ".join(words) for _, words in self._processes()]

    def _processes(self) -> Iterator[tuple[psutil.Process, list[str]]]:
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                words = process.cmdline()
                if words and process.environ().get("HOME") == str(self.desk.home):
                    yield process, words
