"""The real Aider, against a scripted model server on the loopback."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real_agents.aider import AIDER, play
from tests.real_agents.desk import Desk
from tests.real_agents.programs import NotInstalled, locate, version

pytestmark = pytest.mark.real_agents


@pytest.fixture(autouse=True)
def installed(record_property: Callable[[str, object], None]) -> None:
    """Where Aider is not installed, the summary of the tests names it."""
    try:
        locate(AIDER)
        record_property("real agent", f"{AIDER.name} {version(AIDER)}")
    except NotInstalled as error:
        record_property("real agent", AIDER.name)
        pytest.skip(str(error))


def subjects(repo: Path) -> list[str]:
    """The subjects of all commits, the last one first."""
    log = ("git", "log", "--format=%s")
    told = subprocess.run(log, cwd=repo, capture_output=True, text=True, check=True)
    return told.stdout.splitlines()


@pytest.mark.parametrize("case", ["success", "error-429", "cut-once"])
def test_it_edits_and_commits(desk: Desk, case: str) -> None:
    """It writes what the model says and commits it, also after an error that passes."""
    run, _ = play(case, desk)
    assert run.code == 0, run.story
    assert desk.path.read_text() == "hi\n", run.story
    assert subjects(desk.repo) == ["Add a greeting", "Begin"], run.story
    assert "Applied edit to hello.txt" in run.stdout


def test_its_exit_code_hides_a_wrong_key(desk: Desk) -> None:
    """With a key that is refused it changes nothing and exits 0; only its text says so."""
    run, server = play("error-401", desk)
    assert run.code == 0, run.story
    assert not desk.path.exists()
    assert "AuthenticationError" in run.stdout
    assert [request.status for request in server.requests] == [401]
