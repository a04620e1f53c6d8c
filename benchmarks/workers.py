"""What workers take, on either kind of database: steps a second in one thread and in four, a claim
beside many sessions that wait, the time from the start of a worker to its first step, and the time
from the end of a dead worker's lease until another carries its session on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from subprocess import DEVNULL
from tempfile import TemporaryDirectory
from threading import Event

from benchmarks import ground
from interlock import Interaction, Result, Scope, Session, accounts, sessions
from interlock.sessions.fairness import Caps
from interlock.sessions.inbox import Inbox, Message
from interlock.sessions.lease import Lease
from interlock.sessions.poll import Poll
from interlock.sessions.worker import Worker
from interlock.store import messages, queue
from interlock.store.connection import execute, tx

Place = AbstractContextManager[tuple[Scope, str]]
"""A database of its own while it lasts, with its URL."""
COMMAND = str(Path(sys.executable).with_name("interlock"))
ROUNDS = 15
STEPS = 3200
SESSIONS = 8
MANY = 10_000
AT_ONCE = 100
PROJECTS = 20
CLAIMS = 40
STARTS = 7
KILLED = 5
LONG = 120
"""Seconds after which nothing will happen any more."""
HELD = ("sh", "-c", 'mkdir "$0" && exec sleep 600; true')
"""A command that lasts until it is killed; where it is run again it is done at once."""


def rates() -> list[tuple[float, float]]:
    """Durable steps a second of one thread and of four, in turns."""
    found = []
    for number in range(ROUNDS):
        first, second = (1, 4) if number % 2 else (4, 1)
        rate = {first: _rate(first), second: _rate(second)}
        found.append((rate[1], rate[4]))
    return found


def claims(place: Place) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Milliseconds of a look and a claim, and until the message was received that told of the
    session, where there are messages; alone, and beside 10,000 sessions that wait for people or for
    later times."""
    with place as (scope, _):
        alone = _claim_some(scope)
        _make_waiting()
        return alone, _claim_some(scope)


def starts(place: Place) -> list[float]:
    """Seconds from the start of `interlock worker` until its first step is done."""
    with place as (scope, url), TemporaryDirectory() as folder:
        times = []
        for _ in range(STARTS):
            made = _check(scope, folder, ("true",))
            began = time.time()
            with _working(url):
                _wait_for_end(scope, made)
            times.append(_done_at(scope, made) - began)
        return times


def takeovers(place: Place) -> list[float]:
    """Seconds from the end of the lease of a worker that was killed on another machine until its
    command was done by the worker that took its session over."""
    with place as (scope, url), TemporaryDirectory() as folder:
        left = [_leave(scope, url, folder, f"{number}") for number in range(KILLED)]
        with _working(url, "--concurrency", f"{KILLED}"):
            _wait_for_end(scope, *(made for made, _ in left))
        return [_done_at(scope, made) - until for made, until in left]


def _leave(scope: Scope, url: str, folder: str, name: str) -> tuple[Session, float]:
    """A session whose worker was killed in the middle of its command, and when its lease ends."""
    running = Path(folder, name)
    made = _check(scope, folder, (*HELD, str(running)))
    with _working(url, "--concurrency", "1") as process:
        _wait(running.exists)
        process.kill()
        process.wait()
    with tx():  # of a process of this machine a worker sees at once that it is gone
        execute("UPDATE session SET lease_owner = 'far-' || lease_owner WHERE id = ?", (made.id,))
    until = sessions.get(scope, made.id).lease_until
    if until is None:
        raise SystemExit("the worker that was killed left no lease")
    return made, until.timestamp()


def _check(scope: Scope, folder: str, command: tuple[str, ...]) -> Session:
    return sessions.create(scope, "mend", input={"check": command}, workdir=folder, queue="q")


def _done_at(scope: Scope, made: Session) -> float:
    *_, row = sessions.history(scope, made.id)
    if row.completed_at is None or row.status != "done":
        raise SystemExit("the worker did nothing")
    return row.completed_at.timestamp()


@contextmanager
def _working(url: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """`interlock worker` in a process, meanwhile."""
    environ = {**os.environ, "INTERLOCK_DATABASE_URL": url}
    process = subprocess.Popen([COMMAND, "worker", *words], stdout=DEVNULL, env=environ)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(LONG)


def _wait_for_end(scope: Scope, *made: Session) -> None:
    _wait(lambda: not any(sessions.get(scope, one.id).active for one in made))


def _wait(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG
    while not happened():
        if time.monotonic() > end:
            raise SystemExit("what is measured did not happen")
        time.sleep(0.02)


def _rate(threads: int) -> float:
    with ground.ground() as (scope, _):
        for _ in range(SESSIONS):
            steps = STEPS // SESSIONS
            sessions.create(scope, "relay", input={"rounds": steps // 2}, queue="q")
        worker = Worker(_answer, lambda note: None, concurrency=threads)
        began = time.perf_counter()
        worker.run("drained")
        return STEPS / (time.perf_counter() - began)


def _answer(
    session: Session, interaction: Interaction, *, emit: sessions.Emit, stop: Event
) -> Result:
    return ground.RESULT


def _claim_some(scope: Scope) -> list[tuple[float, float]]:
    """The times of looks and claims, each of a session more."""
    poll, times, heard = Poll((), (), Caps()), [], SimpleQueue[Message]()
    inbox = Inbox((), 1) if messages.sends() else None
    if inbox is not None:
        inbox.start(heard.put, print)
    for _ in range(CLAIMS):
        made = sessions.create(scope, "relay", input={"rounds": 1}, queue="q")
        began = time.perf_counter()
        if inbox is not None:
            inbox.add(heard.get(timeout=LONG))
        received = time.perf_counter()
        told = None if inbox is None else inbox.told(())
        (candidate,) = poll.look({}, 1, told).chosen
        with Lease(scope, candidate.id) as lease:
            lease.claim()
            claimed = time.perf_counter()
        times.append((1000 * (claimed - received), 1000 * (received - began)))
        if candidate.id != made.id:
            raise SystemExit("another session was chosen")
        sessions.cancel(scope, made.id)
        if inbox is not None:
            inbox.end(made.id)
    if inbox is not None:
        inbox.stop()
        inbox.join()
    return times


def _make_waiting() -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    for first in range(0, MANY, AT_ONCE):
        with tx():
            for number in range(first, first + AT_ONCE):
                scope = accounts.enter("bench", f"project {number % PROJECTS}")
                made = sessions.create(scope, "relay", input={"rounds": 1}, queue="q")
                queue.rest(made, later + timedelta(seconds=number) if number % 2 else None)
    if messages.sends():
        execute("ANALYZE")  # a server does so by itself, within a minute
