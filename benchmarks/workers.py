"""What workers take: steps a second in one thread and in four, a claim beside many sessions that
wait, and the time from the start of a worker to its first step."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import DEVNULL
from threading import Event

from benchmarks import ground
from interlock import Interaction, Result, Scope, Session, accounts, sessions
from interlock.sessions.fairness import Caps
from interlock.sessions.lease import Lease
from interlock.sessions.poll import Poll
from interlock.sessions.worker import Worker
from interlock.store import queue
from interlock.store.connection import tx

ROUNDS = 7
STEPS = 1600
SESSIONS = 8
MANY = 10_000
PROJECTS = 20
CLAIMS = 40
STARTS = 7


def rates() -> list[tuple[float, float]]:
    """Durable steps a second of one thread and of four, in turns."""
    return [(_rate(1), _rate(4)) for _ in range(ROUNDS)]


def claims() -> tuple[list[float], list[float]]:
    """Milliseconds of a look and a claim, alone and beside 10,000 sessions that wait for people or
    for later times."""
    with ground.ground() as (scope, _):
        alone = _claim_some(scope)
        _make_waiting()
        return alone, _claim_some(scope)


def starts() -> list[float]:
    """Seconds from the start of `interlock worker` until its first step is done."""
    command = str(Path(sys.executable).with_name("interlock"))
    with ground.ground() as (scope, path):
        environ = {**os.environ, "INTERLOCK_DATABASE_URL": f"sqlite:///{path}"}
        times = []
        for _ in range(STARTS):
            given = {"check": "true"}
            made = sessions.create(scope, "mend", input=given, workdir=str(path.parent), queue="q")
            began = time.time()
            subprocess.run([command, "worker", "--once"], stdout=DEVNULL, env=environ, check=True)
            (row,) = sessions.history(scope, made.id)
            if row.completed_at is None:
                raise SystemExit("the worker did nothing")
            times.append(row.completed_at.timestamp() - began)
        return times


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


def _claim_some(scope: Scope) -> list[float]:
    """The times of looks and claims, each of a session more."""
    poll, times = Poll((), (), Caps()), []
    for _ in range(CLAIMS):
        made = sessions.create(scope, "relay", input={"rounds": 1}, queue="q")
        began = time.perf_counter()
        (candidate,) = poll.look({}, 1).chosen
        with Lease(scope, candidate.id) as lease:
            lease.claim()
            times.append(1000 * (time.perf_counter() - began))
        if candidate.id != made.id:
            raise SystemExit("another session was chosen")
        sessions.cancel(scope, made.id)
    return times


def _make_waiting() -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    with tx():
        for number in range(MANY):
            scope = accounts.enter("bench", f"project {number % PROJECTS}")
            made = sessions.create(scope, "relay", input={"rounds": 1}, queue="q")
            queue.rest(made, later + timedelta(seconds=number) if number % 2 else None)
