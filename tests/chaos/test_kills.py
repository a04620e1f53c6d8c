"""kill -9 of whatever works at random moments: nothing that was acknowledged is lost, nothing is
there twice, and everything ends."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle

import pytest

from interlock import Result, Scope, Session, sessions
from interlock.engine.errors import Refused
from tests.acceptance.user import COMMAND, User, wait_until
from tests.chaos import ledger
from tests.chaos.bench import AGENT, LONG
from tests.chaos.conftest import KINDS, url_of
from tests.chaos.ledger import Place
from tests.chaos.scale import Chance, sizes
from tests.sessions.processes import ROOT

LIFE = 0.6
"""Seconds between two kills at most; there are four processes to be killed."""
MOSTLY = 0.7
"""How often a kill waits for something to be done, so that not all come while processes begin."""
NAMES = ("worker", "other worker", "runner", "client")
READY = 8
"""So many sessions are always there for those that work."""


class Yard:
    """Workers, runners and clients as processes, and what they left."""

    def __init__(self, user: User, scope: Scope) -> None:
        self.user, self.scope = user, scope
        self.effects, self.acks = user.home / "effects", user.home / "acks"
        self.own = self.talk = sessions.create(scope, "talk")
        self.seen = 0
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def errand(self, *, queue: str | None = None) -> Session:
        """A new session of three commands."""
        given = {"agent": AGENT, "file": str(self.effects)}
        where = str(self.user.project)
        return sessions.create(self.scope, "errand", input=given, workdir=where, queue=queue)

    def has_moved(self) -> bool:
        """True when a command has done something since the last time that it was true."""
        size = len(ledger.lines(self.effects))
        moved, self.seen = size > self.seen, max(size, self.seen)
        return moved

    def stock(self) -> None:
        """Have enough for workers to do."""
        ledger.settle_parked(self.scope)
        found = sessions.find(self.scope, type="errand", status="active", limit=READY)
        for _ in range(READY - len(found.sessions)):
            self.errand(queue="default")

    def begin(self, name: str) -> subprocess.Popen[bytes]:
        """One more process of this name, in place of the one that was."""
        words = {
            "worker": [COMMAND, "worker", "--concurrency", "2"],
            "other worker": [COMMAND, "worker", "--concurrency", "1"],
            "runner": [COMMAND, "run", self._own(name)],
            "client": [
                *(sys.executable, "-m", "tests.chaos.client_process"),
                *(url_of(self.user), str(self.acks), self.talk.id),
            ],
        }[name]
        with (self.user.home / name).open("ab") as said:
            self.running[name] = subprocess.Popen(
                words,
                cwd=ROOT if name == "client" else self.user.project,
                env=self.user.environ,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
        return self.running[name]

    def kill(self, name: str) -> None:
        """End a process without a chance to clean up; what a runner had, workers may take up."""
        self.end(name)
        if name == "runner":
            with suppress(Refused):
                sessions.enqueue(self.scope, self.own.id)

    def end(self, name: str) -> None:
        """End a process, if there is one of this name."""
        victim = self.running.pop(name, None)
        if victim is not None:
            victim.kill()
            victim.wait(LONG)

    def _own(self, name: str) -> str:
        if name == "runner":
            self.own = self.errand()
        return self.own.id

    def finish(self) -> None:
        """Everything is brought to its end, also what was parked."""
        for _ in range(100):
            done = self.user_drains()
            assert done.returncode == 0, done.stderr
            if not ledger.settle_parked(self.scope):
                break
        row = sessions.next_command(self.scope, self.talk.id)
        sessions.handle_result(self.scope, self.talk.id, row.id, Result("done"))

    def settle(self, chance: Chance) -> tuple[dict[Place, list[str]], dict[Place, str]]:
        """Kill whatever works, bring everything to its end, and hold the database against what
        commands left and what clients heard, which are returned."""
        for name in [*self.running]:
            self.kill(name)
        self.finish()
        acted, heard = ledger.effects(self.effects), ledger.acknowledged(self.acks)
        assert ledger.faults(self.scope, acted, heard) == [], chance.told
        assert acted, chance.told
        assert heard, chance.told
        ledger.require_sound(self.user, chance.told)
        self._require_truth(chance)
        return acted, heard

    def _require_truth(self, chance: Chance) -> None:
        """What was said of a session is so, and of faults nothing was said."""
        for name in NAMES:
            told = ledger.lines(self.user.home / name)
            assert [line for line in told if "Traceback" in line or "fault in" in line] == []
            for session_id in [line.split()[1] for line in told if " is complete " in line]:
                found = sessions.get(self.scope, session_id)
                assert found.status == "complete", chance.told

    def user_drains(self) -> subprocess.CompletedProcess[str]:
        """How a worker ended that had nothing to do any more."""
        return subprocess.run(
            [COMMAND, "worker", "--drain"],
            capture_output=True,
            text=True,
            cwd=self.user.project,
            env=self.user.environ,
            timeout=LONG,
        )


@contextmanager
def yard_of(user: User, scope: Scope) -> Iterator[Yard]:
    """A yard that leaves no process behind."""
    yard = Yard(user, scope)
    with ExitStack() as stack:
        for name in NAMES:
            yard.begin(name)
            stack.callback(yard.end, name)
        yield yard


@pytest.mark.parametrize("user", KINDS, indirect=True)
@sizes(11, 1000)
def test_kills_at_random_moments_lose_nothing(
    user: User, scope: Scope, chance: Chance, size: int
) -> None:
    """Of workers, of `interlock run` and of a client. What a client was told, and what a command
    did, is in the log; what nobody saw is there as unknown; the log verifies."""
    with yard_of(user, scope) as yard:
        yard.stock()
        wait_until(lambda: bool(ledger.lines(yard.effects) and ledger.lines(yard.acks)))
        for _, name in zip(range(size), cycle([*yard.running]), strict=False):
            yard.stock()
            if chance.random() < MOSTLY:
                wait_until(yard.has_moved)
            time.sleep(chance.uniform(0, LIFE))
            yard.kill(name)
            yard.begin(name)
        acted, heard = yard.settle(chance)
    rows = ledger.statuses(scope)
    chance.report("kills", size + 4)
    chance.report("effects", sum(map(len, acted.values())))
    chance.report("acknowledged", len(heard))
    chance.report("rows", dict(rows))
