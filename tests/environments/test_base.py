"""A session begins where it is told to: at a branch, tag or commit, or at what a remote has now."""

import subprocess
from pathlib import Path

import pytest

from interlock.engine.errors import InvalidInput
from interlock.environments.clone import Clone
from interlock.environments.options import split
from interlock.environments.worktree import Worktree
from tests.environments.clone_desk import CloneDesk, enter_machine
from tests.environments.working_copy import WorkingCopy


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkingCopy:
    """A repository whose remote has gone on since it was cloned."""
    (tmp_path / "far").mkdir()
    (tmp_path / "near").mkdir()
    far = WorkingCopy(tmp_path / "far")
    near = WorkingCopy(tmp_path / "near")
    near.git("remote", "add", "origin", str(far.folder))
    near.git("fetch", "--quiet", "origin")
    far.write("new.txt", "new\n")
    far.save("Go on")
    enter_machine(near, tmp_path / "data", monkeypatch)
    return near


def desk(copy: WorkingCopy, base: str, kind: str = "clone") -> CloneDesk:
    """A session that is to begin there."""
    made = CloneDesk(copy, environment=f"{kind} --base {base}")
    made.environment = Worktree() if kind == "worktree" else Clone()
    return made


def far(copy: WorkingCopy, revision: str = "HEAD") -> str:
    """A commit of the remote."""
    return copy.git("rev-parse", revision, cwd=copy.folder.parents[1] / "far" / "work")


@pytest.mark.parametrize("kind", ["clone", "worktree"])
def test_a_branch_of_a_remote_is_fetched_first(copy: WorkingCopy, kind: str) -> None:
    """The session has what the remote has now; the user's own branch and files are as they were."""
    before = copy.state
    one = desk(copy, "origin/main", kind)
    assert one.sh("cat new.txt") == "new\n"
    assert one.ours.base == far(copy) == copy.git("rev-parse", "origin/main")
    assert copy.state == before
    assert not (copy.folder / "new.txt").exists()


@pytest.mark.parametrize("base", ["old", "v1", "{commit}"])
def test_a_branch_a_tag_or_a_commit_of_the_repository_will_do(copy: WorkingCopy, base: str) -> None:
    """Nothing is fetched for it."""
    commit = copy.git("rev-parse", "HEAD")
    copy.git("branch", "old")
    copy.git("tag", "v1")
    copy.write("later.txt", "later\n")
    copy.save("Later")
    one = desk(copy, base.format(commit=commit[:12]))
    one.sh("test ! -e later.txt")
    assert one.ours.base == commit
    assert copy.git("rev-parse", "origin/main") != far(copy)


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("nowhere", "there is no branch, tag or commit 'nowhere'"),
        ("origin/nowhere", "git fetch:"),
        ("'origin/main:refs/heads/main'", "names no branch of origin"),
        ("'origin/*'", "names no branch of origin"),
        ("'origin/a b'", "names no branch of origin"),
    ],
)
def test_what_is_no_place_to_begin_is_refused(copy: WorkingCopy, base: str, said: str) -> None:
    """In one line; no branch of the user's has moved."""
    before = copy.state
    result = desk(copy, base).shell("true")
    assert result.status == "error"
    assert said in str(result.error)
    assert copy.state == before


def test_no_program_of_the_repository_runs_for_it(copy: WorkingCopy, tmp_path: Path) -> None:
    """A hook does not, and what its configuration names for a fetch is refused."""
    hook = copy.folder / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    assert desk(copy, "origin/main").shell("true").ok
    subprocess.run(
        ["git", "config", "remote.origin.uploadpack", f"touch {tmp_path}/ran; git-upload-pack"],
        cwd=copy.folder,
        check=True,
    )
    refused = desk(copy, "origin/main").shell("true")
    assert "runs a program for a fetch (remote.origin.uploadpack)" in str(refused.error)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("words", ["--base", "--base=", "--base -x", "--base a --base b"])
def test_a_base_that_cannot_be_one_is_told_before_it_begins(words: str) -> None:
    """When the session is made."""
    with pytest.raises(InvalidInput, match=r"clone takes|--base names"):
        Clone().check(split(f"clone {words}")[1:])
