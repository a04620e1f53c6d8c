"""Runs sessions in processes that die, and knows what they left."""

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from interlock import Scope, Session, sessions
from tests.acceptance.user import User
from tests.chaos import ledger
from tests.sessions.processes import ROOT

AGENT = str(Path(__file__).parent / "agent.py")
LONG = 3600
"""Seconds after which a process will not end any more."""

Point = tuple[str, str, str, int]
"""A module, a function of it, `before` or `after`, and the how many-th call."""

NOWHERE: Point = ("interlock.store.records", "insert", "before", 10**6)


class Bench:
    """Runs sessions in processes that die."""

    def __init__(self, user: User, scope: Scope) -> None:
        self.user, self.scope = user, scope
        self.effects = user.home / "effects"

    def errand(
        self,
        modes: dict[str, list[str]] | None = None,
        *,
        kind: str = "errand",
        queue: str | None = None,
    ) -> Session:
        """A new session of a type of the workload; the commands of some steps behave as asked."""
        given: dict[str, Any] = {"agent": AGENT, "file": str(self.effects), "modes": modes or {}}
        where = str(self.user.project)
        return sessions.create(self.scope, kind, input=given, workdir=where, queue=queue)

    def begin(self, words: list[str], point: Point) -> subprocess.Popen[str]:
        """The command line, with a point at which it ends."""
        trap = [sys.executable, "-m", "tests.chaos.mortal_process", *map(str, point)]
        return subprocess.Popen(
            [*trap, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=self.user.environ,
        )

    def die(self, words: list[str], point: Point) -> None:
        """Run the command line until it has ended at that point."""
        process = self.begin(words, point)
        _, told = process.communicate(timeout=LONG)
        assert process.returncode == -signal.SIGKILL, told

    def require_whole(self, session: Session, unknown: int) -> None:
        """The next run ends it; so many rows at most were not seen, and no other ran twice."""
        told = self.user("run", session.id)
        assert told.returncode == 0, told.stderr
        assert ledger.faults(self.scope, ledger.effects(self.effects), {}) == []
        assert sessions.verify(self.scope, session.id) == []
        assert ledger.statuses(self.scope)["unknown"] <= unknown

    def programs(self) -> list[int]:
        """The processes that work for sessions of this test, by a path on their command lines."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if str(self.effects) in process.cmdline():
                    found.append(process.pid)
        return found
