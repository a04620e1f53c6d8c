"""In the user's own repository too, staging runs nothing of a repository below."""

import os
from pathlib import Path

import pytest

from interlock.environments.plumbing import Plumbing
from interlock.environments.repository import commit, diff
from interlock.environments.staging import LARGE, stage
from tests.environments.test_git import HOOKS, SETTINGS, Trap
from tests.environments.working_copy import WorkingCopy


@pytest.fixture
def copy(tmp_path: Path) -> WorkingCopy:
    """A repository on branch main with one commit."""
    return WorkingCopy(tmp_path)


def nest(copy: WorkingCopy, trap: Trap, name: str) -> Path:
    """A repository below, with a commit, a change, and traps wherever git could run something."""
    inner = copy.folder / name
    copy.git("init", "--quiet", str(inner))
    (inner / "x").write_text("aaaa\n")
    copy.git("add", "x", cwd=inner)
    copy.git("commit", "-qm", "x", cwd=inner)
    (inner / ".gitattributes").write_text("* filter=odd diff=odd\n")
    for setting in (*SETTINGS, "filter.odd.clean", "filter.odd.process"):
        copy.git("config", setting, str(trap.program), cwd=inner)
    for hook in HOOKS:
        (inner / ".git/hooks").mkdir(exist_ok=True)
        (inner / ".git/hooks" / hook).unlink(missing_ok=True)
        (inner / ".git/hooks" / hook).symlink_to(trap.program)
    (inner / "x").write_text("bbbb\n")
    return inner


def test_a_repository_below_is_left_out_and_named(copy: WorkingCopy, tmp_path: Path) -> None:
    """New, or in the place of a file; it is not looked into, and all else is committed."""
    trap = Trap(tmp_path)
    nest(copy, trap, "below")
    copy.write("folder/file.txt", "x")
    nest(copy, trap, "folder/deep")
    copy.write("base.txt", "changed\n")
    trap.mark.unlink(missing_ok=True)
    diff(copy.at())
    done = commit(copy.at(), "All")
    assert trap.sprung == ""
    assert done.data["files"] == ["base.txt", "folder/file.txt"]
    assert done.data["left_out"] == ["below/", "folder/deep/"]
    assert done.output.endswith("; left out: below/, folder/deep/")


def test_a_submodule_takes_its_new_commit_along(copy: WorkingCopy, tmp_path: Path) -> None:
    """As `git add` does; what is in it runs nothing."""
    trap = Trap(tmp_path)
    inner = nest(copy, trap, "sub")
    copy.git("-c", "advice.addEmbeddedRepo=false", "add", "sub")
    copy.git("commit", "-qm", "A submodule")
    later = copy.git("commit-tree", "-p", "HEAD", "-m", "Later", "HEAD^{tree}", cwd=inner)
    copy.git("-c", "core.hooksPath=/dev/null", "update-ref", "HEAD", later, cwd=inner)
    trap.mark.unlink(missing_ok=True)
    assert commit(copy.at(), "Submodule").data["files"] == ["sub"]
    assert copy.git("rev-parse", "HEAD:sub") == later
    assert trap.sprung == ""


def test_what_no_commit_can_hold_is_left_out(copy: WorkingCopy) -> None:
    """A file of a terabyte that is none, and a pipe: nothing hangs, the file is named."""
    with (copy.folder / "huge").open("wb") as file:
        file.truncate(LARGE + 1)
    os.mkfifo(copy.folder / "pipe")
    copy.write("new.txt", "x")
    done = commit(copy.at(), "All")
    assert (done.data["files"], done.data["left_out"]) == (["new.txt"], ["huge"])


def test_only_what_differs_is_looked_at(copy: WorkingCopy) -> None:
    """A second look at the same files finds nothing to do."""
    for number in range(20):
        copy.write(f"folder/{number}.txt", "x")
    git = Plumbing(copy.folder, trusting=True, source=copy.source)
    assert stage(git) == (True, ())
    assert stage(git) == (False, ())
    copy.write("folder/3.txt", "changed")
    assert stage(git) == (True, ())
    assert copy.git("diff", "--cached", "--name-only", "--diff-filter=A").count("\n") == 19


@pytest.mark.parametrize("commits", [True, False])
def test_what_the_user_has_staged_elsewhere_stays_staged(tmp_path: Path, commits: bool) -> None:
    """A commit from a directory of the repository has what is beneath it, and nothing else."""
    copy = WorkingCopy(tmp_path, commits=commits)
    copy.write("mine.txt", "mine\n")
    copy.git("add", "mine.txt")
    copy.write("docs/page.md", "one\n")
    with (copy.folder / "docs/huge").open("wb") as file:
        file.truncate(LARGE + 1)
    done = commit(copy.at("docs"), "Docs")
    assert (done.data["files"], done.data["left_out"]) == (["page.md"], ["huge"])
    assert copy.git("show", "--name-only", "--format=", "HEAD") == "docs/page.md"
    assert copy.state == ("main", "A  mine.txt\n?? docs/huge")


def test_a_link_in_the_place_of_a_folder_is_a_link(copy: WorkingCopy, tmp_path: Path) -> None:
    """Nothing is read through it."""
    copy.write("folder/file.txt", "inside\n")
    copy.save("Folder")
    outside = tmp_path / "outside"
    (copy.folder / "folder").rename(outside)
    (copy.folder / "folder").symlink_to(outside)
    (outside / "file.txt").write_text("secret\n")
    assert commit(copy.at(), "Link").data["files"] == ["folder", "folder/file.txt"]
    assert copy.git("cat-file", "-p", "HEAD:folder") == str(outside)
