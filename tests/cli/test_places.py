"""Where a new session works that names no environment, as a user sees it."""

from pathlib import Path

import pytest

from tests.cli.desk import Desk
from tests.environments.working_copy import WorkingCopy

CHECK = ("-i", "check=false", "-i", "tries:=1")


@pytest.fixture
def copy(desk: Desk, tmp_path: Path) -> WorkingCopy:
    """The user's repository; they stand in a directory of it."""
    (tmp_path / "user").mkdir()
    copy = WorkingCopy(tmp_path / "user")
    for name, value in copy.source.items():
        desk.set(name, value)
    copy.write("docs/page.md", "one\n")
    copy.save("Docs")
    desk.enter(copy.folder / "docs")
    return copy


def test_the_program_of_a_vendor_gets_a_clone(desk: Desk, copy: WorkingCopy) -> None:
    """It is said when the session starts, kept with it, and obeyed when it runs."""
    told = desk("start", "mend", *CHECK, "--agent", "claude-code --program /bin/false")
    assert f" at step check, in a clone of {copy.folder}\n" in told.out
    assert desk.json("show")["environment"] == "clone"
    assert desk("run").status == 1
    (holding,) = desk.json("workspaces", "list")
    assert (holding["kind"], holding["repository"]) == ("clone", str(copy.folder))


def test_it_works_in_place_where_that_is_said(desk: Desk, copy: WorkingCopy) -> None:
    """Nothing is cloned."""
    words = ("--agent", "claude-code --program /bin/false", "--environment", "local")
    assert "clone" not in desk("start", "mend", *CHECK, *words).out
    assert desk.json("show")["environment"] == "local"
    assert desk("run").status == 1
    assert desk.json("workspaces", "list") == []


def test_a_session_with_no_such_agent_works_in_place(desk: Desk, copy: WorkingCopy) -> None:
    """A program that the user names is theirs; so is what a session without an agent runs."""
    for words in ((), ("--agent", "program true")):
        assert desk.json("start", "mend", *CHECK, *words)["environment"] is None


def test_run_says_it_too(desk: Desk, copy: WorkingCopy) -> None:
    """In its first line."""
    told = desk("run", "mend", *CHECK, "--agent", "claude-code --program /bin/false")
    assert told.out.splitlines()[0].endswith(f", in a clone of {copy.folder}")


def test_where_no_clone_can_be_made_no_session_is(desk: Desk, copy: WorkingCopy) -> None:
    """One line that says why, and what to do."""
    copy.git("config", "filter.odd.clean", "cat")
    told = desk("start", "mend", *CHECK, "--agent", "claude-code")
    assert (told.status, told.out, told.err.count("\n")) == (2, "", 1)
    assert "filter.odd.clean" in told.err
    assert "--environment local lets it work on your own files" in told.err
    assert desk.json("list") == []
    assert desk("start", "mend", *CHECK, "--agent", "claude-code", "--environment", "local").out


def test_outside_of_a_repository_it_works_in_place(desk: Desk) -> None:
    """There is nothing to clone."""
    made = desk.json("start", "mend", *CHECK, "--agent", "claude-code")
    assert made["environment"] is None
