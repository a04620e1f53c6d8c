"""Any amount of output is taken with a small, constant amount of memory."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environments.conftest import Bench

MEASURED_RUN = Path(__file__).with_name("measured_run.py")


# The flood is of one letter, and the last value begins with it: there is always an end that may be
# the beginning of a value.
SECRETS = [*(f"{n:032x}" for n in range(20)), "xxxxxhunter22"]


@pytest.mark.parametrize(
    ("out", "err", "secrets"),
    [(300, 0, []), (150, 150, []), (30, 30, SECRETS)],
    ids=["stdout", "both", "secrets"],
)
def test_a_flood_does_not_fill_the_memory(
    bench: Bench, out: int, err: int, secrets: list[str]
) -> None:
    """300 MiB on lines without an end: counted, hashed, cut, in at most 64 MiB more memory; also
    while it is looked through for secrets."""
    flood = bench.fake("flood", str(out), str(err))
    command = [sys.executable, str(MEASURED_RUN), bench.tag, json.dumps(secrets), *flood]
    done = subprocess.run(command, cwd=bench.folder, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert report["code"] == 0
    assert report["sizes"] == [out * 2**20, err * 2**20]
    assert report["digests"] == [digest(out), digest(err)]
    assert report["grown_kib"] <= 64 * 1024
    assert report["kept"] <= 3 * (2**20 + 100)
    assert max(report["emitted"].values()) <= 2**20 + 100


def digest(mebibytes: int) -> str:
    """The digest of so many MiB of the letter x."""
    total = hashlib.sha256()
    for _ in range(mebibytes):
        total.update(b"x" * 2**20)
    return total.hexdigest()
