"""All that is in one database is carried to another, and is proven to be the same there."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from attrs import frozen

from interlock import Result, Scope, Session, sessions
from interlock.engine.errors import (
    InvalidInput,
    Refused,
    SessionNotFound,
    StaleSession,
    StoreUnusable,
)
from interlock.store import connection, queries, records, transfer
from interlock.store.connection import connect, disconnect, execute, fetch, tx
from interlock.store.tables import TABLES
from interlock.store.transfer import Move
from tests.server import Server, close_connections
from tests.store.samples import NOW, ODD, enter, fill, settle, value
from tests.store.walled import ask


@frozen
class Filled:
    """A SQLite database with a row of every kind, of two accounts."""

    url: str
    scope: Scope
    stranger: Scope
    session: Session
    """Held by a lease that is over, with an open row."""
    foreign: Session

    def move(self, url: str) -> Move:
        """What is carried to another database."""
        return transfer.move(url, lambda what, number, total: None)


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    """It is open."""
    url = f"sqlite:///{tmp_path / 'interlock.db'}"
    connect(url)
    scope, stranger = enter(), enter("other")
    session, foreign = fill(scope), fill(stranger)
    yield Filled(url, scope, stranger, session, foreign)
    disconnect()


@pytest.fixture
def target(server: Server) -> Iterator[str]:
    """The URL of a database of a server, with nothing in it."""
    with server.database(empty=True) as url:
        yield url


def content() -> dict[str, list[Any]]:
    """Every row of the open database, without leases and versions of sessions."""
    found = {}
    for table in TABLES:
        names = [field.column_name for field in table._meta.sorted_fields]
        kept = [
            f'"{name}"' for name in names if not name.startswith("lease_") and name != "version"
        ]
        keys = ", ".join(f'"{field.column_name}"' for field in table._meta.get_primary_keys())
        name = table._meta.table_name
        found[name] = fetch(f'SELECT {", ".join(kept)} FROM "{name}" ORDER BY {keys}')
    return found


def turn_to(url: str) -> None:
    """Have another database be the open one."""
    close_connections()
    disconnect()
    connect(url)


def tables_of(url: str) -> list[Any]:
    """The names of the tables of a database of a server."""
    return ask(url, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname = 'session'")


def test_every_value_arrives(filled: Filled, target: str) -> None:
    """Ids, times to the microsecond, payloads and odd characters: no table is empty or differs."""
    before = content()
    assert all(before.values())
    done = filled.move(target)
    assert content() == before
    assert {one.name: one.rows for one in done.tables} == {
        name: len(rows) for name, rows in before.items()
    }
    assert done.sessions == len(before["session"])
    assert done.faults == ()
    turn_to(target)
    assert content() == before


def test_the_same_is_told_by_the_same_digests(filled: Filled, target: str, tmp_path: Path) -> None:
    """They are those of the values, whatever kind of database has them, and each value counts."""
    first = filled.move(target)
    turn_to(target)
    again = filled.move(f"sqlite:///{tmp_path / 'again.db'}")
    names = {
        one.name for one, other in zip(first.tables, again.tables, strict=True) if one != other
    }
    assert names == {"session"}  # its leases are void
    turn_to(f"sqlite:///{tmp_path / 'again.db'}")
    with tx():
        execute("UPDATE event SET sent_at = replace(sent_at, '678901', '678902') WHERE id = 2")
    third = filled.move(f"sqlite:///{tmp_path / 'third.db'}")
    differing = [
        one.name for one, other in zip(again.tables, third.tables, strict=True) if one != other
    ]
    assert differing == ["session", "event"]


def test_each_account_finds_its_own_there_and_no_other(filled: Filled, target: str) -> None:
    """Names lead to the same accounts; logs are as they were written; work goes on."""
    filled.move(target)
    turn_to(target)
    assert (enter(), enter("other")) == (filled.scope, filled.stranger)
    for scope, own, other in (
        (filled.scope, filled.session, filled.foreign),
        (filled.stranger, filled.foreign, filled.session),
    ):
        assert sessions.verify(scope, own.id) == []
        assert [one.data["text"] for one in sessions.events(scope, own.id)] == [
            f"{number} {ODD}" for number in range(3)
        ]
        with pytest.raises(SessionNotFound):
            sessions.get(scope, other.id)
        assert other.id not in {one.id for one in sessions.find(scope).sessions}
        session = settle(sessions.get(scope, own.id), Result())
        with tx():
            queries.add_event(session, None, "output", {}, NOW)
        assert sessions.verify(scope, own.id) == []
    ids = [number for (number,) in fetch("SELECT id FROM event ORDER BY id")]
    assert ids == [*range(1, len(ids) + 1)]


def test_a_holder_of_before_can_write_nothing_there(filled: Filled, target: str) -> None:
    """Neither hand in, nor keep its lease up. Here everything is as it was."""
    filled.move(target)
    here = sessions.get(filled.scope, filled.session.id)
    assert here.lease_owner == "host:1:1:word"
    turn_to(target)
    with pytest.raises(StaleSession):
        settle(filled.session, Result())
    with tx():
        records.renew(filled.session.id, "host:1:1:word", NOW)
    there = sessions.get(filled.scope, filled.session.id)
    assert (there.lease_owner, there.lease_until) == (None, None)
    assert there.version == here.version + 2**32


DAMAGE = [
    ("interaction", "BEFORE INSERT", "NEW.result := NEW.result || ' '"),
    ("event", "BEFORE INSERT", "NEW.sent_at := NEW.sent_at + interval '1 microsecond'"),
    ("budget", "BEFORE INSERT", "NEW.seconds := NEW.seconds + 0.0000000000000001"),
    ("blob", "BEFORE INSERT", "NEW.content := NEW.content || 'x'::bytea"),
    ("context", "AFTER INSERT", "DELETE FROM context WHERE id = NEW.id"),
]


@pytest.mark.parametrize(("table", "when", "does"), DAMAGE, ids=[one[0] for one in DAMAGE])
def test_a_row_that_is_changed_on_its_way_is_told(
    filled: Filled, server: Server, table: str, when: str, does: str
) -> None:
    """By the table and its key; nothing is kept there, and nothing is changed here."""
    before = content()
    with server.database() as target:
        ask(
            target,
            f"CREATE FUNCTION damage() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {does}; RETURN NEW; END $$; "
            f"CREATE TRIGGER damage {when} ON {table} FOR EACH ROW EXECUTE FUNCTION damage()",
        )
        with pytest.raises(StoreUnusable, match=f"^{table} .+ did not arrive .*nothing was kept"):
            filled.move(target)
        assert ask(target, "SELECT count(*) FROM account") == [(0,)]
        assert content() == before


def test_what_is_there_already_is_not_touched(filled: Filled, server: Server) -> None:
    """One account is enough to refuse it; so is a table of another program."""
    with server.database() as target:
        ask(target, "INSERT INTO account VALUES ('1', 'acme', now())")
        with pytest.raises(
            Refused, match="is not empty: there are rows in account; make a new one"
        ):
            filled.move(target)
        assert ask(target, "SELECT id FROM account") == [("1",)]
    with server.database(empty=True) as target:
        ask(target, "CREATE TABLE event (id int)")
        with pytest.raises(Refused, match="a table event of something else"):
            filled.move(target)
    with pytest.raises(Refused, match="is the database in use"):
        filled.move(filled.url)


def test_a_session_that_is_run_holds_the_move_up(filled: Filled, target: str) -> None:
    """Its runner would go on writing here."""
    with tx():
        records.claim(filled.session, "host:1:1:word", connection.now().replace(year=2999))
    with pytest.raises(Refused, match=r"^1 session is being run; end that \(`interlock workers`"):
        filled.move(target)
    assert tables_of(target) == []


def test_nobody_writes_meanwhile(
    filled: Filled, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who tries to, is told to wait; reading goes on."""
    refused = []

    def write_too(what: str, number: int, total: int) -> None:
        with closing(apsw.Connection(filled.url.removeprefix("sqlite:///"))) as other:
            assert other.execute("SELECT count(*) FROM session").fetchall() == [(4,)]
            with pytest.raises(apsw.BusyError):
                other.execute("UPDATE session SET title = 'late'")
            refused.append(what)

    done = transfer.move(target, write_too)
    rows = sum(one.rows for one in done.tables)
    assert refused == ["carried"] * rows + ["compared"] * rows


def test_a_value_that_cannot_be_kept_is_told(filled: Filled, target: str) -> None:
    """PostgreSQL has no NUL; nothing is kept there."""
    with tx():
        execute("UPDATE context SET content = 'a' || char(0) || 'b'")
    with pytest.raises(InvalidInput, match=r"^the rows of context cannot be carried: .*NUL"):
        filled.move(target)
    assert tables_of(target) == []


def test_what_was_wrong_before_is_carried_and_told(filled: Filled, target: str) -> None:
    """A log that was changed is no better there; it is said of which session."""
    with tx():
        execute("UPDATE interaction SET step = 'x' WHERE session_id = ?", (filled.foreign.id,))
    done = filled.move(target)
    assert {line[: len("session ") + 36] for line in done.faults} == {
        f"session {filled.foreign.id}"
    }


def test_a_file_can_be_the_target(filled: Filled, target: str, tmp_path: Path) -> None:
    """From a server back to a file; a child may have a smaller id than its parent."""
    ids = [str(one) for (one,) in fetch("SELECT id FROM session ORDER BY id")]
    with tx():
        execute("UPDATE session SET parent_id = NULL, spawn_key = NULL")
        execute("UPDATE session SET parent_id = ? WHERE id = ?", (ids[-1], ids[0]))
    before = content()
    filled.move(target)
    turn_to(target)
    back = f"sqlite:///{tmp_path / 'back.db'}"
    filled.move(back)
    turn_to(back)
    assert content() == before


def test_a_file_that_could_not_be_filled_is_not_left(filled: Filled, tmp_path: Path) -> None:
    """One that was there is."""
    taken = tmp_path / "taken.db"
    turn_to(f"sqlite:///{taken}")
    turn_to(filled.url)
    with tx():
        execute("UPDATE session SET lease_owner = 'h:1:1:w', lease_until = '2999-01-01T00:00:00'")
    for file in (taken, tmp_path / "none.db"):
        with pytest.raises(Refused):
            filled.move(f"sqlite:///{file}")
    assert sorted(file.name for file in tmp_path.glob("*.db")) == ["interlock.db", "taken.db"]


def test_a_server_that_is_away_is_told(filled: Filled) -> None:
    """In words."""
    with pytest.raises(StoreUnusable, match="cannot be reached"):
        filled.move("postgresql://127.0.0.1:1/none")
    assert value("SELECT count(*) FROM session") == 4
