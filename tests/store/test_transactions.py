"""One transaction at a time: all of it or nothing, and nobody is told of a lock."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import apsw
import peewee
import pytest

from interlock.engine.errors import InvalidInput, Refused, StoreBusy
from interlock.store import connection, queries, records, sqlite
from interlock.store.connection import disconnect, execute, guard, tx
from tests.store.samples import NOW, enter, new_session, value

THREADS, ROUNDS = 8, 25


def add_account(name: str) -> None:
    """Write a row."""
    execute("INSERT INTO account (id, name, inserted_at) VALUES (?, ?, ?)", (name, name, "now"))


def count() -> int:
    """How many accounts there are."""
    return int(value("SELECT count(*) FROM account"))


def in_transaction(database: peewee.Database) -> bool:
    """True while this thread's connection has one open."""
    return bool(database.connection().in_transaction)


@contextmanager
def locked(database: peewee.Database) -> Iterator[apsw.Connection]:
    """Another connection that writes, and has not said yet what."""
    with closing(apsw.Connection(database.database)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def test_a_block_that_raises_leaves_nothing(database: peewee.Database) -> None:
    """What a transaction did is undone where its block raises, and the error goes on."""
    with pytest.raises(LookupError), tx():  # noqa: PT012
        add_account("acme")
        raise LookupError
    assert count() == 0
    assert not in_transaction(database)


def test_an_inner_block_is_part_of_the_outer(database: peewee.Database) -> None:
    """A transaction inside another neither commits nor ends it."""
    with pytest.raises(LookupError), tx():  # noqa: PT012
        with tx():
            add_account("acme")
        assert in_transaction(database)
        raise LookupError
    assert count() == 0


def test_a_write_by_the_query_builder_is_part_of_it(database: peewee.Database) -> None:
    """What peewee writes in the block is undone with the rest."""
    session = new_session(enter())
    with pytest.raises(LookupError), tx():  # noqa: PT012
        queries.add_context(session, "user", "hello", NOW)
        raise LookupError
    assert queries.contexts(session) == []


@pytest.mark.parametrize("model", [False, True], ids=["statement", "query builder"])
def test_what_the_database_refuses_is_said_in_words(database: peewee.Database, model: bool) -> None:
    """A broken constraint is Refused, whichever way the row was written, and nothing stays."""
    session = new_session(enter())
    with pytest.raises(Refused, match="refused the change: CHECK"), tx():  # noqa: PT012
        add_account("other")
        if model:
            queries.add_context(session, "", "hello", NOW)
        else:
            add_account("")
    assert count() == 1


@pytest.mark.parametrize("given", ["\ud800", 2**63], ids=["lone surrogate", "65 bits"])
def test_a_value_that_no_column_holds_is_invalid_input(
    database: peewee.Database, given: object
) -> None:
    """What cannot be bound is the caller's input, and not a fault of the store."""
    with pytest.raises(InvalidInput, match="cannot keep this value"), tx():
        execute("UPDATE account SET name = ?", (given,))
    with pytest.raises(InvalidInput, match="cannot keep this value"), guard():
        execute("SELECT 1 FROM account WHERE name = ?", (given,))


def test_a_lock_is_waited_for(database: peewee.Database) -> None:
    """A writer that finds another at work waits for it and then writes."""
    done = threading.Event()

    def write() -> None:
        with tx():
            add_account("late")
        done.set()
        disconnect()

    with locked(database) as other:
        writer = threading.Thread(target=write)
        writer.start()
        assert not done.wait(0.3)
        other.execute("INSERT INTO account VALUES ('first', 'first', 'now')")
        other.execute("COMMIT")
        writer.join()
    assert done.is_set()
    assert count() == 2


def test_a_lock_that_stays_is_told_after_a_time(
    database: peewee.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After BUSY_SECONDS the caller hears StoreBusy, in words that name the file."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.0)
    with locked(database), pytest.raises(StoreBusy, match=r"interlock\.db stayed locked"):
        tx().__enter__()
    assert not in_transaction(database)
    with tx():
        add_account("acme")
    assert count() == 1


def test_ctrl_c_while_it_waits_leaves_no_transaction_open(
    database: peewee.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupt is raised when BEGIN has returned: what it began is undone."""
    opened = connection.backend()
    begin = opened.start

    def interrupted() -> None:
        begin()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(opened, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            tx().__enter__()
    assert not in_transaction(database)
    with tx():
        add_account("acme")
    disconnect()
    assert count() == 1


def test_reading_goes_on_while_another_writes(database: peewee.Database) -> None:
    """A reader sees the state before a transaction until that is durable."""
    with locked(database) as other:
        other.execute("INSERT INTO account VALUES ('new', 'new', 'now')")
        assert count() == 0
        other.execute("COMMIT")
    assert count() == 1


def test_no_update_of_concurrent_threads_is_lost(database: peewee.Database) -> None:
    """Reading and then writing in a transaction counts every time, on eight threads."""
    with tx():
        execute("INSERT INTO account (id, name, inserted_at) VALUES ('a', '0', 'now')")
    errors: list[BaseException] = []

    def add() -> None:
        try:
            for _ in range(ROUNDS):
                with tx():
                    seen = int(value("SELECT name FROM account"))
                    execute("UPDATE account SET name = ?", (str(seen + 1),))
        except BaseException as error:
            errors.append(error)
        finally:
            disconnect()

    threads = [threading.Thread(target=add) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert value("SELECT name FROM account") == str(THREADS * ROUNDS)


def test_a_commit_that_fails_undoes_all(
    database: peewee.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that is checked at the end and broken then makes the whole transaction void."""
    session = new_session(enter())
    with pytest.raises(Refused, match="FOREIGN KEY"), tx():  # noqa: PT012
        execute("PRAGMA defer_foreign_keys = 1")
        add_account("other")
        execute("UPDATE session SET account_id = 'nobody'")
    assert not in_transaction(database)
    assert count() == 1
    found = records.one(enter(), session.id)
    assert found is not None
