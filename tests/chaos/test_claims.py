"""Many at once: a session is held by one, a result is recorded once, and who came too late changes
nothing."""

import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import partial

import apsw
import pytest

from interlock import Result, Scope, sessions
from interlock.engine.errors import Refused
from interlock.sessions import recent
from interlock.store.connection import disconnect, execute, location, tx
from tests.acceptance.user import User, wait_until
from tests.chaos import ledger
from tests.chaos.bench import LONG, NOWHERE, Bench
from tests.chaos.conftest import KINDS, url_of
from tests.chaos.scale import Chance, sizes
from tests.sessions.processes import ROOT

LONG_AGO = "2000-01-01T00:00:00.000000+00:00"
PROCESSES, THREADS = 4, 8


@pytest.mark.parametrize("user", KINDS, indirect=True)
@sizes(1000, 10_000)
def test_a_session_is_claimed_by_one(user: User, scope: Scope, chance: Chance, size: int) -> None:
    """32 claimers in four processes; for each session one thread of each process tries."""
    ids = [sessions.create(scope, "talk").id for _ in range(size)]
    file = user.home / "claims"
    command = [sys.executable, "-m", "tests.chaos.claim_process", url_of(user), str(file)]
    claimers = [
        subprocess.Popen(
            [*command, str(THREADS)],
            cwd=ROOT,
            env=user.environ,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    ends = _feed(claimers, "\n".join(ids))
    assert ends == [("", 0)] * PROCESSES, chance.told
    claims = Counter(line.split()[0] for line in ledger.lines(file))
    assert claims == dict.fromkeys(ids, 1), chance.told
    assert {one.status for one in ledger.every(scope)} == {"cancelled"}
    chance.report("claims", claims.total())
    chance.report("claimers", PROCESSES * THREADS)


def _feed(processes: list[subprocess.Popen[str]], text: str) -> list[tuple[str, int]]:
    """What each said on its standard error, and how it ended; all have the text at once."""
    ends: dict[int, tuple[str, int]] = {}

    def follow(number: int, process: subprocess.Popen[str]) -> None:
        _, told = process.communicate(text, timeout=LONG)
        ends[number] = (told, process.returncode)

    threads = [threading.Thread(target=follow, args=one) for one in enumerate(processes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [ends[number] for number in range(len(processes))]


@pytest.mark.parametrize("user", KINDS, indirect=True)
@sizes(1, 100)
def test_the_same_result_handed_in_by_fifty_is_recorded_once(
    scope: Scope, chance: Chance, size: int
) -> None:
    """Each is answered the same, there is one row, and nothing is kept as late. Of fifty different
    results one is taken, and the others are refused and kept."""
    for _ in range(size):
        same, other = (sessions.create(scope, "talk").id for _ in range(2))
        heard = _hand_in(scope, same, lambda number: Result(output="the same"))
        assert heard == {"accepted": 50}, chance.told
        assert sessions.get(scope, same).seq == 1
        assert [row.status for row in sessions.history(scope, same)] == ["done"]
        assert list(sessions.events(scope, same)) == []
        heard = _hand_in(scope, other, lambda number: Result(output=str(number)))
        assert heard == {"accepted": 1, "result_conflict": 49}, chance.told
        assert len(list(sessions.events(scope, other))) == 49
        assert sessions.verify(scope, same) == sessions.verify(scope, other) == []


def _hand_in(scope: Scope, session: str, result: Callable[[int], Result]) -> Counter[str]:
    """How fifty threads were answered that handed a result in at once."""
    row = sessions.next_command(scope, session)
    start = threading.Barrier(50)
    heard: list[str] = []

    def hand_in(number: int) -> None:
        start.wait()
        try:
            sessions.handle_result(scope, session, row.id, result(number))
            heard.append("accepted")
        except Refused as refusal:
            heard.append(refusal.code)
        finally:
            disconnect()

    threads = [threading.Thread(target=hand_in, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(heard)


@sizes(10, 100)
def test_a_zombie_changes_nothing(bench: Bench, scope: Scope, chance: Chance, size: int) -> None:
    """`interlock run` is stopped in the middle of a command until its lease is over, another run
    takes the session to its end, and the first wakes up: it moves nothing, and its program ends."""
    for _ in range(size):
        session = bench.errand({"first": ["hang"]})
        zombie = bench.begin(["run", session.id], NOWHERE)
        wait_until(partial(_acted, bench, session.id))
        _stop_between_writes(zombie)
        with tx():
            execute("UPDATE session SET lease_until = ? WHERE id = ?", (LONG_AGO, session.id))
        recent.forget()
        ended = sessions.run(scope, session.id, lambda command: Result(output="of the taker"))
        assert ended.status == "complete"
        before = list(sessions.history(scope, session.id))
        zombie.send_signal(signal.SIGCONT)
        zombie.communicate(timeout=LONG)
        recent.forget()
        assert list(sessions.history(scope, session.id)) == before, chance.told
        assert sessions.get(scope, session.id).version == ended.version
        assert sessions.verify(scope, session.id) == []
        wait_until(lambda: not bench.programs())
    chance.report("zombies", size)


def _acted(bench: Bench, session_id: str) -> bool:
    return (session_id, 1) in ledger.effects(bench.effects)


def _stop_between_writes(process: subprocess.Popen[str]) -> None:
    """Stop it at a moment at which it is not writing: SQLite has one writer, and who is stopped
    while it writes keeps all others waiting."""
    while True:
        process.send_signal(signal.SIGSTOP)
        with closing(apsw.Connection(location())) as other:
            other.set_busy_timeout(1000)
            try:
                other.execute("BEGIN IMMEDIATE; ROLLBACK")
            except apsw.BusyError:
                process.send_signal(signal.SIGCONT)
            else:
                return
