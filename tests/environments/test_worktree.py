"""A session in a linked work tree of the user's repository."""

from pathlib import Path

import pytest

from interlock.environments import inventory, workspace
from interlock.environments.worktree import Worktree
from tests.environments.clone_desk import CloneDesk, enter_machine
from tests.environments.working_copy import WorkingCopy


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CloneDesk:
    """A session that has done nothing yet."""
    copy = WorkingCopy(tmp_path)
    enter_machine(copy, tmp_path / "data", monkeypatch)
    desk = CloneDesk(copy, environment="worktree")
    desk.environment = Worktree()
    return desk


def test_commits_are_in_the_repository_at_once(desk: CloneDesk) -> None:
    """On the session's branch; the user's files stay, and each step's are kept."""
    made = desk.shell("sh", "-c", "echo 1 > new.txt")
    assert made.data["before"] != made.data["after"]
    assert desk.call("commit", message="Ours").ok
    assert desk.copy.git("show", f"{desk.ours.branch}:new.txt") == "1"
    assert desk.copy.state == ("main", "")


def test_it_says_whom_it_is_for(desk: CloneDesk) -> None:
    """The agent can change the configuration that the user's own git obeys."""
    desk.sh("git config alias.x '!true'")
    assert "for trusted agents only" in desk.events[0][1]["text"]
    assert desk.copy.git("config", "alias.x") == "!true"


def test_it_can_be_removed(desk: CloneDesk) -> None:
    """The branch stays, and the repository forgets the work tree."""
    desk.sh("echo 1 > new.txt")
    (before,) = inventory.holdings()
    assert before.unsaved
    desk.call("commit", message="Ours")
    (holding,) = inventory.holdings()
    assert not holding.unsaved
    inventory.remove(holding)
    assert not workspace.place(desk.session.id).exists()
    assert len(desk.copy.git("worktree", "list").splitlines()) == 1
    assert "Ours" in desk.copy.git("log", "--all", "--format=%s")


def test_a_making_that_was_cut_short_is_made_again(
    desk: CloneDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its record is written the work tree is not there yet."""

    def die(ours: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("interlock.environments.worktree.keep", die)
        with pytest.raises(KeyboardInterrupt):
            desk.shell("true")
    desk.sh("echo 1 > new.txt")
    assert desk.call("commit", message="Ours").ok
    assert desk.copy.git("show", f"{desk.ours.branch}:new.txt") == "1"
