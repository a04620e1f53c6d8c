"""Workers as processes: sessions in queues come to their end, whatever becomes of a worker."""

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.acceptance.user import User, wait_until
from tests.server import Server

ROOT = Path(__file__).parents[2]
FLEET = Path(__file__).parent / "fleet.py"
LONG = 240
"""Seconds after which a worker will not end any more."""


class Worker:
    """`interlock worker` in a process, with what it has printed so far."""

    def __init__(self, user: User, *words: str) -> None:
        self.lines: list[str] = []
        self.process = user.begin("worker", *words)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def told(self, text: str) -> list[str]:
        """The lines in which this is."""
        return [line for line in list(self.lines) if text in line]

    def end(self, *signals: signal.Signals) -> int:
        """Its exit status, after these signals."""
        for one in signals:
            self.process.send_signal(one)
        try:
            return self.process.wait(LONG)
        finally:
            self._reader.join(LONG)

    def close(self) -> None:
        """Leave nothing behind."""
        self.process.kill()
        self.end()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))


class Fleet:
    """A user's workers and sessions."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.workers: list[Worker] = []

    def work(self, *words: str) -> Worker:
        """A worker more."""
        self.workers.append(Worker(self.user, *words))
        return self.workers[-1]

    def drain(self, *words: str) -> Worker:
        """A worker that has ended, since nothing was ready any more."""
        worker = self.work("--drain", *words)
        assert worker.end() == 0
        return worker

    def make(
        self, number: int, *pairs: str, name: str = "s", account: str = "me", project: str = "p"
    ) -> list[str]:
        """The ids of new sessions of the type `alone`."""
        where = (str(self.user.project), account, project, str(number), name)
        made = subprocess.run(
            [sys.executable, "-m", "tests.acceptance.fleet_process", *where, *pairs],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env=self.user.environ,
        )
        return made.stdout.split()

    def status(self, *ids: str, account: str = "me", project: str = "p") -> list[str]:
        """The status of these sessions."""
        names = ("--account", account, "--project", project)
        found = self.user.json("list", "--limit", "1000", *names)
        by_id = {one["id"]: one["status"] for one in found}
        return [by_id[one] for one in ids]

    def told(self) -> list[tuple[str, str]]:
        """What the commands told: `begin`, `end` or `overlap`, each of a session by its title."""
        place = self.user.project / "told"
        lines = place.read_text().splitlines() if place.exists() else []
        return [(what, name) for what, _, name in (line.partition(" ") for line in lines)]

    def most(self, prefix: str = "") -> int:
        """How many of them ran at once at most."""
        running: set[str] = set()
        most = 0
        for what, name in self.told():
            if name.startswith(prefix):
                (running.add if what == "begin" else running.discard)(name)
                most = max(most, len(running))
        return most


@pytest.fixture(params=["sqlite", "postgres"])
def fleet(request: pytest.FixtureRequest, user: User) -> Iterator[Fleet]:
    """A user who trusts the type `alone`, and whose workers all end with the test; on each kind of
    database."""
    assert user("types", "trust", str(FLEET)).returncode == 0
    made = Fleet(user)
    with ExitStack() as stack:
        if request.param == "postgres":
            server: Server = request.getfixturevalue("server")
            url = stack.enter_context(server.database())
            user.environ["INTERLOCK_DATABASE_URL"] = url
        yield made
        for worker in made.workers:
            worker.close()


def test_everything_ends_though_a_worker_is_killed(fleet: Fleet) -> None:
    """Three workers, fifty sessions, kill -9 of one at a random moment: all are complete, and none
    ran twice at once. Those that are left end in good order."""
    seed = random.randrange(10**6)  # noqa: S311  no secret
    chance = random.Random(seed)  # noqa: S311
    made = fleet.make(50)
    workers = [fleet.work("--concurrency", "2") for _ in range(3)]
    moment = chance.randrange(5, 60)
    wait_until(lambda: len(fleet.told()) >= moment)
    victim = workers.pop(chance.randrange(3))
    victim.process.kill()
    wait_until(lambda: {name for what, name in fleet.told() if what == "end"} >= _names(50))
    wait_until(lambda: set(fleet.status(*made)) == {"complete"})
    for worker in workers:
        assert worker.end(signal.SIGTERM) == 0, seed
    assert [name for what, name in fleet.told() if what == "overlap"] == [], seed
    told = fleet.user("verify", "--all", "--account", "me")
    assert told.returncode == 0, (seed, told.stdout, told.stderr)


def test_a_worker_ends_in_good_order(fleet: Fleet) -> None:
    """SIGTERM: what runs may end, its result is kept, nothing else is begun, and the status is 0;
    who holds what is seen meanwhile, by nobody of another account."""
    user = fleet.user
    held_id = user.json("start", "held", "--queue", "default")["id"]
    worker = fleet.work("--concurrency", "1")
    user.wait_for_command()
    assert user("start", "greet", "--queue").returncode == 0
    (held,) = user.json("workers")
    assert held["worker"].endswith(f":{worker.process.pid}")
    assert (held["alive"], held["session_id"], held["step"]) == (True, held_id, "hold")
    assert held_id in user("workers").stdout
    assert user.json("workers", "--account", "other") == []
    assert "nobody holds" in user("workers", "--account", "other").stdout
    worker.process.send_signal(signal.SIGTERM)
    user.let_go()
    assert worker.end() == 0
    rows = user.json("log", held_id)
    assert [(row["step"], row["status"]) for row in rows] == [("hold", "done"), ("finish", "open")]
    assert "given back at step finish" in worker.lines[-1]
    assert not worker.told("greet")
    assert len(fleet.drain().told("is complete")) == 2
    assert user.json("workers") == []


def test_a_second_signal_ends_what_runs(fleet: Fleet) -> None:
    """Ctrl-C, and another. The program has ended when the worker has, with status 0. The next
    worker finds its outcome unknown, and goes on."""
    user = fleet.user
    held_id = user.json("start", "held", "--queue", "default")["id"]
    worker = fleet.work("--grace", "3600")
    program = user.wait_for_command()
    assert worker.end(signal.SIGINT, signal.SIGTERM) == 0
    assert not program.is_running()
    assert worker.told("its command was stopped")
    assert [row["status"] for row in user.json("log", held_id)] == ["open"]
    fleet.drain()
    assert [row["status"] for row in user.json("log", held_id)] == ["unknown", "done", "done"]


def test_a_time_and_an_answer_are_taken_up_by_the_next_worker(fleet: Fleet) -> None:
    """What a session waits for outlives the worker that met it; a time is not early, and passes
    once."""
    user = fleet.user
    nap = user.json("start", "nap", "-i", "seconds:=1.5", "--queue", "default")["id"]
    gate = user.json("start", "gate", "--queue", "default")["id"]
    first = fleet.work()
    wait_until(lambda: len(first.told(" waits for a ")) == 2)
    assert first.end(signal.SIGTERM) == 0
    second = fleet.work()
    assert user("answer", gate, "approve").returncode == 0
    wait_until(lambda: len(second.told("is complete")) + len(first.told("is complete")) == 2)
    assert second.end(signal.SIGTERM) == 0
    assert [row["status"] for row in user.json("log", gate)] == ["done", "done"]
    (row,) = user.json("log", nap)
    assert row["status"] == "done"
    assert row["completed_at"] >= row["due_at"]


def test_a_project_with_one_session_comes_soon(fleet: Fleet) -> None:
    """It waits for no hundred of another, which were there before; an urgent one is first."""
    fleet.make(100, name="crowd", project="crowd")
    fleet.make(1, name="alone", project="alone")
    fleet.make(1, "priority=5", name="urgent", project="crowd")
    worker = fleet.work("--concurrency", "1")
    wait_until(lambda: ("begin", "alone-0") in fleet.told())
    assert worker.end(signal.SIGTERM) == 0
    order = list(dict.fromkeys(name for _, name in fleet.told()))
    assert order[0] == "urgent-0"
    assert order.index("alone-0") <= 2


def test_limits_hold_for_all_workers_together_and_each_account(fleet: Fleet) -> None:
    """Two workers serve both accounts, each session as its owner's, two at once of each."""
    mine = fleet.make(6, "seconds=0.1", name="mine", account="me")
    theirs = fleet.make(6, "seconds=0.1", name="theirs", account="you")
    workers = [
        fleet.work("--drain", "--concurrency", "3", "--limit", "account=2") for _ in range(2)
    ]
    assert [worker.end() for worker in workers] == [0, 0]
    assert fleet.status(*mine, account="me") == ["complete"] * 6
    assert fleet.status(*theirs, account="you") == ["complete"] * 6
    assert fleet.most("mine") <= 2
    assert fleet.most("theirs") <= 2
    assert fleet.user("show", theirs[0], "--account", "me").returncode == 3


def test_what_is_missing_stops_nobody_else(fleet: Fleet) -> None:
    """A type that is not trusted any more is told in one line; the other sessions go on."""
    fleet.make(2, "priority=9")
    made = fleet.user.json("start", "greet", "--queue", "default")["id"]
    assert fleet.user("types", "untrust", str(FLEET)).returncode == 0
    worker = fleet.drain()
    assert fleet.user.json("show", made)["status"] == "complete"
    (line,) = worker.told("is skipped")
    assert "alone" in line


def test_a_worker_prints_no_output_of_commands_unless_it_is_asked(fleet: Fleet) -> None:
    """It is in the log; -v has it too. With --once one session is taken."""
    for _ in range(2):
        assert fleet.user("start", "greet", "--queue").returncode == 0
    quiet = fleet.work("--once")
    assert quiet.end() == 0
    assert (len(quiet.told("is complete")), quiet.told("hello world")) == (1, [])
    loud = fleet.work("--once", "-v")
    assert loud.end() == 0
    assert len(loud.told("hello world")) == 2  # the command, and what it printed


def _names(number: int) -> set[str]:
    return {f"s-{count}" for count in range(number)}
