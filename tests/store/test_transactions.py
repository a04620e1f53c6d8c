"""All of a transaction or nothing: no update is lost, and nobody is told of a lock."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import apsw
import psycopg
import pytest

from interlock import Result
from interlock.engine.errors import InvalidInput, Refused, StaleSession, StoreBusy
from interlock.store import connection, queries, records, sqlite
from interlock.store.connection import disconnect, execute, guard, tx
from interlock.store.sqlite import path_of
from tests.store.kinds import ON_FILES, ON_SERVERS
from tests.store.samples import NOW, enter, new_session, step_once, value

pytestmark = pytest.mark.usefixtures("database")

THREADS = 8


def add_account(name: str) -> None:
    """Write a row."""
    execute("INSERT INTO account (id, name, inserted_at) VALUES (?, ?, ?)", (name, name, "now"))


def count() -> int:
    """How many accounts there are."""
    return int(value("SELECT count(*) FROM account"))


def within() -> bool:
    """True while this thread's connection has a transaction open."""
    return connection.backend().is_within


def together(act: Callable[[], None], rounds: int) -> list[BaseException]:
    """What went wrong in eight threads that do the same, each so many times."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            for _ in range(rounds):
                act()
        except BaseException as error:
            errors.append(error)
        finally:
            disconnect()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@contextmanager
def held(url: str) -> Iterator[Any]:
    """Another connection that has changed the name of each account, and has not committed yet."""
    is_file = url.startswith("sqlite")
    other: Any = apsw.Connection(path_of(url)) if is_file else psycopg.connect(url, autocommit=True)
    with closing(other):
        other.execute("BEGIN IMMEDIATE" if is_file else "BEGIN")
        other.execute("UPDATE account SET name = name || ', theirs'")
        yield other


def test_a_block_that_raises_leaves_nothing() -> None:
    """What a transaction did is undone where its block raises, and the error goes on."""
    with pytest.raises(LookupError), tx():  # noqa: PT012
        add_account("acme")
        raise LookupError
    assert count() == 0
    assert not within()


def test_an_inner_block_is_part_of_the_outer() -> None:
    """A transaction inside another neither commits nor ends it."""
    with pytest.raises(LookupError), tx():  # noqa: PT012
        with tx():
            add_account("acme")
        assert within()
        raise LookupError
    assert count() == 0


def test_a_write_by_the_query_builder_is_part_of_it() -> None:
    """What peewee writes in the block is undone with the rest."""
    session = new_session(enter())
    with pytest.raises(LookupError), tx():  # noqa: PT012
        queries.add_context(session, "user", "hello", NOW)
        raise LookupError
    assert queries.contexts(session) == []


@pytest.mark.parametrize("model", [False, True], ids=["statement", "query builder"])
def test_what_the_database_refuses_is_said_in_words(model: bool) -> None:
    """A broken constraint is Refused, whichever way the row was written, and nothing stays."""
    session = new_session(enter())
    with pytest.raises(Refused, match=r"(?i)refused the change: .*check"), tx():  # noqa: PT012
        add_account("other")
        if model:
            queries.add_context(session, "", "hello", NOW)
        else:
            add_account("")
    assert count() == 1


@pytest.mark.parametrize(
    ("given", "column", "read"),
    [
        ("\ud800", "title", "SELECT 1 FROM session WHERE title = ?"),
        (2**63, "priority", "SELECT 1 FROM session LIMIT ?"),
    ],
    ids=["lone surrogate", "65 bits"],
)
def test_a_value_that_no_column_holds_is_invalid_input(
    given: object, column: str, read: str
) -> None:
    """What cannot be bound is the caller's input, and not a fault of the store."""
    new_session(enter())
    with pytest.raises(InvalidInput, match="cannot keep this value"), tx():
        execute(f"UPDATE session SET {column} = ?", (given,))
    with pytest.raises(InvalidInput, match="cannot keep this value"), guard():
        execute(read, (given,))
    assert new_session(enter()).active


def test_a_lock_is_waited_for(url: str) -> None:
    """A writer that finds another at work on the same row waits for it and then writes."""
    done = threading.Event()
    with tx():
        add_account("acme")

    def write() -> None:
        with tx():
            execute("UPDATE account SET name = name || ', mine'")
        done.set()
        disconnect()

    with held(url) as other:
        writer = threading.Thread(target=write)
        writer.start()
        assert not done.wait(0.3)
        other.execute("COMMIT")
        writer.join()
    assert done.is_set()
    assert value("SELECT name FROM account") == "acme, theirs, mine"


@ON_FILES
def test_a_lock_that_stays_is_told_after_a_time(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After BUSY_SECONDS the caller hears StoreBusy, in words that name the file."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.0)
    with held(url), pytest.raises(StoreBusy, match=r"interlock\.db stayed locked"):
        tx().__enter__()
    assert not within()
    with tx():
        add_account("acme")
    assert count() == 1


@ON_SERVERS
def test_a_row_that_stays_locked_is_told_after_a_time(url: str) -> None:
    """After a minute, here less, the caller hears StoreBusy; it has changed nothing."""
    assert value("SHOW lock_timeout") == "1min"
    with tx():
        add_account("acme")
    with held(url):
        with pytest.raises(StoreBusy, match=r"others were writing .* try again"), tx():  # noqa: PT012
            add_account("other")
            execute("SET LOCAL lock_timeout = '50ms'")
            execute("UPDATE account SET name = 'mine'")
        assert not within()
        assert value("SELECT name FROM account") == "acme"


def test_ctrl_c_while_it_waits_leaves_no_transaction_open(
    monkeypatch: pytest.MonkeyPatch,
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
    assert not within()
    with tx():
        add_account("acme")
    disconnect()
    assert count() == 1


def test_reading_goes_on_while_another_writes(url: str) -> None:
    """A reader sees the state before a transaction until that is durable."""
    with tx():
        add_account("acme")
    with held(url) as other:
        assert value("SELECT name FROM account") == "acme"
        other.execute("COMMIT")
    assert value("SELECT name FROM account") == "acme, theirs"


def test_no_update_of_concurrent_threads_is_lost() -> None:
    """Reading and then writing a session that is held counts every time, on eight threads."""
    session = new_session(enter())

    def add() -> None:
        with tx():
            connection.hold(session.id)
            seen = int(value("SELECT priority FROM session"))
            execute("UPDATE session SET priority = ?", (seen + 1,))

    assert together(add, 25) == []
    assert value("SELECT priority FROM session") == THREADS * 25


def test_who_holds_a_session_holds_its_family() -> None:
    """Another transaction that asks for a parent or another child of it waits for the end."""
    scope = enter()
    parent = new_session(scope)
    one, two = (new_session(scope, parent_id=parent.id, spawn_key=key) for key in "ab")
    order: list[str] = []

    def follow(session_id: str) -> None:
        with tx():
            connection.hold(session_id)
            order.append("second")
        disconnect()

    for session in (parent, one, two):
        order.clear()
        with tx():
            connection.hold(one.id)
            second = threading.Thread(target=follow, args=[session.id])
            second.start()
            second.join(0.2)
            order.append("first")
        second.join()
        assert order == ["first", "second"]


def test_no_save_of_concurrent_threads_is_lost() -> None:
    """A session that eight threads move has every one of their rows, each with its own number."""
    scope = enter()
    session = new_session(scope)

    def move() -> None:
        while True:
            try:
                found = records.one(scope, session.id)
                assert found is not None
                step_once(found, Result())
                return
            except StaleSession:
                pass

    assert together(move, 10) == []
    found = records.one(scope, session.id)
    assert found is not None
    done = [row.seq for row in queries.rows(found) if row.status == "done"]
    assert done == [*range(1, len(done) + 1)]
    assert len(done) == THREADS * 10


def test_a_commit_that_fails_undoes_all() -> None:
    """A key that is checked at the end and broken then makes the whole transaction void."""
    session = new_session(enter())
    with pytest.raises(Refused, match=r"(?i)foreign key"), tx():  # noqa: PT012
        check_keys_at_the_end()
        add_account("other")
        execute("UPDATE session SET account_id = 'nobody'")
    assert not within()
    assert count() == 1
    found = records.one(enter(), session.id)
    assert found is not None


def check_keys_at_the_end() -> None:
    """Have the keys of sessions checked when this transaction commits."""
    if connection.backend().is_file:
        execute("PRAGMA defer_foreign_keys = 1")
    else:
        keys = "ALTER CONSTRAINT session_account_id_fkey DEFERRABLE INITIALLY DEFERRED"
        execute(f"ALTER TABLE session {keys}")
