"""A process that lives through worlds, each of a seed; prints what became of each, as JSON.

python -m tests.chaos.world_process TEMPLATE FOLDER SEED...

TEMPLATE is a database with nothing in it, FOLDER one of its own for this process.
"""

import json
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from interlock.sessions import recent
from interlock.store.connection import connect, disconnect, fetch
from tests.chaos.simulation import World


def live(seed: int, template: Path, folder: Path) -> dict[str, Any]:
    """The digest of the log of one world, how many rows of each status it has, and its faults."""
    file = folder / "world.db"
    shutil.copy(template, file)
    connect(f"sqlite:///{file}")
    recent.forget()
    with pytest.MonkeyPatch.context() as patch:
        world = World(seed, patch)
        digest = world.run()
        rows = Counter(status for (status,) in fetch("SELECT status FROM interaction"))
        rows["late_result"] = len(fetch("SELECT 1 FROM event WHERE type = 'late_result'"))
    disconnect()
    for end in ("", "-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)
    return {"seed": seed, "digest": digest, "rows": rows, "faults": world.faults}


def main(template: str, folder: str, *seeds: str) -> None:
    """Live through all of them."""
    for seed in seeds:
        sys.stdout.write(json.dumps(live(int(seed), Path(template), Path(folder))) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
