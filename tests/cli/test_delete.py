"""`interlock delete` says what goes, and asks."""

from tests.cli.desk import Desk


def test_it_asks_before_it_deletes(desk: Desk) -> None:
    """Where nobody can be asked it wants to be told, and nothing has gone."""
    desk("run", "greet")
    made = desk("current").out.strip()
    refused = desk("delete")
    assert refused.status == 4
    assert "1 session, 1 interaction and" in refused.err
    assert "say --yes" in refused.err
    assert desk("show", made).status == 0
    told = desk("delete", made, "--yes")
    assert told.status == 0
    assert told.out.startswith("deleted 1 session, 1 interaction and")
    gone = desk("show", made)
    assert gone.status == 3
    assert f"session {made} was deleted at 20" in gone.err
    assert f"there is no session {made} here" in desk("--account", "other", "show", made).err
    assert desk("list").out.startswith("no such session")


def test_an_active_session_is_not_deleted(desk: Desk) -> None:
    """It says what to do first."""
    made = desk.start("gate")
    told = desk("delete", made, "--yes")
    assert told.status == 4
    assert "cancel it before deleting it" in told.err
