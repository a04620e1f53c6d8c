"""What the user's repository gets of a session in a clone: branches, and merges into theirs."""

from pathlib import Path

import pytest

from interlock.environments.plumbing import Plumbing
from tests.environments.clone_desk import CloneDesk, ask_git, enter_machine
from tests.environments.working_copy import WorkingCopy


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CloneDesk:
    """A session that has done nothing yet."""
    copy = WorkingCopy(tmp_path)
    enter_machine(copy, tmp_path / "data", monkeypatch)
    return CloneDesk(copy)


def test_a_commit_is_offered_to_the_repository(desk: CloneDesk) -> None:
    """As the session's branch, and the user's own branch and files stay."""
    desk.sh("echo 1 > new.txt")
    result = desk.call("commit", message="Add it")
    branch = desk.ours.branch
    assert (result.status, result.data["offered"]) == ("ok", branch)
    assert desk.copy.git("log", "-1", "--format=%s %an", branch) == "Add it Ada"
    assert desk.copy.git("show", f"{branch}:new.txt") == "1"
    assert desk.copy.state == ("main", "")


def test_commits_of_the_agent_itself_are_kept(desk: CloneDesk) -> None:
    """Those it made on the session's branch come along, and what it left uncommitted is added."""
    desk.sh("echo 1 > a; git add a; git commit -qm Theirs; echo 2 > b")
    desk.call("commit", message="Ours")
    log = desk.copy.git("log", "--format=%s", desk.ours.branch)
    assert log.splitlines() == ["Ours", "Theirs", "Begin"]


def test_a_history_that_the_agent_rewrote_is_left_alone(desk: CloneDesk) -> None:
    """Its files are committed on what was there."""
    desk.sh("echo 1 > a; git checkout -q --orphan other; git add -A; git commit -qm Rewritten")
    desk.call("commit", message="Ours")
    log = desk.copy.git("log", "--format=%s", desk.ours.branch)
    assert log.splitlines() == ["Ours", "Begin"]
    assert desk.copy.git("show", f"{desk.ours.branch}:a") == "1"


def test_branch_commit_and_merge_end_in_the_users_branch(desk: CloneDesk) -> None:
    """Where the user has it checked out and nothing is changed, the files come along."""
    desk.call("branch", name="topic")
    desk.sh("echo 1 > new.txt")
    assert desk.call("commit", message="Topic", branch="topic").data["offered"] == "topic"
    merged = desk.call("merge", branch="topic", into="main")
    assert merged.ok, merged
    assert desk.copy.git("rev-parse", "main") == merged.data["commit"]
    assert desk.copy.read("new.txt") == "1\n"
    assert desk.copy.state == ("main", "")


def test_a_merge_takes_in_what_the_user_did_meanwhile(desk: CloneDesk) -> None:
    """The target is fetched first."""
    desk.sh("echo 1 > new.txt")
    desk.call("commit", message="Topic")
    desk.copy.write("meanwhile.txt", "x")
    desk.copy.save("Meanwhile")
    desk.copy.git("switch", "--quiet", "--create", "elsewhere")
    merged = desk.call("merge", branch=desk.ours.branch, into="main")
    assert merged.ok, merged
    assert desk.copy.git("show", "main:meanwhile.txt", "main:new.txt") == "x1"
    assert desk.copy.state == ("elsewhere", "")


def test_two_branches_are_merged_one_after_the_other(desk: CloneDesk) -> None:
    """The work is on the target then, and the user has gone on there too."""
    for name in ("one", "two"):
        desk.call("branch", name=name)
        desk.sh(f"echo 1 > {name}.txt")
        desk.call("commit", message=name)
        desk.call("branch", name="main")
    for name in ("one", "two"):
        desk.copy.write(f"user-{name}.txt", "x")
        desk.copy.save(f"User {name}")
        merged = desk.call("merge", branch=name, into="main")
        assert merged.ok, merged
        assert desk.copy.read(f"{name}.txt") == "1\n"
    assert desk.copy.state == ("main", "")


def test_a_merge_that_the_user_is_in_the_way_of_is_undone(desk: CloneDesk) -> None:
    """Their change would be overwritten: it is told, and the same merge works afterwards."""
    desk.sh("echo 1 > base.txt")
    desk.call("commit", message="Topic")
    desk.copy.write("base.txt", "mine\n")
    refused = desk.call("merge", branch=desk.ours.branch, into="main")
    assert refused.status == "error"
    assert "main in" in str(refused.error)
    assert "base.txt" in str(refused.error)
    assert desk.copy.read("base.txt") == "mine\n"
    desk.copy.git("checkout", "--quiet", "base.txt")
    assert desk.call("merge", branch=desk.ours.branch, into="main").ok
    assert desk.copy.read("base.txt") == "1\n"


def test_a_merge_is_undone_also_where_the_work_is_on_the_target(desk: CloneDesk) -> None:
    """The next try begins where this one did, with what the user has done meanwhile."""
    desk.sh("echo 1 > base.txt")
    desk.call("commit", message="Topic", branch="topic")
    desk.call("branch", name="main")
    desk.copy.write("base.txt", "mine\n")
    assert desk.call("merge", branch="topic", into="main").status == "error"
    assert desk.sh("cat base.txt") == "one\ntwo\nthree\n"
    desk.copy.git("checkout", "--quiet", "base.txt")
    desk.copy.write("more.txt", "x")
    desk.copy.save("More")
    assert desk.call("merge", branch="topic", into="main").ok
    assert desk.copy.read("base.txt") == "1\n"
    assert desk.copy.state == ("main", "")


def test_the_branch_of_another_session_is_merged(desk: CloneDesk) -> None:
    """As a parent does with those of its children: it is fetched."""
    desk.sh("true")
    child = CloneDesk(desk.copy)
    child.sh("echo 1 > child.txt")
    branch = child.call("commit", message="Child").data["offered"]
    assert desk.call("merge", branch=branch, into="main").ok
    assert desk.copy.read("child.txt") == "1\n"


def test_a_branch_that_children_went_on_with_is_taken_along(desk: CloneDesk) -> None:
    """One after the other commits on it in a clone of its own, then the parent does."""
    desk.call("branch", name="topic")
    for name in ("one", "two"):
        child = CloneDesk(desk.copy)
        child.call("branch", name="topic")
        child.sh(f"echo 1 > {name}.txt")
        assert child.call("commit", message=name, branch="topic").data["offered"] == "topic"
    desk.sh("echo 1 > parent.txt")
    assert desk.call("commit", message="parent", branch="topic").data["offered"] == "topic"
    log = desk.copy.git("log", "--format=%s", "topic").splitlines()
    assert log == ["parent", "two", "one", "Begin"]
    assert desk.sh("ls").split() == ["base.txt", "one.txt", "parent.txt", "two.txt"]


def test_commits_that_could_not_be_offered_are_not_lost(desk: CloneDesk) -> None:
    """The user is on the branch of that name; coming back to it keeps it."""
    desk.call("branch", name="topic")
    desk.sh("echo 1 > new.txt")
    desk.copy.git("switch", "--quiet", "--create", "topic")
    desk.copy.write("other.txt", "x")
    desk.copy.save("Other")
    made = desk.call("commit", message="Ours").data
    assert made["offered"] is None
    desk.call("branch", name="main")
    assert desk.call("branch", name="topic").ok
    assert desk.sh("cat new.txt") == "1\n"
    assert desk.stored("rev-parse", "topic") == made["commit"]


@pytest.mark.parametrize("checks", ["true", "false"])
def test_a_branch_of_the_user_is_never_moved_aside(desk: CloneDesk, checks: str) -> None:
    """One that has parted from the session's stays, whatever the user's git is told to check."""
    desk.copy.git("config", "--global", "fetch.showForcedUpdates", checks)
    desk.call("branch", name="topic")
    desk.sh("echo 1 > new.txt")
    assert desk.call("commit", message="First").data["offered"] == "topic"
    desk.copy.git("switch", "--quiet", "--force-create", "topic", "main")
    desk.copy.write("other.txt", "x")
    desk.copy.save("Other")
    desk.copy.git("switch", "--quiet", "main")
    desk.sh("echo 2 > new.txt")
    told = desk.call("commit", message="Ours")
    assert told.data["offered"] is None
    assert "could not take it as topic: " in told.output
    assert desk.copy.git("log", "-1", "--format=%s", "topic") == "Other"


def test_a_branch_that_cannot_be_offered_is_told(desk: CloneDesk) -> None:
    """The commit is made all the same."""
    desk.call("branch", name="topic")
    desk.copy.git("branch", "topic")
    desk.copy.git("switch", "--quiet", "topic")
    desk.sh("echo 1 > new.txt")
    result = desk.call("commit", message="Topic")
    assert result.ok
    assert result.data["offered"] is None
    assert "could not take it as topic: " in result.output


def test_a_merge_whose_engine_was_killed_is_begun_again(desk: CloneDesk) -> None:
    """What the first one left in the work tree is taken back."""
    desk.sh("echo mine > base.txt")
    desk.call("commit", message="Ours")
    desk.copy.write("base.txt", "theirs\n")
    desk.copy.save("Theirs")
    ask_git(desk.ours.store, "fetch", "-q", str(desk.copy.folder), "+main:main")
    git = Plumbing(desk.tree, desk.ours.store, index=desk.ours.store / "index", trusting=True)
    assert git.ask("merge", "main").returncode == 1
    assert "<<<<" in (desk.tree / "base.txt").read_text()
    result = desk.call("merge", branch=desk.ours.branch, into="main")
    assert "conflicts in base.txt" in str(result.error)
    assert (desk.tree / "base.txt").read_text() == "mine\n"
