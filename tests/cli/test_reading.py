"""A command that only looks writes nothing, wherever it is called and whoever calls."""

import pytest

from tests.cli.desk import Desk

TABLES = ("account", "user", "membership", "project", "session")
LOOKING = (
    *("list", "list --all-projects", "show", "log", "current", "diff", "export", "db stats"),
    *("workspaces list", "workspaces sweep", "show 9", "cancel 9", "run 9", "answer 9 yes"),
)


def rows(desk: Desk) -> dict[str, int]:
    """How many there are in each table."""
    tables = desk.json("db", "stats")["tables"]
    return {one["name"]: one["rows"] for one in tables if one["name"] in TABLES}


@pytest.mark.parametrize("words", LOOKING)
def test_a_place_that_was_only_looked_at_is_no_project(desk: Desk, words: str) -> None:
    """Neither is a name that was only asked for an account."""
    desk("run", "greet")
    before = rows(desk)
    (desk.home / "elsewhere").mkdir()
    desk.enter(desk.home / "elsewhere")
    for who in ((), ("--account", "nobody"), ("--project", "none")):
        told = desk(*who, *words.split())
        assert told.status in (0, 3), told
        assert "Traceback" not in told.err
    assert rows(desk) == before


def test_the_first_session_makes_all_that_it_needs(desk: Desk) -> None:
    """So does `init`; and what another place has is not seen from here."""
    desk.json("list")
    assert set(rows(desk).values()) == {0}
    desk("start", "greet")
    assert set(rows(desk).values()) == {1}
    (desk.home / "elsewhere").mkdir()
    desk.enter(desk.home / "elsewhere")
    assert desk.json("list") == []
    assert len(desk.json("list", "--all-projects")) == 1
    desk("init")
    assert rows(desk)["project"] == 2


def test_a_session_of_elsewhere_can_be_used_here(desk: Desk) -> None:
    """The first thing that a project is told may be which session it is about."""
    made = desk.start("greet", "--project", "website")
    assert desk("use", made[:13]).status == 3
    assert desk("--project", "website", "use", made).status == 0
