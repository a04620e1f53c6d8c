"""The power is cut at any moment: what was told as kept is there, and nothing is damaged."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from interlock import Command, Result, Shell, accounts, sessions
from interlock import database as file
from interlock.engine.errors import SessionNotFound
from interlock.sessions import recent
from interlock.store.connection import connect, disconnect
from tests.acceptance.user import User
from tests.chaos.bench import LONG
from tests.chaos.power_cut import Disk, Keep, lay_out
from tests.chaos.scale import Chance, sizes
from tests.chaos.traced_process import fingerprint
from tests.chaos.tracing import Event, read_trace
from tests.sessions.processes import ROOT

TURNS = 120
"""What is done while a trace is written, one thing after the other."""
MOMENTS = 75
"""So many moments of one trace at most."""


class Known:
    """What was heard up to a moment of a trace."""

    def __init__(self) -> None:
        self.commits: list[str] = []
        """What the database was like after each that has returned, as a digest."""
        self.accepted: dict[tuple[str, int], str] = {}
        self.deleted: set[str] = set()

    def follow(self, event: Event) -> None:
        """Hear what is said; a deletion that was begun may have happened."""
        match event:
            case ["commit", digest]:
                self.commits.append(digest)
            case ["accepted", session_id, seq, output]:
                self.accepted[session_id, seq] = output
            case ["deleting", session_id]:
                kept = {one: told for one, told in self.accepted.items() if one[0] != session_id}
                self.accepted = kept
            case ["deleted", session_id]:
                self.deleted.add(session_id)


def record(user: User, folder: Path, seed: int, *how: str) -> list[Event]:
    """What a process that worked with sessions did to its disk."""
    place, trace = folder / "traced", folder / "trace"
    place.mkdir()
    words = [str(place), str(trace), str(seed), str(TURNS), *how]
    subprocess.run(
        [sys.executable, "-m", "tests.chaos.traced_process", *words],
        cwd=ROOT,
        env=os.environ | user.environ,
        check=True,
        timeout=LONG,
    )
    shutil.rmtree(place)
    return list(read_trace(trace))


def draw_moments(trace: list[Event], chance: Chance, number: int) -> set[int]:
    """Moments of a trace as how many of its events have happened: half of them just after
    something was told, the others after whatever was done."""
    told = [at for at, event in enumerate(trace, 1) if event[0] in ("commit", "accepted")]
    half = set(chance.sample(told, min(number // 2, len(told))))
    others = sorted(set(range(1, len(trace) + 1)) - half)
    return half | set(chance.sample(others, min(number - len(half), len(others))))


def cut(trace: list[Event], moments: set[int], folder: Path, chance: Chance) -> Counter[str]:
    """What was lost by a cut at these moments, under each model of what becomes of that which was
    not flushed. Nothing else is wrong."""
    models: dict[str, Keep] = {
        "dropped": lambda: False,
        "torn": lambda: chance.random() < 0.5,
        "kept": lambda: True,
    }
    disk, known, lost = Disk(), Known(), Counter[str]()
    for at, event in enumerate(trace, 1):
        disk.follow(event)
        known.follow(event)
        if at not in moments:
            continue
        coming = next((later[1] for later in trace[at:] if later[0] == "commit"), None)
        for name, keep in models.items():
            place = folder / "cut"
            lay_out(disk.after(keep), place)
            commits, results = look(place, known, coming)
            lost[f"{name} commits"] += commits
            lost[f"{name} results"] += results
            lost[f"{name} states"] += 1
            shutil.rmtree(place)
    return lost


def look(folder: Path, known: Known, coming: str | None) -> tuple[int, int]:
    """How many commits and how many accepted results a database has lost, which is sound, as it was
    after one of its commits, and goes on."""
    recent.forget()
    connect(f"sqlite:///{folder}/interlock.db")
    now = fingerprint()
    commits = 0
    if known.commits and now != coming:
        assert now in known.commits, "it is as it never was"
        commits = known.commits[::-1].index(now)
    assert file.faults() == []
    for scope, session_id in file.every_session():
        assert sessions.verify(scope, session_id) == []
    results = sum(not has(*place, output) for place, output in known.accepted.items())
    if not commits:
        assert not known.deleted & {session_id for _, session_id in file.every_session()}
    go_on()
    disconnect()
    return commits, results


def has(session_id: str, seq: int, output: str) -> bool:
    """True when the row has this result."""
    scope = accounts.enter("acme", "site")
    try:
        rows = list(sessions.history(scope, session_id, after=seq - 1, limit=1))
    except SessionNotFound:
        return False
    return [row.result.output for row in rows if row.result is not None] == [output]


def go_on() -> None:
    """A session that was there comes to its end, and so does a new one."""
    scope = accounts.enter("acme", "site")
    left = sessions.find(scope, status="active", limit=1).sessions
    for session in (*left, sessions.create(scope, "talk")):
        ended = sessions.run(scope, session.id, finish)
        if ended.active:  # it had been lost three times in a row
            sessions.answer(scope, session.id, "retry")
            ended = sessions.run(scope, session.id, finish)
        assert ended.status == "complete"
        assert sessions.verify(scope, session.id) == []


def finish(command: Command) -> Result:
    """A result that leads to the end."""
    assert isinstance(command, Shell)
    return Result("done" if command.argv[0] in ("ask", "tell") else "ok")


@sizes(50, 1500)
def test_a_power_cut_takes_back_nothing(
    user: User, quick_disk: Path, chance: Chance, size: int
) -> None:
    """At any write, flush or answer, whether what was not flushed is lost, kept, or kept sector by
    sector: the database is as it was after the last commit that had returned, or the one that was
    under way; it is sound and goes on."""
    disconnect()
    lost: Counter[str] = Counter()
    while lost["kept states"] < size:
        trace = record(user, quick_disk, chance.randrange(10**6))
        moments = draw_moments(trace, chance, min(MOMENTS, size - lost["kept states"]))
        lost += cut(trace, moments, quick_disk, chance)
    assert {name for name in lost if not name.endswith("states")} == set(), chance.told
    chance.report("states", dict(lost))


@sizes(30, 100)
def test_a_power_cut_is_seen_where_commits_are_not_flushed(
    user: User, quick_disk: Path, chance: Chance, size: int
) -> None:
    """The same with a database that flushes at checkpoints only: results that were accepted are
    lost, unless everything that was written is kept. So the test above can fail."""
    disconnect()
    trace = record(user, quick_disk, chance.randrange(10**6), "--unflushed")
    lost = cut(trace, draw_moments(trace, chance, size), quick_disk, chance)
    assert lost["dropped results"], chance.told
    assert lost["dropped commits"], chance.told
    assert lost["torn commits"], chance.told
    assert not lost["kept commits"], chance.told
    chance.report("lost", dict(lost))
