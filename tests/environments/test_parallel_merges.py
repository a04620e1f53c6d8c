"""Sessions in clones of one repository that merge into the same branch."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest

from interlock.environments import clone, store_git
from interlock.environments.workspace import Workspace
from tests.environments.clone_desk import CloneDesk, enter_machine
from tests.environments.working_copy import WorkingCopy


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkingCopy:
    """The user's repository, on branch main with one commit."""
    copy = WorkingCopy(tmp_path)
    enter_machine(copy, tmp_path / "data", monkeypatch)
    return copy


def prepare(copy: WorkingCopy, name: str, text: str) -> CloneDesk:
    """A session that has committed a file, and can merge it."""
    desk = CloneDesk(copy)
    desk.sh(f"echo {text} > {name}")
    assert desk.call("commit", message=text).ok
    return desk


def deliver_together(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """The first merges of that many sessions are all made before one of them is delivered."""
    barrier = Barrier(count)
    met: set[str] = set()

    def deliver(ours: Workspace, branch: str, *, tag: str, stop: Event) -> None:
        if tag not in met:
            met.add(tag)
            barrier.wait(60)
        store_git.deliver(ours, branch, tag=tag, stop=stop)

    monkeypatch.setattr(clone, "deliver", deliver)


@pytest.mark.parametrize("place", ["main", "elsewhere"])
def test_two_that_merge_at_once_are_both_merged(
    copy: WorkingCopy, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Whichever is second takes in the first; also where the user has the branch checked out."""
    if place != "main":
        copy.git("switch", "--quiet", "--create", place)
    desks = [prepare(copy, f"{name}.txt", name) for name in ("one", "two")]
    deliver_together(monkeypatch, 2)
    with ThreadPoolExecutor(2) as pool:
        done = list(
            pool.map(lambda desk: desk.call("merge", branch=desk.ours.branch, into="main"), desks)
        )
    assert [result.error for result in done] == [None, None]
    names = copy.git("ls-tree", "--name-only", "main").split()
    assert names == ["base.txt", "one.txt", "two.txt"]
    assert copy.state == (place, "")
    copy.git("fsck", "--strict")


def test_the_second_of_two_that_changed_the_same_is_told(
    copy: WorkingCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The conflict names the file, and its own work is as it was."""
    desks = [prepare(copy, "base.txt", name) for name in ("one", "two")]
    deliver_together(monkeypatch, 2)
    with ThreadPoolExecutor(2) as pool:
        done = list(
            pool.map(lambda desk: desk.call("merge", branch=desk.ours.branch, into="main"), desks)
        )
    (won,) = [desk for desk, result in zip(desks, done, strict=True) if result.ok]
    (lost,) = [desk for desk in desks if desk is not won]
    (fault,) = [str(result.error) for result in done if not result.ok]
    assert "conflicts in base.txt; all is as it was before" in fault
    assert copy.read("base.txt") == (won.tree / "base.txt").read_text()
    assert (lost.tree / "base.txt").read_text() != copy.read("base.txt")
    assert copy.state == ("main", "")
    assert lost.stored("branch", "--show-current") == lost.ours.branch


def test_a_target_that_moves_each_time_is_told_at_last(
    copy: WorkingCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tries are counted."""
    desk = prepare(copy, "new.txt", "one")
    copy.git("switch", "--quiet", "--create", "elsewhere")
    tries: list[str] = []

    def deliver(ours: Workspace, branch: str, *, tag: str, stop: Event) -> None:
        tries.append(branch)
        moved = copy.git("commit-tree", "-p", "main", "-m", "On", "main^{tree}")
        copy.git("update-ref", "refs/heads/main", moved)
        store_git.deliver(ours, branch, tag=tag, stop=stop)

    monkeypatch.setattr(clone, "deliver", deliver)
    told = desk.call("merge", branch=desk.ours.branch, into="main")
    assert (told.status, len(tries)) == ("error", clone.TRIES)
    assert "main in" in str(told.error)
    assert desk.stored("branch", "--show-current") == desk.ours.branch
    assert copy.git("log", "--format=%s", "main").splitlines() == ["On", "On", "On", "Begin"]
