"""Whatever happens in which order: the log is whole, and the same seed makes the same log."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from interlock.sessions import recent
from interlock.store.connection import connect, disconnect, fetch
from tests.acceptance.user import User
from tests.chaos.scale import Chance, sizes
from tests.chaos.simulation import World

AGAIN = 10
"""One seed of so many is drawn twice."""


@sizes(6, 2000)
def test_any_order_of_turns_and_deaths_leaves_a_whole_log(
    user: User, quick_disk: Path, chance: Chance, size: int
) -> None:
    """Workers, clients who hand in by hand, cancels, deaths and leases that run out, as the seed
    has them: nothing is performed twice under one number, what was accepted is kept, and
    everything ends."""
    disconnect()
    template = quick_disk / "template.db"
    shutil.copy(user.data / "interlock.db", template)
    rows: Counter[str] = Counter()
    for number in range(size):
        seed = chance.randrange(10**9)
        digest, found = live(seed, template, quick_disk)
        rows += found
        if number % AGAIN == 0:
            again = live(seed, template, quick_disk)
            assert again == (digest, found), f"seed {seed} drew another log"
    assert rows["unknown"], chance.told
    assert rows["late_result"], chance.told
    chance.report("worlds", size)
    chance.report("rows", dict(rows))


def live(seed: int, template: Path, folder: Path) -> tuple[str, Counter[str]]:
    """The digest of the log of one world, and how many rows of each status it has."""
    file = folder / "world.db"
    shutil.copy(template, file)
    connect(f"sqlite:///{file}")
    recent.forget()
    with pytest.MonkeyPatch.context() as patch:
        world = World(seed, patch)
        digest = world.run()
        assert world.faults == [], f"seed {seed}"
        found = Counter(status for (status,) in fetch("SELECT status FROM interaction"))
        found["late_result"] = len(fetch("SELECT 1 FROM event WHERE type = 'late_result'"))
    disconnect()
    for end in ("", "-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)
    return digest, found
