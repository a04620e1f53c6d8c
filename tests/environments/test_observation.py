"""A prompt that is only to read leaves the files of its session as they were."""

from pathlib import Path

import pytest
from attrs import evolve

from interlock.engine import Prompt, Result
from interlock.environments.results import Refusal
from interlock.environments.worktree import Worktree
from tests.environments.clone_desk import CloneDesk, enter_machine
from tests.environments.working_copy import WorkingCopy


@pytest.fixture(params=["clone", "worktree"])
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> CloneDesk:
    """A session that has done nothing yet, in each environment that keeps the files."""
    copy = WorkingCopy(tmp_path)
    enter_machine(copy, tmp_path / "data", monkeypatch)
    copy.write("folder/file.txt", "inside\n")
    copy.write(".gitignore", "*.o\n")
    copy.save("More")
    desk = CloneDesk(copy, environment=request.param)
    if request.param == "worktree":
        desk.environment = Worktree()
    return desk


def ask(desk: CloneDesk, script: str, *, read_only: bool = True) -> Result:
    """The result of a prompt whose agent runs this script."""
    program = f"program sh -ec '{script}'"
    options = {"read_only": True} if read_only else {}
    desk.session = evolve(desk.session, agent=program)
    return desk.do(Prompt("Look", options=options))


def test_the_same_files_have_the_same_tree(desk: CloneDesk) -> None:
    """Whatever was there in between: it tells a session that goes in circles from one that gets
    on. What git ignores makes no difference."""
    trees = [
        desk.shell("sh", "-c", script).data["tree"]
        for script in ("true", "echo 1 > n", "echo 2 > n", "echo 1 > n; echo x > n.o", "rm n n.o")
    ]
    assert trees[0] == trees[4] == desk.copy.git("rev-parse", "HEAD^{tree}")
    assert trees[1] == trees[3]
    assert len(set(trees)) == 3


def test_what_it_changed_is_taken_back(desk: CloneDesk) -> None:
    """Changed, new and deleted files; the result warns and names them, and what it printed
    counts."""
    desk.sh("echo mine > mine.txt")
    result = ask(desk, "echo x > base.txt; mkdir d; echo x > d/new; rm mine.txt; echo Fine.")
    assert (result.status, result.output) == ("warning", "Fine.\n")
    assert result.error == (
        "it was only to read, and changed base.txt, d/new, mine.txt: taken back"
    )
    assert sorted(path.name for path in desk.tree.iterdir() if path.name != ".git") == [
        *(".gitignore", "base.txt", "folder", "mine.txt"),
    ]
    assert (desk.tree / "base.txt").read_text() == "one\ntwo\nthree\n"
    assert (desk.tree / "mine.txt").read_text() == "mine\n"
    data = result.data
    assert desk.stored("diff", "--name-only", data["before"], data["after"]) == ""
    assert data["tree"] == desk.stored("rev-parse", f"{data['before']}^{{tree}}")
    assert data["taken_back"]["files"] == ["base.txt", "d/new", "mine.txt"]
    assert desk.stored("show", f"{data['taken_back']['commit']}:d/new") == "x"


def test_one_that_only_read_is_left_alone(desk: CloneDesk) -> None:
    """So is what git ignores, and a prompt that may write."""
    result = ask(desk, "cat base.txt; echo x > build.o")
    assert (result.status, result.error) == ("ok", None)
    assert (desk.tree / "build.o").exists()
    assert ask(desk, "echo x > base.txt", read_only=False).ok
    assert (desk.tree / "base.txt").read_text() == "x\n"


def test_one_that_failed_stays_an_error(desk: CloneDesk) -> None:
    """And says both."""
    result = ask(desk, "echo x > base.txt; exit 3")
    assert (result.status, result.code) == ("error", 3)
    assert result.error == ("exit code 3; it was only to read, and changed base.txt: taken back")
    assert (desk.tree / "base.txt").read_text() == "one\ntwo\nthree\n"


def test_nothing_is_written_through_a_link(desk: CloneDesk, tmp_path: Path) -> None:
    """Neither a symbolic one in the place of a folder, nor a hard one in that of a file."""
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("file.txt", "base.txt"):
        (outside / name).write_text("secret\n")
    result = ask(
        desk,
        f"rm -r folder base.txt; ln -s {outside} folder; ln {outside}/base.txt base.txt",
    )
    assert result.status == "warning", result
    assert {path.name: path.read_text() for path in outside.iterdir()} == {
        "file.txt": "secret\n",
        "base.txt": "secret\n",
    }
    assert not (desk.tree / "folder").is_symlink()
    assert (desk.tree / "folder/file.txt").read_text() == "inside\n"
    assert (desk.tree / "base.txt").read_text() == "one\ntwo\nthree\n"


@pytest.mark.parametrize("commit", ["true", "git add x; git commit -qm x"])
def test_a_repository_in_the_place_of_a_file_is_taken_away(desk: CloneDesk, commit: str) -> None:
    """With a commit or without one; no later command is held up by it."""
    script = f"rm base.txt; mkdir base.txt; cd base.txt; git init -q; echo x > x; {commit}"
    result = ask(desk, script)
    assert result.error == "it was only to read, and changed base.txt: taken back"
    assert (desk.tree / "base.txt").read_text() == "one\ntwo\nthree\n"
    assert desk.shell("sh", "-c", script).ok
    told = desk.shell("true")
    assert told.data["left_out"] == ["base.txt/"]


def test_what_cannot_be_taken_back_is_an_error(
    desk: CloneDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the disk is full: the log has the files as they are."""

    def fail(*_: object) -> None:
        raise Refusal("git read-tree: No space left on device")

    monkeypatch.setattr("interlock.environments.observation.restore", fail)
    result = ask(desk, "echo x > base.txt")
    assert result.status == "error"
    assert result.error == (
        "it was only to read, and changed base.txt, which cannot be taken back: "
        "git read-tree: No space left on device"
    )
    assert desk.stored("show", f"{result.data['after']}:base.txt") == "x"


def test_a_tree_that_is_gone_is_told(desk: CloneDesk) -> None:
    """There is nothing to take back into."""
    desk.sh("true")
    kept = desk.tree.with_name("kept")
    result = ask(desk, f"cd /; mv {desk.tree} {kept}")
    assert "is gone" in result.data["unseen"]
    kept.rename(desk.tree)
    assert ask(desk, "echo x > base.txt").status == "warning"
