"""Running the fake program, and looking for what is left of it."""

import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event

import psutil
import pytest

from interlock.environments.process import Finished, run_process

FAKE_PROGRAM = Path(__file__).with_name("fake_program.py")
BOUND = 30.0  # seconds: no condition takes that long on a machine that works


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Returns as soon as the condition is true; fails the test when it never is."""
    deadline = time.monotonic() + BOUND
    while not condition():
        assert time.monotonic() < deadline, f"waited {BOUND} s in vain until {what}"
        time.sleep(0.02)


class Bench:
    """Runs commands for one test. Its token is in the arguments of each fake program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token, self.tag = (f"{name}-{uuid.uuid4().hex}" for name in ("token", "tag"))
        self.stop = Event()
        self.emitted: list[tuple[str, str]] = []
        self.pool = ThreadPoolExecutor(1)

    def fake(self, mode: str, *arguments: str) -> list[str]:
        """The command that runs the fake program in that mode."""
        return [sys.executable, "-I", str(FAKE_PROGRAM), mode, *arguments, self.token]

    def emit(self, stream: str, text: str) -> None:
        """Keeps what it is told."""
        self.emitted.append((stream, text))

    def shown(self, stream: str) -> str:
        """All that was emitted of a stream so far."""
        return "".join(text for name, text in self.emitted if name == stream)

    def run(
        self,
        *argv: str,
        stdin: bytes | None = None,
        timeout: float | None = None,
        keep: int = 2**20,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        emit: Callable[[str, str], None] | None = None,
    ) -> Finished:
        """Runs it to its end."""
        return run_process(
            argv,
            cwd=cwd or self.folder,
            env={"PATH": os.environ["PATH"]} if env is None else env,
            stdin=stdin,
            timeout=timeout,
            emit=emit or self.emit,
            stop=self.stop,
            keep=keep,
            tag=self.tag,
        )

    def start(self, *argv: str) -> "Future[Finished]":
        """Runs it in a thread; returns when it has said that it is ready."""
        future = self.pool.submit(self.run, *argv)
        wait_until(lambda: "ready" in self.shown("stdout") or future.done(), "it is ready")
        assert not future.done(), future.result()
        return future

    def alive(self) -> list[psutil.Process]:
        """The fake programs of this test that still run."""
        return [
            process
            for process in psutil.process_iter(["cmdline", "status"])
            if self.token in (process.info["cmdline"] or ())
            and process.info["status"] != psutil.STATUS_ZOMBIE
        ]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A bench in an empty folder; what a failed test left running is ended."""
    bench = Bench(tmp_path)
    yield bench
    bench.stop.set()
    bench.pool.shutdown()
    for process in bench.alive():
        process.kill()
