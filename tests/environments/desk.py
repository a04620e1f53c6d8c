"""A session at work in a directory, through the environment `local`."""

import sys
import uuid
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

from attrs import evolve

from interlock.engine import Call, Interaction, Prompt, Result, Session, Shell
from interlock.environments.local import Local
from tests.environments.conftest import FAKE_PROGRAM, wait_until


class Desk:
    """Executes commands of one session, and keeps its events."""

    def __init__(self, workdir: Path, *, agent: str | None = None) -> None:
        self.workdir = workdir
        self.local = Local()
        self.stop = Event()
        self.events: list[tuple[str, Mapping[str, Any]]] = []
        self.session = Session(
            type="mend", step="work", id=f"token-{uuid.uuid4().hex}", workdir=str(workdir)
        )
        self.session = evolve(self.session, agent=agent)
        self._pool = ThreadPoolExecutor(1)

    def emit(self, type: str, data: Mapping[str, Any]) -> None:
        """Keeps what it is told."""
        self.events.append((type, data))

    def shown(self, stream: str) -> str:
        """All that the events show of a stream so far."""
        return "".join(data["text"] for _, data in self.events if data["stream"] == stream)

    def do(self, command: Shell | Prompt | Call) -> Result:
        """The result of the command."""
        row = Interaction(seq=1, step=self.session.step, attempt=1, command=command)
        return self.local.execute(self.session, row, emit=self.emit, stop=self.stop)

    def call(self, function: str, **arguments: Any) -> Result:
        """The result of a Call."""
        return self.do(Call(function, arguments))

    def shell(self, *argv: str, **options: Any) -> Result:
        """The result of a Shell."""
        return self.do(Shell(argv, **options))

    def python(self, source: str, *arguments: str, **options: Any) -> Result:
        """The result of a Shell that runs Python source."""
        return self.shell(sys.executable, "-I", "-c", source, *arguments, **options)

    def fake(self, mode: str, *arguments: str) -> tuple[str, ...]:
        """The argv that runs the fake program; the session's id is its last argument."""
        return (sys.executable, "-I", str(FAKE_PROGRAM), mode, *arguments, self.session.id)

    def start(self, command: Shell | Prompt) -> "Future[Result]":
        """Executes in a thread; returns when the command has said that it is ready."""
        future = self._pool.submit(self.do, command)
        wait_until(lambda: "ready" in self.shown("stdout") or future.done(), "it is ready")
        assert not future.done(), future.result()
        return future
