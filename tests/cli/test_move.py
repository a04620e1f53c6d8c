"""`interlock db move`: from a file to a server's database and back."""

from tests.cli.desk import Desk
from tests.server import Server, close_connections

ACCOUNT = ("--account", "other")


def test_all_accounts_are_carried_and_work_goes_on_there(desk: Desk, server: Server) -> None:
    """What is told is enough to go on: names, logs and the session in use are there, a stranger
    finds his own and nothing else, and the file is as it was."""
    desk("run", "greet", "-i", "name=Ann")
    own = desk.json("show")
    foreign = desk.json("start", "greet", *ACCOUNT)["id"]
    log = desk.json("log", own["id"])
    with server.database(empty=True) as url:
        told = desk("db", "move", url)
        assert told.status == 0, told.err
        assert told.err == ""
        assert "2 sessions are in postgresql://" in told.out
        assert f"the same in every value as in {desk.data / 'interlock.db'}\n" in told.out
        assert "set INTERLOCK_DATABASE_URL to the URL you gave" in told.out
        assert desk.json("list") == desk.json("list", "--all-projects")
        desk.set("INTERLOCK_DATABASE_URL", url)
        assert desk.json("show") == own
        assert desk.json("log", own["id"]) == log
        assert desk("verify", "--all").out == "1 session is as written\n"
        assert desk("show", own["id"], *ACCOUNT).status == 3
        assert [one["id"] for one in desk.json("list", *ACCOUNT)] == [foreign]
        assert desk("run", foreign, *ACCOUNT).status == 0
        assert desk("db", "check").status == 0
        back = desk.home / "back.db"
        moved = desk.json("db", "move", f"sqlite:///{back}")
        assert (moved["sessions"], moved["faults"], moved["to"]) == (2, [], str(back))
        assert {one["name"]: one["rows"] for one in moved["tables"]}["account"] == 2
        close_connections()
    desk.set("INTERLOCK_DATABASE_URL", f"sqlite:///{back}")
    assert desk.json("show", foreign, *ACCOUNT)["status"] == "complete"
    desk.set("INTERLOCK_DATABASE_URL", "")
    assert desk.json("show", foreign, *ACCOUNT)["status"] == "active"


def test_a_target_that_cannot_be_filled_is_one_line(desk: Desk, server: Server) -> None:
    """One with something in it, one that is away, one that is no URL, one without a driver."""
    desk("run", "greet")
    with server.database() as url:
        desk.set("INTERLOCK_DATABASE_URL", url)
        desk("start", "greet")
        desk.set("INTERLOCK_DATABASE_URL", "")
        told = desk("db", "move", url)
        assert (told.status, told.err.count("\n")) == (4, 1)
        assert "is not empty: there are rows in account; make a new one" in told.err
        close_connections()
    for wrong in ("postgresql://127.0.0.1:1/x", "mysql://x/y", str(desk.home)):
        told = desk("db", "move", wrong)
        assert (told.status, told.out, told.err.count("\n")) == (7, "", 1), wrong


def test_a_log_that_was_changed_before_is_told(desk: Desk, server: Server) -> None:
    """It is carried as it is; exit status 1."""
    desk("run", "greet")
    desk.change("UPDATE interaction SET step = 'other'")
    with server.database(empty=True) as url:
        told = desk("db", "move", url)
    assert told.status == 1
    assert "carried as it is, but not as it was written: session " in told.out
