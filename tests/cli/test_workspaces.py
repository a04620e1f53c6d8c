"""Sessions in clones, as a user sees them: where they work, what they changed."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.desk import Desk
from tests.environments.working_copy import WorkingCopy

TASK = ("-i", "task=Work", "-i", "evaluate=test -s work.txt")
AGENT = "program sh -c 'echo one >> work.txt; printf \"\\033[31m\\r\\n\" > odd.txt; rm base.txt'"


@pytest.fixture
def copy(desk: Desk, tmp_path: Path) -> WorkingCopy:
    """The user's repository, which is where they stand."""
    (tmp_path / "user").mkdir()
    copy = WorkingCopy(tmp_path / "user")
    for name, value in copy.source.items():
        desk.set(name, value)
    desk.enter(copy.folder)
    return copy


@pytest.fixture
def made(desk: Desk, copy: WorkingCopy) -> str:
    """A session that an agent worked in, in a clone."""
    copy.write("left.txt", "not committed\n")
    told = desk("run", "agent_task", *TASK, "--agent", AGENT, "--environment", "clone")
    assert told.status == 0, told
    assert f"what is not committed in {copy.folder} is not here" in told.out
    return str(desk.json("show")["id"])


def test_the_diff_of_a_session_can_be_applied(desk: Desk, copy: WorkingCopy, made: str) -> None:
    """Byte for byte, whatever is in the files; the user's own files were left alone."""
    assert copy.state == ("main", "?? left.txt")
    told = desk.json("diff", made)
    assert told["files"] == [
        {"name": "base.txt", "change": "deleted"},
        {"name": "odd.txt", "change": "added"},
        {"name": "work.txt", "change": "added"},
    ]
    subprocess.run(
        ["git", "apply"], input=told["patch"].encode(), cwd=copy.folder, check=True, timeout=60
    )
    assert (copy.folder / "odd.txt").read_bytes() == b"\x1b[31m\r\n"
    assert not (copy.folder / "base.txt").exists()
    assert desk("diff").out.encode() == told["patch"].encode()
    assert "3 files changed, 2 insertions(+), 3 deletions(-)" in desk("diff", "--stat").out


def test_a_step_is_named_or_numbered(desk: Desk, made: str) -> None:
    """A step that changed nothing says so; one there is not, too."""
    whole = desk("diff").out
    first, second = desk.json("log")
    assert desk("diff", first["step"]).out == whole
    assert desk("diff", made, "1").out == whole
    told = desk("diff", made, second["step"])
    assert (told.status, told.out, told.err) == (0, "", "nothing was changed\n")
    for word in ("none", "9", "0"):
        told = desk("diff", made, word)
        assert (told.status, told.out) == (2, "")
        steps = f"{first['step']}, {second['step']}"
        said = f"has no result of step {word}; steps that it came to: {steps}"
        assert said in told.err


def test_a_session_without_a_workspace_is_told(desk: Desk) -> None:
    """With what to do the next time."""
    desk("run", "greet")
    told = desk("diff")
    assert told.status == 2
    assert "--environment clone" in told.err


def test_a_result_cannot_say_what_git_is_asked(desk: Desk, tmp_path: Path) -> None:
    """It is handed in by anybody: only what can be a commit goes to git."""
    desk.start("greet")
    bad = f'{{"before": "--output={tmp_path}/taken", "after": "HEAD"}}'
    desk("submit", "1", "--status", "ok", "--data", bad)
    assert "no files were kept" in desk("diff").err
    assert not (tmp_path / "taken").exists()


def test_a_stranger_sees_no_diff(desk: Desk, made: str) -> None:
    """A session of another account is one that there is not."""
    told = desk("--account", "other", "diff", made)
    assert (told.status, told.out) == (3, "")


@pytest.mark.parametrize("words", ["clone --other", "clone 'x", "local x", "", " "])
def test_an_environment_that_is_wrong_starts_no_session(desk: Desk, words: str) -> None:
    """It is told before anything runs."""
    told = desk("start", "greet", "--environment", words)
    assert (told.status, told.err.count("\n")) == (2, 1), told
    assert desk.json("list") == []


def test_workspaces_are_listed_with_their_disk(desk: Desk, copy: WorkingCopy, made: str) -> None:
    """Whose each is, and whether a branch has its changes."""
    (told,) = desk.json("workspaces", "list")
    assert (told["session"], told["status"], told["kind"]) == (made, "complete", "clone")
    assert (told["repository"], told["unsaved"]) == (str(copy.folder), True)
    assert told["bytes"] > 10_000
    assert Path(told["tree"], "work.txt").exists()
    assert made in desk("workspaces", "list").out


def test_alone_it_lists_and_says_when_there_are_none(desk: Desk) -> None:
    """A header over nothing would say nothing."""
    told = desk("workspaces")
    assert told.out.startswith("no workspaces;")
    assert desk("workspaces", "list").out == told.out
    assert desk.json("workspaces") == []


def test_a_sweep_deletes_nothing_unasked(desk: Desk, made: str) -> None:
    """It is told first, and what no branch has is deleted only by name of that option."""
    (told,) = desk.json("workspaces", "list")
    tree = Path(told["tree"])
    for words in ((), ("--yes",), ("--unsaved",)):
        said = desk("workspaces", "sweep", *words)
        assert said.status == 0
        assert tree.exists()
    assert "nothing was deleted" in desk("workspaces", "sweep", "--unsaved").out
    assert f"{made} has changes that no branch has" in desk("workspaces", "sweep", "--yes").out
    assert desk.json("workspaces", "sweep", "--unsaved", "--yes")["deleted"] is True
    assert not tree.parent.exists()
    assert desk.json("workspaces", "list") == []
    assert "is gone, and its files with it" in desk("diff", made).err


def test_a_sweep_leaves_sessions_that_have_not_ended(desk: Desk, made: str) -> None:
    """An active one goes on in its clone."""
    desk("reopen", made)
    assert desk.json("workspaces", "sweep", "--unsaved", "--yes")["workspaces"] == []
    assert len(desk.json("workspaces", "list")) == 1


def test_a_workspace_whose_commits_were_offered_is_swept(desk: Desk, copy: WorkingCopy) -> None:
    """Nothing of it is lost: the branch has it all, and it stays."""
    words = ("-i", "check=test -s work.txt", "--agent", AGENT, "--environment", "clone")
    assert desk("run", "mend", *words).status == 0
    (told,) = desk.json("workspaces", "list")
    assert told["unsaved"] is False
    assert desk.json("workspaces", "sweep", "--yes")["kept"] == []
    assert not Path(told["tree"]).exists()
    assert copy.git("show", f"{told['branch']}:work.txt") == "one"


def test_the_workspace_of_a_session_that_is_gone_is_swept(
    desk: Desk, copy: WorkingCopy, made: str
) -> None:
    """As where a database was deleted. Only by name of that option, and what no branch has only by
    the other; one of a session of another account is none."""
    (told,) = desk.json("workspaces", "list")
    folder = Path(told["tree"]).parent
    assert desk.json("--account", "other", "workspaces", "sweep", "--orphans")["kept"] == []
    for name in ("interlock.db", "interlock.db-wal", "interlock.db-shm"):
        (desk.data / name).unlink(missing_ok=True)
    for words in ((), ("--unsaved",), ("--orphans",)):
        desk("workspaces", "sweep", "--yes", *words)
        assert folder.exists()
    assert desk.json("workspaces", "sweep", "--orphans")["kept"] == [made]
    told = desk.json("workspaces", "sweep", "--orphans", "--unsaved", "--yes")
    assert [(one["session"], one["status"]) for one in told["workspaces"]] == [(made, None)]
    assert not folder.exists()


def test_a_stranger_sees_and_sweeps_no_workspace(desk: Desk, made: str) -> None:
    """One of another account is only counted."""
    assert desk.json("--account", "other", "workspaces", "list") == []
    told = desk("--account", "other", "workspaces", "list").out
    assert "1 more belong to no session of account other" in told
    assert made not in told
    every = ("--unsaved", "--orphans", "--yes")
    swept = desk.json("--account", "other", "workspaces", "sweep", *every)
    assert (swept["workspaces"], swept["kept"]) == ([], [])
    assert len(desk.json("workspaces", "list")) == 1


def test_ports_go_from_sessions_that_ended_to_others(desk: Desk, copy: WorkingCopy) -> None:
    """Two that are active have two blocks; the next gets that of the one that ended."""
    ports = ["-i", "task=x", "-i", "evaluate=true", "--environment", "clone"]
    show = "program sh -c 'echo $INTERLOCK_PORT_BASE'"
    said = []
    for words in (("--agent", "program false"), ("--agent", show), ("--agent", show)):
        told = desk("run", "agent_task", *ports, *words)
        assert told.status == 0, told
        said.append(desk.json("log")[0]["result"]["output"].strip())
    assert said[1] == said[2] != ""
