"""Our own guards are taken out of a copy of the source, one at a time: a named test turns red."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.chaos.sabotages import SABOTAGES, SLOW, Sabotage

ROOT = Path(__file__).parents[2]
LONG = 1200


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the source, to be spoiled."""
    where = tmp_path / "src"
    shutil.copytree(ROOT / "src", where, ignore=shutil.ignore_patterns("__pycache__"))
    return where


def outcome(source: Path, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """What pytest says of tests that are run on another source."""
    options = ("-n0", "-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:randomly")
    # Options for the tests around it, such as an order, are not for these.
    outside = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(f"tests/{test}" for test in tests)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**outside, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=LONG,
    )


@pytest.mark.sabotage
@pytest.mark.parametrize(
    "sabotage",
    [
        pytest.param(
            one,
            id=one.name.replace(" ", "-"),
            marks=(pytest.mark.chaos, pytest.mark.timeout(LONG)) if one.name in SLOW else (),
        )
        for one in SABOTAGES
    ],
)
def test_a_guard_that_is_taken_out_is_missed(source: Path, sabotage: Sabotage) -> None:
    """The test that it is for fails, and it fails by itself: it can be collected and set up."""
    file = source / "interlock" / sabotage.file
    file.write_text(file.read_text().replace(sabotage.old, sabotage.new))
    done = outcome(source, [sabotage.test])
    assert done.returncode == 1, f"{sabotage.name} stays green:\n{done.stdout}{done.stderr}"
    assert f"FAILED tests/{sabotage.test}" in done.stdout, done.stdout


def test_each_sabotage_fits_the_source() -> None:
    """What it takes out is there once, and the test that it names is there."""
    for one in SABOTAGES:
        text = (ROOT / "src" / "interlock" / one.file).read_text()
        assert text.count(one.old) == 1, f"{one.name}: {one.file} has changed"
        file, _, test = one.test.partition("::")
        assert f"def {test}(" in (ROOT / "tests" / file).read_text(), one.test
    assert {one.name for one in SABOTAGES} >= set(SLOW)


@pytest.mark.chaos
@pytest.mark.timeout(LONG)
def test_all_of_them_are_green_on_the_source_as_it_is(source: Path) -> None:
    """So that what turned them red is the sabotage, and not the copy."""
    done = outcome(source, sorted({one.test for one in SABOTAGES}))
    assert done.returncode == 0, done.stdout
