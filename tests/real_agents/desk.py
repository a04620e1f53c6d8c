"""Where a real program works: a home and a git repository of its own, and nothing of ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from tests.real_agents.programs import Event, Runnable, Task, locate

PATIENCE = 240  # seconds; a run takes a few, on busy cores some more
CASUAL = ("PATH", "LANG", "TMPDIR")


@frozen(kw_only=True)
class Run:
    """How a program ended."""

    code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def events(self) -> list[Event]:
        """Every line of stdout, each a JSON object. Raises ValueError for any other line."""
        return [json.loads(line) for line in self.stdout.splitlines() if line.strip()]

    @property
    def story(self) -> str:
        """What a failed test should show."""
        return f"exit {self.code} after {self.seconds:.1f} s\n{self.stdout}\n{self.stderr}"


@frozen
class Desk:
    """A home and a work tree."""

    home: Path
    repo: Path

    @classmethod
    def lay(cls, folder: Path) -> Desk:
        """An empty home, and a repository with one commit."""
        desk = cls(folder / "home", folder / "repo")
        desk.home.mkdir(parents=True)
        desk.repo.mkdir()
        (desk.repo / "README.md").write_text("# Small\n")
        author = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
        for words in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-q", "-m", "Begin")):
            subprocess.run(("git", *author, *words), cwd=desk.repo, check=True)
        return desk

    @property
    def path(self) -> Path:
        """The file that the tasks ask for."""
        return self.repo / "hello.txt"

    def run(self, program: Runnable, url: str, task: Task) -> Run:
        """The program's run to its end. Raises TimeoutExpired, and leaves nothing running."""
        env = {name: os.environ[name] for name in CASUAL if name in os.environ}
        env |= {"HOME": str(self.home), "TERM": "dumb"}
        env |= program.env(url, self.home, task)
        begun = time.monotonic()
        process = subprocess.Popen(
            (locate(program), *program.argv(url, task)),
            cwd=self.repo,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            stdout, stderr = process.communicate(timeout=PATIENCE)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return Run(
            code=process.returncode,
            stdout=stdout,
            stderr=stderr,
            seconds=time.monotonic() - begun,
        )
