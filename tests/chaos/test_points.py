"""A process is killed at one point of its work, once and twice in a row: what ran and was not seen
is told as unknown, and nothing else ran twice."""

import signal
from collections.abc import Iterable
from itertools import product
from pathlib import Path

import pytest

from interlock import Result, Session, sessions
from interlock.engine.errors import SessionEnded
from tests.acceptance.user import wait_until
from tests.chaos import ledger
from tests.chaos.bench import LONG, NOWHERE, Bench
from tests.chaos.conftest import KINDS

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
    "before the last release": ("interlock.store.records", "release", "before", 1),
    "after the last release": ("interlock.store.records", "release", "after", 1),
}
WAITING = ("before the release", "after the release")
"""Points of a run that finds nothing to do but to wait."""
ON_A_SERVER = "between result and next row"
"""The point that `make test` tries there too: in the middle of a transaction."""
STARTED = 6  # processes, by the program
CANCELLING = {
    "before the cancel": ("interlock.sessions.lifecycle", "_cancel", "before", 1),
    "before its row is written": ("interlock.store.rows", "Writing.perform", "before", 1),
    "after its row is written": ("interlock.store.rows", "Writing.perform", "after", 1),
    "in the cancel": ("interlock.sessions.lifecycle", "_cancel", "after", 1),
    "before its commit": ("interlock.store.connection", "tx.__exit__", "before", 1),
    "after the cancel": ("interlock.sessions.work", "Work.__exit__", "after", 1),
}
LAST = ("before the last release", "after the last release", "after the cancel")
"""Points at which a session has ended, so that no other process comes there."""
DEADLY = ("effect-then-die", "die-then-effect")
"""What programs do that kill who waits for them."""
ON_BOTH = pytest.mark.parametrize("user", KINDS, indirect=True)


def cases(points: Iterable[str]) -> list[object]:
    """Each point on both kinds of database, once and twice; in `make test` once on a file, and one
    on a server."""
    return [
        pytest.param(kind, name, times, marks=() if little else pytest.mark.chaos)
        for kind, name, times in product(KINDS, points, (1, 2))
        for little in [times == 1 and (kind == "sqlite" or name == ON_A_SERVER)]
        if times == 1 or name not in LAST
    ]


@pytest.mark.parametrize(("user", "name", "times"), cases(POINTS), indirect=["user"])
def test_a_run_that_is_killed_at_a_point_goes_on(bench: Bench, name: str, times: int) -> None:
    """Once, and twice in a row."""
    modes = {"first": ["slow", "60"]} if "renewal" in name else {}
    session = bench.errand(modes, kind="asked" if name in WAITING else "errand")
    for _ in range(times):
        bench.die(["run", session.id], POINTS[name])
    if modes:
        _require_lost(bench, session, times)
    elif name in WAITING:
        sessions.answer(bench.scope, session.id, "approve")
        bench.require_whole(session, 0)
    else:
        bench.require_whole(session, times)


def _require_lost(bench: Bench, session: Session, times: int) -> None:
    """A command that would take long was lost with its process: so many rows tell of it, and its
    program is gone."""
    wait_until(lambda: not bench.programs())
    sessions.run(bench.scope, session.id, lambda command: Result())
    rows = sessions.history(bench.scope, session.id)
    assert [row.status for row in rows] == [*["unknown"] * times, *["done"] * 3]
    assert sessions.verify(bench.scope, session.id) == []


@pytest.mark.parametrize(
    ("user", "step", "mode", "times"),
    [
        pytest.param("sqlite", "second", "effect-then-die", 1, id="once"),
        *(
            pytest.param(*one, marks=pytest.mark.chaos)
            for one in product(KINDS, ("first", "third"), DEADLY, (1, 2))
        ),
    ],
    indirect=["user"],
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


@pytest.mark.parametrize(("user", "name", "times"), cases(CANCELLING), indirect=["user"])
def test_a_cancel_that_is_killed_has_happened_or_has_not(
    bench: Bench, name: str, times: int
) -> None:
    """Never half: the next cancel ends the session, or finds it ended; the log is whole."""
    session = bench.errand()
    sessions.next_command(bench.scope, session.id)
    for _ in range(times):
        bench.die(["cancel", session.id], CANCELLING[name])
    if name in LAST:
        with pytest.raises(SessionEnded):
            sessions.cancel(bench.scope, session.id)
    else:
        assert sessions.get(bench.scope, session.id).status == "active"
        sessions.cancel(bench.scope, session.id)
    assert sessions.get(bench.scope, session.id).status == "cancelled"
    functions = [
        getattr(row.command, "function", "") for row in sessions.history(bench.scope, session.id)
    ]
    assert functions == ["", "session.cancel"]
    assert sessions.verify(bench.scope, session.id) == []


@pytest.mark.chaos
@ON_BOTH
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
    wait_until(lambda: mode != "fork-tree" or len([*marks.iterdir()]) == STARTED)
    assert bench.programs()
    process.kill()
    process.communicate(timeout=LONG)
    wait_until(lambda: not bench.programs())
    assert [row.status for row in sessions.history(bench.scope, session.id)] == ["open"]
    sessions.cancel(bench.scope, session.id)
    assert sessions.verify(bench.scope, session.id) == []


@pytest.mark.chaos
@ON_BOTH
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
