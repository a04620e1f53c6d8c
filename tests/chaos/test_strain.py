"""Too many writers, a disk without room, a session that kills whoever runs it."""

import json
import signal
import statistics
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from interlock import Scope, sessions
from tests.acceptance.user import COMMAND, User
from tests.chaos import ledger
from tests.chaos.bench import LONG, Bench
from tests.chaos.conftest import url_of
from tests.chaos.scale import Chance, sizes
from tests.sessions.processes import ROOT

WRITERS = 32
P99_SECONDS = 0.25
"""Of 100 writes 99 are done by then, where nothing else runs."""
DISK = "6m"
MOUNT = 'mount -t tmpfs -o size="$0" none "$1" && shift && exec "$@"'


@pytest.mark.alone
@sizes(20, 300)
def test_nobody_hears_of_a_lock(user: User, scope: Scope, chance: Chance, size: int) -> None:
    """32 processes write to one file for so many seconds: none is told that it is locked, and
    everything is there."""
    command = [sys.executable, "-m", "tests.chaos.contention_process", url_of(user), str(size)]
    writers = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=user.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(WRITERS)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    took: list[float] = []
    faults: list[str] = []

    def follow(writer: subprocess.Popen[str]) -> None:
        said, told = writer.communicate("go\n", timeout=LONG)
        took.extend(json.loads(said or "[]"))
        faults.extend([told] if told or writer.returncode else [])

    threads = [threading.Thread(target=follow, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    found = list(ledger.every(scope))
    assert {one.status for one in found} == {"cancelled"}
    assert sum(one.seq for one in found) >= len(took)
    ledger.require_sound(user, chance.told)
    parts = statistics.quantiles(took, n=100)
    chance.report("results", len(took))
    chance.report("p50_ms", round(1000 * parts[49], 1))
    chance.report("p99_ms", round(1000 * parts[98], 1))
    chance.report("most_ms", round(1000 * max(took), 1))
    if chance.much:
        assert parts[98] <= P99_SECONDS, chance.told


@sizes(3, 50)
def test_a_full_disk_loses_nothing(user: User, tmp_path: Path, chance: Chance, size: int) -> None:
    """On a small disk of its own where one may be mounted, else with files of a limited size: what
    was acknowledged is there, an error is one line, reading goes on, and with room writing does."""
    place = tmp_path / "disk"
    place.mkdir()
    program = [sys.executable, "-m", "tests.chaos.full_disk_process", str(place), str(size)]
    small = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, DISK, str(place)]
    words = [*small, *program] if _works([*small, "true"]) else program
    done = subprocess.run(
        words, cwd=ROOT, env=user.environ, capture_output=True, text=True, timeout=LONG
    )
    assert (done.stderr, done.returncode) == ("", 0)
    chance.report("kept", done.stdout.strip())


def _works(words: list[str]) -> bool:
    try:
        return subprocess.run(words, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    "user", ["sqlite", pytest.param("postgres", marks=pytest.mark.chaos)], indirect=True
)
def test_a_session_that_kills_its_worker_stops_nobody_else(
    bench: Bench, user: User, scope: Scope, chance: Chance
) -> None:
    """The first of a hundred, and two workers that are started again when they are killed: it is
    parked after it has killed three, and all others are complete, each after one command."""
    poison = bench.errand({"only": ["effect-then-die"]}, kind="chore", queue="default").id
    ids = [bench.errand(kind="chore", queue="default").id for _ in range(99)]
    command = [COMMAND, "worker", "--drain", "--concurrency", "1"]

    def begin() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=user.project,
            env=user.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    workers, deaths = [begin(), begin()], 0
    for worker in workers:
        running = worker
        while running.wait(LONG) == -signal.SIGKILL:
            deaths += 1
            running = begin()
        assert running.returncode == 0
    assert deaths == 3
    rows = list(sessions.history(scope, poison))
    assert [row.status for row in rows] == ["unknown"] * 3 + ["open"]
    assert getattr(rows[-1].command, "about", None) == "parked"
    assert {sessions.get(scope, one).status for one in ids} == {"complete"}
    acted = ledger.effects(bench.effects)
    assert {place: len(tokens) for place, tokens in acted.items()} == {
        **{(poison, seq): 1 for seq in (1, 2, 3)},
        **{(one, 1): 1 for one in ids},
    }
    ledger.require_sound(user, chance.told)
