"""A process is killed at one point of its work, once and twice in a row: what ran and was not seen
is told as unknown, and nothing else ran twice."""

import signal
from pathlib import Path

import pytest

from interlock import Session, sessions
from interlock.engine.errors import SessionEnded
from tests.acceptance.user import wait_until
from tests.chaos import ledger
from tests.chaos.bench import LONG, NOWHERE, Bench

POINTS = {
    "before the claim": ("interlock.store.records", "claim", "before", 1),
    "in the claim": ("interlock.store.records", "claim", "after", 1),
    "after the claim": ("interlock.sessions.lease", "Lease.claim", "after", 1),
    "before a row is written": ("interlock.store.rows", "Writing.perform", "before", 1),
    "after a row is written": ("interlock.store.rows", "Writing.perform", "after", 1),
    "between result and next row": ("interlock.store.rows", "Writing.perform", "after", 2),
    "before the first commit": ("interlock.store.connection", "tx.__exit__", "before", 1),
    "after the first commit": ("interlock.store.connection", "tx.__exit__", "after", 1),
    "before a spawn": ("interlock.environments.child", "_start_supervisor", "before", 1),
    "after a spawn": ("interlock.environments.child", "_start_supervisor", "after", 1),
    "before the second spawn": ("interlock.environments.child", "_start_supervisor", "before", 2),
    "after the effect": ("interlock.environments.process", "_finish", "before", 1),
    "before the result is recorded": ("interlock.sessions.runner", "_hand_back", "before", 1),
    "before a save": ("interlock.store.records", "save", "before", 2),
    "after a save": ("interlock.store.records", "save", "after", 2),
    "before an acknowledgement": ("interlock.sessions.recent", "keep", "before", 2),
    "after an acknowledgement": ("interlock.sessions.runner", "_hand_back", "after", 1),
    "before a renewal": ("interlock.store.records", "renew", "before", 1),
    "after a renewal": ("interlock.store.records", "renew", "after", 1),
    "before the release": ("interlock.store.records", "release", "before", 1),
    "after the release": ("interlock.store.records", "release", "after", 1),
}
LITTLE = ("after a spawn", "before the result is recorded", "before an acknowledgement")
KINDS = 6  # of processes that the program starts
CANCELLING = {
    "before the cancel": ("interlock.sessions.lifecycle", "_cancel", "before", 1),
    "in the cancel": ("interlock.sessions.lifecycle", "_cancel", "after", 1),
    "after the cancel": ("interlock.sessions.work", "Work.__exit__", "after", 1),
}


@pytest.mark.parametrize(
    ("name", "times"),
    [
        *((name, 1) for name in LITTLE),
        *(
            pytest.param(name, times, marks=pytest.mark.chaos)
            for name in POINTS
            for times in (1, 2)
            if times == 2 or name not in LITTLE
        ),
    ],
)
def test_a_run_that_is_killed_at_a_point_goes_on(bench: Bench, name: str, times: int) -> None:
    """Once, and twice in a row."""
    modes = {"first": ["slow", "60"]} if "renewal" in name else {}
    session = bench.errand(modes)
    for _ in range(times):
        bench.die(["run", session.id], POINTS[name])
    if modes:
        _let_it_be_quick(bench, session)
        return
    bench.require_whole(session, times)


def _let_it_be_quick(bench: Bench, session: Session) -> None:
    """A command that would take too long was lost with its process; that is told, and its
    program is gone."""
    row = sessions.next_command(bench.scope, session.id)
    assert row.status == "open"
    sessions.cancel(bench.scope, session.id)
    (*lost, last) = sessions.history(bench.scope, session.id)
    assert {one.status for one in lost if one.seq < row.seq} <= {"unknown"}
    assert last.command.kind == "call"
    assert sessions.verify(bench.scope, session.id) == []


@pytest.mark.parametrize(
    ("step", "mode", "times"),
    [
        pytest.param("second", "effect-then-die", 1, id="once"),
        *(
            pytest.param(step, mode, times, marks=pytest.mark.chaos)
            for step in ("first", "third")
            for mode in ("effect-then-die", "die-then-effect")
            for times in (1, 2)
        ),
    ],
)
def test_an_effect_that_kills_who_waits_for_it_is_unknown(
    bench: Bench, step: str, mode: str, times: int
) -> None:
    """The program did its work, or had not begun, when `interlock run` was gone: its row says that
    nobody saw the end, once for each time, and after three a person is asked."""
    session = bench.errand({step: [mode]})
    for _ in range(times):
        assert bench.user("run", session.id).returncode == -signal.SIGKILL
    rows = [row for row in sessions.history(bench.scope, session.id) if row.step == step]
    assert [row.status for row in rows] == [*["unknown"] * (times - 1), "open"]
    acted = ledger.effects(bench.effects)
    places = [len(acted.get((session.id, row.seq), [])) for row in rows]
    assert places == [int(mode == "effect-then-die")] * times
    for _ in range(3 - times):
        assert bench.user("run", session.id).returncode == -signal.SIGKILL
    assert bench.user("run", session.id).returncode != -signal.SIGKILL
    asked = sessions.next_command(bench.scope, session.id)
    assert getattr(asked.command, "about", None) == "parked"
    assert sessions.verify(bench.scope, session.id) == []


@pytest.mark.chaos
@pytest.mark.parametrize("name", CANCELLING)
@pytest.mark.parametrize("times", [1, 2])
def test_a_cancel_that_is_killed_has_happened_or_has_not(
    bench: Bench, name: str, times: int
) -> None:
    """Never half: the next cancel ends the session, or finds it ended; the log is whole."""
    session = bench.errand()
    sessions.next_command(bench.scope, session.id)
    happened = name == "after the cancel"
    for _ in range(1 if happened else times):
        bench.die(["cancel", session.id], CANCELLING[name])
    found = sessions.get(bench.scope, session.id)
    assert found.status == ("cancelled" if happened else "active")
    try:
        sessions.cancel(bench.scope, session.id)
    except SessionEnded:
        assert happened
    assert sessions.get(bench.scope, session.id).status == "cancelled"
    assert sessions.verify(bench.scope, session.id) == []


@pytest.mark.chaos
@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("mode", ["hang", "fork-tree", "ignore-TERM"])
def test_what_a_killed_run_leaves_is_gone(bench: Bench, tmp_path: Path, mode: str) -> None:
    """kill -9 of `interlock run` while its program hangs, has children everywhere or is deaf: all
    of them end."""
    marks = tmp_path / "marks"
    marks.mkdir()
    words = ["hang", str(marks), str(bench.effects)] if mode == "fork-tree" else []
    session = bench.errand({"first": [mode, *words]})
    process = bench.begin(["run", session.id], NOWHERE)
    wait_until(lambda: bool(ledger.lines(bench.effects)))
    wait_until(lambda: mode != "fork-tree" or len([*marks.iterdir()]) == KINDS)
    assert bench.programs()
    process.kill()
    process.communicate(timeout=LONG)
    wait_until(lambda: not bench.programs())
    assert [row.status for row in sessions.history(bench.scope, session.id)] == ["open"]
    sessions.cancel(bench.scope, session.id)
    assert sessions.verify(bench.scope, session.id) == []


@pytest.mark.chaos
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["flood", "20", "20"], "complete"),
        (["garbage"], "complete"),
        (["crash"], "failed"),
    ],
    ids=["flood", "garbage", "crash"],
)
def test_what_a_bad_program_prints_breaks_nothing(
    bench: Bench, words: list[str], status: str
) -> None:
    """The session ends, and its log is whole."""
    session = bench.errand({"third": words})
    assert bench.user("run", session.id).returncode in (0, 1)
    assert sessions.get(bench.scope, session.id).status == status
    assert sessions.verify(bench.scope, session.id) == []
    assert sessions.check(bench.scope, session.id) == []
