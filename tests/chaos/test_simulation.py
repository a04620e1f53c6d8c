"""Whatever happens in which order: the log is whole, and the same seed makes the same log."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from interlock.store.connection import disconnect
from tests.acceptance.user import User
from tests.chaos.bench import LONG
from tests.chaos.scale import Chance, sizes
from tests.sessions.processes import ROOT

PROCESSES = 2
TOGETHER = 500
"""So many seeds are given to a process at most."""
AGAIN = 10
"""One seed of so many is lived through twice, by two processes."""


@sizes(200, 10_000)
def test_any_order_of_turns_and_deaths_leaves_a_whole_log(
    user: User, quick_disk: Path, chance: Chance, size: int
) -> None:
    """Workers, clients who hand in by hand, cancels, deaths and leases that run out, as the seed
    has them: nothing is performed twice under one number, what was accepted is kept, and
    everything ends."""
    disconnect()
    shutil.copy(user.data / "interlock.db", quick_disk / "template.db")
    seeds = chance.sample(range(10**9), size)
    most = min(TOGETHER, size // PROCESSES or 1)
    shares = [seeds[begin : begin + most] for begin in range(0, size, most)]
    again = [seeds[begin : begin + most : AGAIN] for begin in range(0, size, most)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        found = pool.map(partial(live, user, quick_disk), [*shares, *again])
        worlds = [world for some in found for world in some]
    assert {world["seed"]: world["faults"] for world in worlds if world["faults"]} == {}
    digests = {(world["seed"], world["digest"]) for world in worlds}
    assert len(digests) == size, "a seed drew another log when it was drawn again"
    rows: Counter[str] = Counter()
    for world in worlds:
        rows.update(world["rows"])
    assert rows["unknown"], chance.told
    assert rows["late_result"], chance.told
    chance.report("worlds", len(worlds))
    chance.report("rows", dict(rows))


def live(user: User, folder: Path, seeds: list[int]) -> list[dict[str, Any]]:
    """What became of the worlds of these seeds, in a process of their own."""
    words = [str(folder / "template.db"), tempfile.mkdtemp(dir=folder), *map(str, seeds)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.world_process", *words],
        cwd=ROOT,
        env=os.environ | user.environ,
        capture_output=True,
        text=True,
        timeout=LONG,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]
