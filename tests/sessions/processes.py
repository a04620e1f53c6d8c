"""Other processes that run sessions of the open database."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from interlock import Session

ROOT = Path(__file__).parents[2]
SECONDS = 120


def wait_for(condition: Callable[[], bool]) -> None:
    """Return when the condition holds."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)


class Runner:
    """A process in the middle of running a session."""

    def __init__(self, session: Session, *words: str) -> None:
        arguments = [os.environ["INTERLOCK_DATABASE_URL"], "acme", "site", session.id, *words]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.sessions.runner_process", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def hear(self) -> str:
        """The next line it says; empty when it is over."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def say(self, result: str) -> None:
        """Let the command it executes have this result."""
        assert self.process.stdin is not None
        self.process.stdin.write(result + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """End it without a chance to clean up."""
        self.process.kill()
        self.close()

    def close(self) -> None:
        """Wait for its end."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait(SECONDS)
