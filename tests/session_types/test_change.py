"""A change as its agent and the person at its gates see it, wherever it works."""

import pytest
from attrs import evolve

from interlock import Ask, Prompt
from tests.session_types.driver import load
from tests.session_types.paths import walk

WAY = """plan told, approve_plan wish, revise_plan ok, approve_plan approve, branch ok,
    implement ok, test red, fix ok, test ok, review bad, rework ok, test ok, review good,
    approve_change approve, finalize ok, merge ok"""


def test_only_the_steps_that_write_may() -> None:
    """Planning and reviewing are prompts that only read."""
    prompts = {
        name: command.options.get("read_only", False)
        for name, command in walk("change", " ".join(WAY.split())).commands
        if isinstance(command, Prompt)
    }
    assert prompts == {
        **dict.fromkeys(("plan", "revise_plan", "review"), True),
        **dict.fromkeys(("implement", "fix", "rework"), False),
    }


@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        (None, "`git diff main`"),
        ("local", "`git diff main`"),
        ("vscode", "`git diff main`"),
        ("clone", "`interlock diff 019ac3`"),
        ("clone --setup 'make install'", "`interlock diff 019ac3`"),
        ("worktree", "`interlock diff 019ac3`"),
    ],
)
def test_the_person_is_told_how_to_see_the_work(environment: str | None, shown: str) -> None:
    """In a clone it is not in the directory they stand in."""
    way = "plan told, approve_plan approve, branch ok, implement ok, test ok, review good"
    session = evolve(walk("change", way).session, environment=environment, id="019ac3")
    asked = load("change").approve_change(session)  # type: ignore[attr-defined]
    assert isinstance(asked, Ask)
    assert f"{shown} shows the work. Merge it into main?" in asked.question
