"""Branches, commits, merges and differences are made as asked, or refused in words."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from interlock.engine import Result
from interlock.environments import git
from interlock.environments.repository import branch, commit, diff, merge
from interlock.environments.results import Refusal
from tests.environments.working_copy import WorkingCopy


@pytest.fixture
def copy(tmp_path: Path) -> WorkingCopy:
    """A repository on branch main with one commit."""
    return WorkingCopy(tmp_path)


@pytest.fixture
def unborn(tmp_path: Path) -> WorkingCopy:
    """A repository without a commit."""
    return WorkingCopy(tmp_path, commits=False)


def test_a_branch_is_made_or_switched_to_and_changes_come_along(copy: WorkingCopy) -> None:
    """Made once; the second time it is there already."""
    copy.write("base.txt", "changed\n")
    copy.write("new.txt", "new\n")
    assert branch(copy.at(), "side").data == {"branch": "side", "created": True}
    assert branch(copy.at(), "side").data == {"branch": "side", "created": False}
    assert branch(copy.at(), "main").data == {"branch": "main", "created": False}
    assert copy.state == ("main", " M base.txt\n?? new.txt")


def test_a_change_that_a_branch_would_overwrite_blocks_the_switch(copy: WorkingCopy) -> None:
    """The file is named, and nothing is lost; a new file is no exception."""
    branch(copy.at(), "side")
    copy.write("base.txt", "side\n")
    copy.write("new.txt", "side\n")
    copy.save("Side")
    branch(copy.at(), "main")
    for name in ("base.txt", "new.txt"):
        copy.write(name, "mine\n")
        before = copy.state
        with pytest.raises(Refusal, match=rf"cannot switch to side: .*{name}.*git stash"):
            branch(copy.at(), "side")
        with pytest.raises(Refusal, match="cannot switch to side"):
            commit(copy.at(), "Mine", "side")
        assert (copy.state, copy.read(name)) == (before, "mine\n")
        copy.git("checkout", "--quiet", "--", "base.txt")


@pytest.mark.parametrize("name", ["", "-f", "--orphan", "a b", "a..b", "HEAD", "@{-1}", "a\nb"])
def test_a_name_that_no_branch_can_have_is_refused(copy: WorkingCopy, name: str) -> None:
    """Also what git would take for an option or for another branch."""
    copy.git("switch", "--quiet", "--create", "other")
    copy.git("update-ref", "refs/heads/-f", "HEAD")  # made by force, and still no option
    attempts: list[Callable[[], Result]] = [
        lambda: branch(copy.at(), name),
        lambda: commit(copy.at(), "x", name),
        lambda: merge(copy.at(), name, "main"),
        lambda: merge(copy.at(), "main", name),
    ]
    for attempt in attempts:
        with pytest.raises(Refusal, match="cannot be the name of a branch"):
            attempt()
    assert copy.state == ("other", "")


@pytest.mark.parametrize(
    "name", ["$(touch canary)", "`touch${IFS}x`", "x;touch${IFS}x", "é/ü", "@"]
)
def test_an_odd_name_is_only_a_name(copy: WorkingCopy, name: str) -> None:
    """No shell ever sees it."""
    name = name.replace(" ", "${IFS}") if name != "@" else "a@b"
    assert branch(copy.at(), name).data["created"] is True
    copy.write("new.txt", "x")
    assert commit(copy.at(), name).data["branch"] == name
    branch(copy.at(), "main")
    assert merge(copy.at(), name, "main").data["merged"] is True
    assert sorted(path.name for path in copy.folder.iterdir()) == [".git", "base.txt", "new.txt"]


def test_a_branch_below_another_branch_is_refused(copy: WorkingCopy) -> None:
    """git keeps branches as files, and says so in its own words."""
    branch(copy.at(), "side")
    with pytest.raises(Refusal, match=r"side/inner cannot be made: .*'refs/heads/side' exists"):
        branch(copy.at(), "side/inner")


def test_every_change_is_committed(copy: WorkingCopy) -> None:
    """New, changed, deleted, renamed and executable files; they are named as they are."""
    copy.write("old.txt", "a long text that is easy to know again\n")
    copy.write("script", "#!/bin/sh\n")
    copy.save("More")
    copy.write("base.txt", "changed\n")
    copy.write("sub/new.txt", "new\n")
    (copy.folder / "old.txt").rename(copy.folder / "moved.txt")
    (copy.folder / "script").chmod(0o755)
    done = commit(copy.at(), "Change all\n\n# not a comment\n")
    assert done.data["files"] == ["base.txt", "moved.txt", "old.txt", "script", "sub/new.txt"]
    assert done.data["commit"] == copy.git("rev-parse", "HEAD")
    assert done.data["branch"] == "main"
    assert copy.git("log", "-1", "--format=%B") == "Change all\n\n# not a comment"
    assert copy.state == ("main", "")


NAMES = (
    *("plain", "with space", "-dash", "--all", ":(top)x", "ünï€", 'quo"té', "tab\there"),
    *("line\nbreak", "back\\slash", "\\x00", "*", "$(id)", "a;b"),
)


def test_odd_names_of_files_are_told_as_they_are(copy: WorkingCopy) -> None:
    """Whatever a file system takes for a name; a byte that is no text is made readable."""
    copy.git("config", "--global", "core.quotePath", "false")
    for name in NAMES:
        copy.write(name, "x")
    (copy.folder / os.fsdecode(b"bad\xff")).touch()
    files = commit(copy.at(), "Odd").data["files"]
    assert sorted(files) == sorted([*NAMES, "bad\\xff"])
    assert copy.state == ("main", "")


def test_a_commit_goes_to_the_branch_that_is_named(copy: WorkingCopy) -> None:
    """Made where it is missing; main stays where it was."""
    before = copy.git("rev-parse", "main")
    copy.write("new.txt", "x")
    done = commit(copy.at(), "Work", "interlock/work")
    assert (done.data["branch"], done.data["files"]) == ("interlock/work", ["new.txt"])
    assert copy.state == ("interlock/work", "")
    assert copy.git("rev-parse", "main") == before
    assert copy.git("rev-parse", "interlock/work^") == before


def test_nothing_to_commit_is_fine(copy: WorkingCopy) -> None:
    """No commit is made, and no file is named."""
    before = copy.git("rev-parse", "HEAD")
    done = commit(copy.at(), "Nothing")
    assert done.ok
    assert done.data == {"commit": before, "branch": "main", "files": []}
    assert commit(copy.at(), "Nothing", "side").data["branch"] == "side"
    assert copy.git("rev-parse", "HEAD") == before


def test_only_what_is_beneath_the_work_directory_is_committed(copy: WorkingCopy) -> None:
    """What is beside it in the same repository stays as it is, staged or not."""
    copy.write("inner/a.txt", "a")
    copy.write("beside.txt", "b")
    copy.write("staged.txt", "c")
    copy.git("add", "staged.txt")
    done = commit(copy.at("inner"), "Inner")
    assert done.data["files"] == ["a.txt"]
    assert copy.state == ("main", "A  staged.txt\n?? beside.txt")
    assert diff(copy.at("inner"), "HEAD~1").data["files"] == ["a.txt"]


@pytest.mark.parametrize("message", ["", " \n", "a\0b"])
def test_a_commit_needs_a_message(copy: WorkingCopy, message: str) -> None:
    """Nothing is staged or switched before it is known."""
    copy.write("new.txt", "x")
    with pytest.raises(Refusal, match="commit message"):
        commit(copy.at(), message, "side")
    assert copy.state == ("main", "?? new.txt")


def test_the_author_is_the_one_git_knows(copy: WorkingCopy) -> None:
    """From the configuration, or from the variables of git, which win."""
    copy.write("a", "x")
    commit(copy.at(), "One")
    assert copy.git("log", "-1", "--format=%an %ae %cn") == "Ada ada@example.org Ada"
    copy.source["GIT_AUTHOR_NAME"] = "Grace"
    copy.write("a", "y")
    commit(copy.at(), "Two")
    assert copy.git("log", "-1", "--format=%an %ae %cn") == "Grace ada@example.org Ada"


def test_without_an_author_it_is_interlock(tmp_path: Path) -> None:
    """For commits and for merges; nothing is written into a configuration."""
    copy = WorkingCopy(tmp_path, identity=False)
    copy.write("a", "x")
    commit(copy.at(), "One", "side")
    merge(copy.at(), "side", "main")
    for revision in ("side", "main"):
        shown = copy.git("log", "-1", "--format=%an <%ae> %cn <%ce>", revision)
        assert shown == " ".join(["Interlock <interlock@localhost>"] * 2)
    assert "interlock" not in copy.read(".git/config").lower()


def test_the_first_commit_of_a_repository(unborn: WorkingCopy) -> None:
    """A branch may be named before it has a commit."""
    assert commit(unborn.at(), "Nothing").data == {"commit": None, "branch": "main", "files": []}
    unborn.write("a", "x\n")
    assert "+x" in diff(unborn.at()).output
    assert branch(unborn.at(), "side").data == {"branch": "side", "created": True}
    with pytest.raises(Refusal, match="nothing was committed yet"):
        merge(unborn.at(), "side", "main")
    done = commit(unborn.at(), "Begin")
    assert (done.data["branch"], done.data["files"]) == ("side", ["a"])


def test_a_detached_head_needs_a_branch(copy: WorkingCopy) -> None:
    """A commit that no branch has would be lost, so it is refused until a branch is named."""
    copy.git("switch", "--quiet", "--detach")
    copy.write("a", "x")
    with pytest.raises(Refusal, match="HEAD is detached: name a branch"):
        commit(copy.at(), "Lost")
    assert commit(copy.at(), "Kept", "side").data["files"] == ["a"]
    copy.git("switch", "--quiet", "--detach")
    assert branch(copy.at(), "main").data["created"] is False
    copy.git("switch", "--quiet", "--detach")
    copy.write("a", "y")
    copy.save("On no branch")
    with pytest.raises(Refusal, match=r"which no branch has: .*git switch --create NAME"):
        branch(copy.at(), "main")
    with pytest.raises(Refusal, match="which no branch has"):
        merge(copy.at(), "side", "main")
    assert branch(copy.at(), "rescue").data["created"] is True


def part(copy: WorkingCopy, theirs: str, ours: str) -> None:
    """main and side have each a commit that the other has not; the work tree is on main."""
    branch(copy.at(), "side")
    copy.write(theirs, "side\n")
    commit(copy.at(), "Side")
    branch(copy.at(), "main")
    copy.write(ours, "main\n")
    commit(copy.at(), "Main")


@pytest.mark.parametrize("start", ["main", "side"])
def test_a_merge_makes_a_merge_commit(copy: WorkingCopy, start: str) -> None:
    """Wherever it starts, it ends on the branch that was merged into."""
    part(copy, "theirs.txt", "ours.txt")
    branch(copy.at(), start)
    done = merge(copy.at(), "side", "main")
    assert done.data == {"commit": copy.git("rev-parse", "main"), "branch": "main", "merged": True}
    assert copy.git("log", "-1", "--format=%s", "main^2") == "Side"
    assert copy.git("log", "-1", "--format=%s", "main^1") == "Main"
    assert copy.git("log", "-1", "--format=%s") == "Merge branch 'side' into main"
    assert copy.state == ("main", "")
    again = merge(copy.at(), "side", "main")
    assert (again.status, again.data["merged"]) == ("ok", False)


def test_a_merge_that_could_be_fast_makes_a_merge_commit_too(copy: WorkingCopy) -> None:
    """So that the branch can be seen later on; whatever the user's configuration prefers."""
    copy.git("config", "--global", "merge.ff", "only")
    copy.git("config", "--global", "branch.main.mergeoptions", "--squash --no-commit")
    copy.write("a", "x")
    commit(copy.at(), "Work", "side")
    merge(copy.at(), "side", "main")
    assert len(copy.git("log", "-1", "--format=%P").split()) == 2


@pytest.mark.parametrize("start", ["main", "side", None])
def test_a_conflict_is_told_and_all_is_put_back(copy: WorkingCopy, start: str | None) -> None:
    """The files are named; branch, work tree and index are as they were."""
    part(copy, "base.txt", "base.txt")
    copy.write("sub/untracked.txt", "mine")
    copy.git("switch", "--quiet", *([start] if start else ["--detach", "side"]))
    before = copy.state, copy.git("rev-parse", "HEAD", "main", "side")
    with pytest.raises(Refusal, match=r"side cannot be merged into main: conflicts in base\.txt;"):
        merge(copy.at(), "side", "main")
    assert (copy.state, copy.git("rev-parse", "HEAD", "main", "side")) == before
    assert copy.read("sub/untracked.txt") == "mine"


def test_a_merge_that_would_overwrite_a_new_file_is_refused(copy: WorkingCopy) -> None:
    """git's own words name it."""
    part(copy, "theirs.txt", "ours.txt")
    copy.write("theirs.txt", "mine\n")
    with pytest.raises(Refusal, match=r"cannot be merged into main: .*theirs\.txt"):
        merge(copy.at(), "side", "main")
    assert (copy.state, copy.read("theirs.txt")) == (("main", "?? theirs.txt"), "mine\n")


def test_a_merge_needs_both_branches_and_no_loose_changes(copy: WorkingCopy) -> None:
    """It says which is missing, and that changes are to be committed first."""
    for pair in (("side", "main"), ("main", "side")):
        with pytest.raises(Refusal, match="there is no branch side"):
            merge(copy.at(), *pair)
    branch(copy.at(), "side")
    copy.write("base.txt", "changed\n")
    with pytest.raises(Refusal, match="uncommitted changes: commit them"):
        merge(copy.at(), "side", "main")
    assert copy.state == ("side", " M base.txt")


def test_a_difference_shows_new_files_and_leaves_the_index_alone(copy: WorkingCopy) -> None:
    """Staged, not staged, new and deleted; what the user has staged stays as it is."""
    copy.write("staged.txt", "staged\n")
    copy.git("add", "staged.txt")
    copy.write("new ünï.txt", "new\n")
    copy.write("base.txt", "one\n2\nthree\n")
    before = copy.state
    shown = diff(copy.at())
    assert shown.data["files"] == ["base.txt", "new ünï.txt", "staged.txt"]
    assert shown.data["base"] == copy.git("rev-parse", "HEAD")
    assert "-two\n+2\n" in shown.output
    assert "+++ b/new ünï.txt" in shown.output
    assert copy.state == before
    copy.save("All")
    assert (diff(copy.at()).output, diff(copy.at()).data["files"]) == ("", [])


def test_a_difference_to_a_base_shows_only_this_side(copy: WorkingCopy) -> None:
    """What the base went on to since is not shown as taken back."""
    part(copy, "theirs.txt", "ours.txt")
    branch(copy.at(), "side")
    copy.write("loose.txt", "x\n")
    shown = diff(copy.at(), "main")
    assert shown.data["files"] == ["loose.txt", "theirs.txt"]
    assert shown.data["base"] == copy.git("merge-base", "main", "side")


@pytest.mark.parametrize(
    "base", ["no-such", "--output=canary", "--since=1 year", "", "a\0b", "HEAD:base.txt"]
)
def test_a_base_that_is_no_commit_is_refused(copy: WorkingCopy, base: str) -> None:
    """Also what git would take for an option."""
    with pytest.raises(Refusal, match=r"there is no revision|NUL"):
        diff(copy.at(), base)
    assert copy.state == ("main", "")


def test_more_names_than_are_kept_are_refused(
    copy: WorkingCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list with its middle left out is no list."""
    monkeypatch.setattr(git, "KEEP", 1000)
    for number in range(200):
        (copy.folder / f"name-{number}").touch()
    with pytest.raises(Refusal, match="too many names"):
        commit(copy.at(), "Many")


def test_a_long_list_of_files_is_cut_and_says_so(copy: WorkingCopy) -> None:
    """The commit has them all."""
    for number in range(1001):
        (copy.folder / f"{number}").touch()
    done = commit(copy.at(), "Many")
    assert (len(done.data["files"]), done.data["files_left_out"]) == (1000, 1)
    assert done.output.startswith("committed 1001 files")
    assert copy.state == ("main", "")
