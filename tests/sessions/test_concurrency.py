"""Many processes on one file: everything is done, everything once, and nobody hears of a lock."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from interlock import Result, Scope, sessions
from interlock.engine.errors import Refused, SessionBusy
from interlock.store.connection import disconnect
from tests.sessions.conftest import WALLED_TOO
from tests.sessions.moves import log, ok
from tests.sessions.processes import ROOT, SECONDS

pytestmark = WALLED_TOO

PROCESSES, OWN, SHARED, ROWS = 8, 8, 2, 12


def test_eight_processes_drive_eight_sessions_each(scope: Scope, database: str) -> None:
    """Each of its own sessions is complete; at the shared ones each row was answered once, by who
    was first; every log is gapless."""
    shared = [sessions.create(scope, "loop", budget=ROWS).id for _ in range(SHARED)]
    command = [sys.executable, "-m", "tests.sessions.worker_process", database, str(OWN), *shared]
    pipe = subprocess.PIPE
    workers = [
        subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        for _ in range(PROCESSES)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    ends = [worker.communicate(timeout=SECONDS) for worker in workers]
    assert [(told, worker.returncode) for (_, told), worker in zip(ends, workers, strict=True)] == [
        ("", 0)
    ] * PROCESSES

    own = [found for found in sessions.find(scope, limit=1000).sessions if found.id not in shared]
    assert Counter(found.status for found in own) == {"complete": PROCESSES * OWN}
    assert set(Counter(found.title for found in own).values()) == {OWN}
    accepted = sum(int(said) for said, _ in ends)
    assert accepted == SHARED * ROWS
    for session_id in shared:
        ended = sessions.get(scope, session_id)
        assert (ended.status, ended.seq) == ("failed", ROWS)
    for found in (*own, *(sessions.get(scope, session_id) for session_id in shared)):
        rows = log(scope, found)
        assert [row.seq for row in rows] == list(range(1, found.seq + 1))
        assert {row.status for row in rows} == {"done"}
        assert sessions.check(scope, found.id) == []


@pytest.mark.parametrize("writers", [2, 8])
def test_of_many_who_answer_at_once_one_is_heard(scope: Scope, writers: int) -> None:
    """The others are refused in words; what they had to say is kept as late."""
    session = sessions.create(scope, "pair")
    row = sessions.next_command(scope, session.id)
    outcomes: list[str] = []
    start = threading.Barrier(writers)

    def answer(name: str) -> None:
        start.wait(60)
        try:
            sessions.handle_result(scope, session.id, row.id, Result(output=name))
            outcomes.append(name)
        except Refused as refused:
            outcomes.append(refused.code)
        finally:
            disconnect()

    together(*(partial(answer, f"writer {n}") for n in range(writers)))
    (winner,) = (told for told in outcomes if told.startswith("writer"))
    assert Counter(outcomes) == {winner: 1, "result_conflict": writers - 1}
    assert log(scope, session)[0].result == Result(output=winner)
    assert len(list(sessions.events(scope, session.id))) == writers - 1


def test_of_many_who_run_at_once_one_runs(scope: Scope) -> None:
    """The others hear that it is busy; each command is executed once."""
    session = sessions.create(scope, "pair")
    executed: list[object] = []
    busy: list[str] = []
    started = threading.Event()
    start = threading.Barrier(6)

    def execute(command: object) -> Result:
        executed.append(command)
        started.wait(60)  # the others come while it is executed
        return Result()

    def run() -> None:
        start.wait(60)
        try:
            sessions.run(scope, session.id, execute)
        except SessionBusy as error:
            busy.append(error.code)
            if len(busy) == 5:
                started.set()
        finally:
            disconnect()

    together(*[run] * 6)
    assert (len(executed), len(busy)) == (2, 5)
    assert sessions.run(scope, session.id, ok).status == "complete"
    assert len(log(scope, session)) == 2


def test_asking_at_once_issues_once(scope: Scope) -> None:
    """Eight who ask a new session for its next command get the same one."""
    session = sessions.create(scope, "pair")
    asked: list[str] = []
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait(60)
        asked.append(sessions.next_command(scope, session.id).id)
        disconnect()

    together(*[ask] * 8)
    assert asked == [f"{session.id}.1"] * 8
    assert len(log(scope, session)) == 1


def together(*functions: Callable[[], None]) -> None:
    """Run each on a thread of its own, to its end."""
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
