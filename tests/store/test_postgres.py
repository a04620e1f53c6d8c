"""A server has its own clock, its own settings, and connections that are lost."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from interlock import COMPLETE, Command, Result, Session, SessionType, Shell, engine, sessions, step
from interlock.engine.errors import InvalidInput, Refused, StaleSession, StoreBusy, StoreUnusable
from interlock.store import connection, maintenance, postgres, records
from interlock.store.codec import Submitted
from interlock.store.connection import disconnect, execute, fetch, guard, tx
from interlock.store.restoration import restore, void_leases
from tests.proxy import Cut, Proxy, is_commit
from tests.server import close_connections, programs
from tests.store.kinds import ON_SERVERS
from tests.store.samples import KIND, NOW, enter, issue, new_session, reopen, require_void, value

pytestmark = [ON_SERVERS, pytest.mark.usefixtures("database")]

AGES = timedelta(days=1000)
LONG = 60
"""Seconds after which a test has failed that waits for something."""


@pytest.fixture
def other(url: str) -> Iterator[Any]:
    """A connection of somebody else's."""
    with closing(psycopg.connect(url, autocommit=True)) as made:
        yield made


def add_account(name: str) -> None:
    """Write a row."""
    execute("INSERT INTO account (id, name, inserted_at) VALUES (?, ?, ?)", (name, name, "now"))


def own_pid() -> int:
    """The server's process for this thread's connection."""
    return int(value("SELECT pg_backend_pid()"))


def terminate(other: Any, pid: int) -> None:
    """End one of the server's processes, and see that it has gone."""
    other.execute("SELECT pg_terminate_backend(%s)", (pid,))
    wait_until(lambda: not asked(other, f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid}"))


def asked(other: Any, sql: str) -> list[Any]:
    """What somebody else finds."""
    return list(other.execute(sql).fetchall())


def wait_until(holds: Callable[[], object]) -> None:
    """Return when it is so."""
    end = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def in_thread(act: Callable[[], object]) -> threading.Thread:
    """A thread that does something on a connection of its own."""

    def run() -> None:
        try:
            act()
        finally:
            disconnect()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_every_connection_waits_for_the_disk(url: str) -> None:
    """Where the database's own default is not to, each thread's connection and each new one is
    another."""
    execute(f'ALTER DATABASE "{value("SELECT current_database()")}" SET synchronous_commit = off')
    reopen(url)
    seen = [value("SHOW synchronous_commit")]
    in_thread(lambda: seen.append(value("SHOW synchronous_commit"))).join()
    reopen(url)
    seen.append(value("SHOW synchronous_commit"))
    assert seen == ["on"] * 3


def test_a_stronger_setting_is_left_as_it_is(url: str) -> None:
    """A database whose commits wait for a copy too goes on doing so."""
    name = value("SELECT current_database()")
    execute(f'ALTER DATABASE "{name}" SET synchronous_commit = remote_apply')
    reopen(url)
    assert value("SHOW synchronous_commit") == "remote_apply"


def test_the_time_is_the_servers(url: str) -> None:
    """Also where its clock and that of this machine are years apart."""
    execute(
        "CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql "
        "AS 'SELECT pg_catalog.clock_timestamp() + interval ''1000 days'''"
    )
    name = value("SELECT current_database()")
    execute(f'ALTER DATABASE "{name}" SET search_path = public, pg_catalog')
    reopen(url)
    before = datetime.now(UTC) + AGES
    told = connection.now()
    assert abs(told - before) < timedelta(hours=1)
    assert connection.now() > told
    session = new_session(enter())
    with tx():
        connection.hold(session.id)
        assert abs(connection.now() - before) < timedelta(hours=1)


def test_a_transaction_has_the_time_at_which_it_held_its_session() -> None:
    """Whoever held it before did so at an earlier time, and whoever does after it at a later."""
    session = new_session(enter())
    times = [connection.now()]
    for _ in range(2):
        with tx():
            connection.hold(session.id)
            times.append(connection.now())
            assert connection.now() == times[-1]
    times.append(connection.now())
    assert times == sorted(set(times))


def test_another_session_is_held_meanwhile() -> None:
    """Who holds one family waits for no other."""
    mine, yours = new_session(enter()), new_session(enter())

    def hold_yours() -> None:
        with tx():
            connection.hold(yours.id)

    with tx():
        connection.hold(mine.id)
        thread = in_thread(hold_yours)
        thread.join(LONG)
        assert not thread.is_alive()


def test_reading_goes_on_where_the_connection_was_lost(other: Any) -> None:
    """By itself, on a new one."""
    pid = own_pid()
    terminate(other, pid)
    assert own_pid() != pid


def test_a_transaction_begins_where_the_connection_was_lost(other: Any) -> None:
    """On a new one."""
    pid = own_pid()
    terminate(other, pid)
    with tx():
        add_account("acme")
        assert own_pid() != pid
    assert asked(other, "SELECT name FROM account") == [("acme",)]


def test_a_transaction_whose_connection_is_lost_leaves_nothing(other: Any) -> None:
    """It is told, and the next one is made as if nothing had been."""
    with pytest.raises(StoreUnusable, match=r"was lost .* do it again"), tx():  # noqa: PT012
        add_account("acme")
        terminate(other, own_pid())
        add_account("other")
    assert not connection.backend().is_within
    assert value("SELECT count(*) FROM account") == 0
    with tx():
        add_account("acme")
    assert value("SELECT count(*) FROM account") == 1


def test_nothing_of_a_transaction_is_done_on_another_connection(other: Any) -> None:
    """Also where its block goes on after the connection was lost, with one within it."""
    failed = 0
    with pytest.raises(StoreUnusable, match="was lost"), tx():  # noqa: PT012
        add_account("first")
        terminate(other, own_pid())
        for name in ("second", "third"):
            try:
                with guard(), tx():
                    add_account(name)
            except StoreUnusable:
                failed += 1
    assert failed == 2
    assert asked(other, "SELECT count(*) FROM account") == [(0,)]
    assert value("SELECT count(*) FROM account") == 0


def test_a_transaction_of_which_a_statement_failed_is_not_taken_for_done() -> None:
    """The server answers its COMMIT with a word: it has undone all of it."""
    with pytest.raises(StoreUnusable, match="nothing was changed"), tx():  # noqa: PT012
        add_account("acme")
        with pytest.raises(psycopg.IntegrityError):
            add_account("acme")
    assert value("SELECT count(*) FROM account") == 0
    with tx():
        add_account("acme")


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_lost_commit_is_told_as_not_known(url: str, other: Any, cut: Cut) -> None:
    """The words are the same whether it was done or not, and doing it again does it once."""
    session = new_session(enter())
    moved = engine.next_command(KIND, session)
    with closing(Proxy(url, lambda sent: cut if is_commit(sent) else "never")) as proxy:
        reopen(proxy.url)
        with pytest.raises(StoreUnusable, match="whether the last change was made is not known"):
            issue(session)
        done = asked(other, "SELECT count(*) FROM interaction") == [(1,)]
        reopen(url)
    assert done is (cut == "after")
    if done:
        with pytest.raises(StaleSession), tx():
            records.save(moved, NOW)
    else:
        with tx():
            records.save(moved, NOW)
    assert value("SELECT count(*) FROM interaction") == 1


def test_a_server_that_is_away_for_a_while_is_waited_for(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To read, and to begin a transaction; after RETURN_SECONDS it is told."""
    said: list[int] = []

    def work() -> None:
        said.append(int(value("SELECT count(*) FROM account")))
        with tx():
            add_account("acme")

    with closing(Proxy(url)) as proxy:
        reopen(proxy.url)
        proxy.leave()
        worker = in_thread(work)
        worker.join(0.3)
        assert worker.is_alive()
        proxy.come_back()
        worker.join(LONG)
        assert said == [0]
        proxy.leave()
        monkeypatch.setattr(postgres, "RETURN_SECONDS", 0.01)
        with pytest.raises(StoreUnusable, match="cannot be reached"):
            value("SELECT 1")
        reopen(url)
    assert value("SELECT count(*) FROM account") == 1


class Looking(SessionType):
    """Its steps look back."""

    transitions = (
        ("ok", "work", "look"),
        ("ok", "look", COMPLETE),
    )

    @step
    def work(self, session: Session) -> Command:
        return Shell(("true",))

    @step
    def look(self, session: Session) -> Command:
        return Shell((session.last(session.input.get("step", 5)).status,))


def test_a_connection_that_is_lost_while_a_step_looks_back_is_no_mistake_of_the_step(
    other: Any,
) -> None:
    """The session stays as it was, whole."""
    session = issue(new_session(enter(), input={"step": "look"}))
    kind = Looking()
    before = records.one(enter(), session.id)
    with pytest.raises(StoreUnusable, match="was lost"), tx():  # noqa: PT012
        terminate(other, own_pid())
        moved = engine.next_command(kind, engine.handle_result(kind, session, Result()))
        records.save(moved, NOW, Submitted.of(Result()))
    assert records.one(enter(), session.id) == before


def test_a_step_that_looks_for_what_is_no_name_does_not_spoil_the_transaction() -> None:
    """It is an error of the step, as with a file."""
    session, kind = issue(new_session(enter())), Looking()
    with tx():
        moved = engine.next_command(kind, engine.handle_result(kind, session, Result()))
        records.save(moved, NOW, Submitted.of(Result()))
    found = records.one(enter(), session.id)
    assert found is not None
    assert found.open is not None
    assert "step look raised TypeError" in str(found.open.command)


def test_ctrl_c_while_it_waits_for_a_row_undoes_all(other: Any) -> None:
    """The server stops to wait, and the connection can be used at once."""
    with tx():
        add_account("acme")
    pid = own_pid()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def send() -> None:
        waiting = f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid} AND wait_event_type = 'Lock'"
        wait_until(lambda: asked(other, waiting))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with other.transaction():
            other.execute("UPDATE account SET name = 'theirs'")
            sender = in_thread(send)
            with pytest.raises(KeyboardInterrupt), tx():  # noqa: PT012
                add_account("other")
                execute("UPDATE account SET name = 'mine' WHERE name = 'acme'")
            sender.join()
            assert not connection.backend().is_within
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert asked(other, "SELECT name FROM account") == [("theirs",)]
    assert own_pid() == pid


@pytest.mark.parametrize("text", ["\0", "before\0after", "\ud800"])
def test_what_no_text_can_hold_is_invalid_input(text: str) -> None:
    """It is told of the value, and the transaction is undone."""
    session = new_session(enter())
    with pytest.raises(InvalidInput, match="cannot keep this value"), tx():  # noqa: PT012
        execute("UPDATE session SET priority = 7")
        execute("UPDATE session SET title = ?", (text,))
    assert records.one(enter(), session.id) == session


def test_no_text_with_a_nul_is_found() -> None:
    """Nothing that is kept has one, so a look for it is no fault, in a transaction either."""
    with tx():
        add_account("acme")
        assert fetch("SELECT 1 FROM account WHERE name = ?", ("ac\0me",)) == []
    assert value("SELECT name FROM account") == "acme"


def test_threads_that_have_ended_leave_no_connection(other: Any) -> None:
    """A hundred in turn share one, beside that of this thread."""
    for _ in range(100):
        in_thread(lambda: value("SELECT 1")).join()
    mine = "datname = current_database() AND application_name = 'interlock'"
    assert asked(other, f"SELECT count(*) FROM pg_stat_activity WHERE {mine}") == [(2,)]


def test_a_connection_that_was_lost_in_the_pool_is_found_out(other: Any) -> None:
    """The next thread that gets it goes on with another."""
    pids: list[int] = []
    in_thread(lambda: pids.append(own_pid())).join()
    terminate(other, pids[0])
    in_thread(lambda: pids.append(own_pid())).join()
    assert len(set(pids)) == 2


def test_more_threads_than_connections_wait_and_are_told(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In words, after POOL_SECONDS."""
    monkeypatch.setattr(postgres, "MOST_CONNECTIONS", 1)
    monkeypatch.setattr(postgres, "POOL_SECONDS", 1)
    reopen(url)
    assert value("SELECT 1") == 1
    said: list[str] = []

    def work() -> None:
        for act in (lambda: value("SELECT 1"), lambda: tx().__enter__()):
            with pytest.raises(StoreBusy) as caught:
                act()
            said.append(str(caught.value))

    in_thread(work).join()
    assert len(said) == 2
    assert all("all 1 connections to postgresql://" in one for one in said)


def test_a_backup_is_the_servers_own_business(tmp_path: Path) -> None:
    """Both ways, in words that name its programs."""
    with pytest.raises(Refused, match="pg_dump"):
        maintenance.back_up(tmp_path / "backup.db")
    with pytest.raises(Refused, match="pg_dump"):
        restore(tmp_path / "backup.db", tmp_path / "aside.db")
    assert list(tmp_path.iterdir()) == []


def test_a_holder_of_before_writes_nothing_to_a_restored_server(url: str, tmp_path: Path) -> None:
    """pg_restore brings leases back as they were; they are void once it is said."""
    with tx():
        held = records.claim(issue(new_session(enter())), "host:1:1:word", NOW)
    dump = str(tmp_path / "dump")
    close_connections()
    for words in (["pg_dump", "-Fc", "-f", dump, url], ["pg_restore", "-c", "-d", url, dump]):
        subprocess.run([programs() / words[0], *words[1:]], check=True)
    restored = sessions.get(enter(), held.id)
    assert restored.lease_owner == "host:1:1:word"
    assert void_leases() == 1
    require_void(held)


ABSENT = """
import sys
sys.modules["psycopg"] = None
from interlock.engine.errors import StoreUnusable
from interlock.store.connection import connect
try:
    connect(sys.argv[1])
except StoreUnusable as error:
    print(error)
"""


def test_without_the_driver_it_is_said_what_to_install(url: str) -> None:
    """In one line."""
    done = run(ABSENT, url)
    assert done.count("\n") == 1
    assert "pip install 'interlock[postgres]'" in done


PLAIN = """
import sys
from interlock.store import maintenance
from interlock.store.connection import connect
connect(sys.argv[1])
maintenance.faults()
print([name for name in sys.modules if "psycopg" in name or name == "playhouse.pool"])
"""


def test_a_file_needs_no_driver(tmp_path: Path) -> None:
    """Nor is one imported where it is installed, to make the file or later: it takes longer than
    all the rest."""
    url = f"sqlite:///{tmp_path}/interlock.db"
    assert "psycopg" not in run(PLAIN, url)
    assert run(PLAIN, url) == "[]\n"


def run(program: str, url: str) -> str:
    """What a program of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", program, url],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    return done.stdout
