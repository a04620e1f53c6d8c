"""A message tells that a session in a queue is ready, in the transaction that makes it so."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from interlock import Result, Session, engine
from interlock.engine.errors import StoreUnusable
from interlock.engine.values import changed
from interlock.store import messages, queue, records
from interlock.store.connection import connect, disconnect, execute, fetch, fetch_one, tx
from tests.server import Server
from tests.sessions.processes import wait_for
from tests.store.samples import KIND, enter, issue, new_session, settle, value

FETCH = "SELECT id, lock FROM procrastinate_fetch_job_v2(NULL, ?)"


@pytest.fixture(autouse=True)
def database(server: Server) -> Iterator[Any]:
    """The open database, on a server."""
    with server.database() as url:
        yield connect(url)
        disconnect()


def queued(name: str = "default", **fields: Any) -> Session:
    """A session in a queue of the account `acme`."""
    return new_session(enter(), queue=name, **fields)


def sent() -> list[tuple[str, str | None, int, bool]]:
    """What nobody has received yet: queue, lock and priority, and whether it is for later."""
    return fetch(
        "SELECT queue_name, lock, priority, scheduled_at IS NOT NULL FROM procrastinate_jobs "
        "WHERE status = 'todo' ORDER BY id"
    )


def receive() -> tuple[int | None, str | None]:
    """What a worker of Procrastinate's receives next: the job and its lock."""
    with tx():
        (worker,) = fetch_one("SELECT worker_id FROM procrastinate_register_worker_v1()")
        job, lock = fetch_one(FETCH, (worker,))
    return job, lock


def rest(session: Session, seconds: float) -> Session:
    """The session, to be looked at in so many seconds."""
    with tx():
        return queue.rest(session, datetime.now(UTC) + timedelta(seconds=seconds))


def test_a_new_session_in_a_queue_is_told_of() -> None:
    """Once, by its id and nothing else; one in no queue is not."""
    new_session(enter())
    made = queued("nightly", priority=7)
    assert sent() == [("nightly", made.id, 7, False)]
    told = fetch("SELECT task_name, queueing_lock, args FROM procrastinate_jobs")
    assert told == [(messages.TASK, made.id, {"session_id": made.id})]


def undo(act: Callable[[], object], leaves: int) -> None:
    """Do it in a transaction that is rolled back, and leaves so many messages meanwhile."""
    with tx():
        act()
        assert len(sent()) == leaves
        raise Undone


class Undone(Exception):
    """What it is rolled back for."""


def test_a_message_is_undone_with_what_it_tells_of() -> None:
    """A transaction that is rolled back sends none, and takes none back."""
    with pytest.raises(Undone):
        undo(queued, 1)
    assert sent() == []
    ended = engine.cancel(queued(), "enough")
    with pytest.raises(Undone):
        undo(lambda: records.save(ended, datetime.now(UTC)), 0)
    assert len(sent()) == 1


def test_a_message_is_received_by_nobody_before_its_transaction_ends() -> None:
    """Another connection sees it when what it tells of can be seen."""
    found: list[Any] = []

    def look() -> None:
        found.append(receive())
        disconnect()

    with tx():
        made = queued()
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    look()
    assert [lock for _, lock in found] == [None, made.id]


def test_a_second_message_for_a_session_changes_nothing() -> None:
    """It is no error, and the transaction that it is in goes on."""
    made = queued()
    with tx():
        messages.tell(made.id)
        messages.tell(made.id)
        other = queued()
    assert [lock for _, lock, *_ in sent()] == [made.id, other.id]


def test_two_who_tell_of_one_session_at_once_do_not_disturb_each_other() -> None:
    """The second waits for the first, and both transactions are durable."""
    made = queued()
    receive()
    inside = threading.Event()

    def tell() -> None:
        with tx():
            messages.tell(made.id)
            execute("UPDATE session SET title = 'theirs'")
            inside.set()
            wait_for(lambda: value("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0)
        disconnect()

    thread = threading.Thread(target=tell)
    thread.start()
    assert inside.wait(60)
    with tx():
        messages.tell(made.id)
        execute("UPDATE session SET reason = 'mine'")
    thread.join()
    assert fetch("SELECT title, reason FROM session") == [("theirs", "mine")]
    assert [lock for _, lock, *_ in sent()] == [made.id]


def test_a_time_holds_up_nothing_that_is_ready() -> None:
    """Its message carries no lock: what makes the session ready before is received at once."""
    waiting = rest(queued(), 3600)
    assert sent() == [("default", None, messages.LATER, True)]
    assert receive() == (None, None)
    rest(waiting, -1)
    assert sent() == [("default", waiting.id, 0, False)]
    assert receive()[1] == waiting.id


def test_a_time_that_has_come_is_told_of() -> None:
    """By a message of its own, which is received when nothing else is ready."""
    soon, ready = rest(queued(), 0.1), queued()
    first = receive()
    assert first[1] == ready.id
    received: list[int] = []

    def is_received() -> bool:
        job, _ = receive()
        received.extend([job] if job is not None else [])
        return job is not None

    wait_for(is_received)
    told = value("SELECT args ->> 'session_id' FROM procrastinate_jobs WHERE id = ?", *received)
    assert told == soon.id


def test_what_waits_or_ends_is_told_of_no_more() -> None:
    """A session that rests without a time, that ended, or that was taken out of its queue."""
    with tx():
        queue.rest(queued(), None)
    assert sent() == []
    ended = queued()
    settle(issue(ended), Result("done"))
    assert sent() == []
    mine = queued()
    with tx():
        queue.assign(changed(mine, queue=None))
    assert sent() == []


def test_a_step_that_goes_on_sends_nothing() -> None:
    """Whoever carries the session on is at it already."""
    made = issue(queued())
    receive()
    settle(made, Result("ok"))
    assert sent() == []


def test_a_session_that_is_given_back_is_told_of_if_it_is_ready() -> None:
    """Or will be; not one that is in no queue, or that somebody holds."""
    later = datetime.now(UTC) + timedelta(hours=1)
    waiting, mine, held, ready = rest(queued(), 3600), new_session(enter()), queued(), queued()
    with tx():
        records.claim(held, "somebody", later)
        execute("DELETE FROM procrastinate_jobs")
        for one in (waiting, mine, held, ready):
            messages.tell(one.id)
    assert [lock for _, lock, *_ in sent()] == [None, ready.id]
    with tx():
        records.renew(held.id, "somebody", datetime.now(UTC))
        messages.tell(held.id)
    assert [lock for _, lock, *_ in sent()] == [None, ready.id, held.id]


def test_a_message_that_was_received_for_another_session_is_sent_anew() -> None:
    """The one that was received stays, and holds up nothing; the other session's is taken back."""
    mine, other = queued(), queued()
    job, _ = receive()
    messages.exchange([mine.id], [other.id])
    assert sent() == [("default", mine.id, 0, False)]
    assert fetch("SELECT lock, status::text FROM procrastinate_jobs WHERE id = ?", (job,)) == [
        (None, "doing")
    ]
    assert receive()[1] == mine.id


@pytest.mark.parametrize("name", ["q", "n" * 100, "夜" * 100, 'a"b%c#d'])
def test_a_queue_may_have_any_name(name: str) -> None:
    """Also one that is longer than the name of a channel may be."""
    queued(name)
    ((told, *_),) = sent()
    assert told == messages.name_of(name)
    assert len(f"procrastinate_queue_v1#{told}".encode()) <= 63
    assert messages.name_of(name + "x") != told


def test_tables_of_another_version_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of the library that is installed and of the database; nothing is tried with them."""
    messages.require_schema()
    with tx():
        execute("COMMENT ON TABLE procrastinate_jobs IS '09.09.00_01_other'")
    with pytest.raises(StoreUnusable, match=r"made for .* 09\.09\.00_01_other.*upgrade Interlock"):
        messages.require_schema()
    monkeypatch.setattr(messages, "SCHEMA", "03.03.00_01_other")
    with pytest.raises(StoreUnusable, match=r"does not know: pip install"):
        messages.require_schema()
    monkeypatch.setattr(messages, "find_spec", lambda name: None)
    with pytest.raises(StoreUnusable, match=r"needs Procrastinate: pip install"):
        messages.require_schema()


def test_the_machine_goes_on_beside_messages() -> None:
    """Every session that is ready and held by nobody has a message, whatever was done to it."""
    made = queued()
    receive()
    settle(issue(made), Result("error", error="no luck"))
    assert sent() == []
    failed = records.one(enter(), made.id)
    assert failed is not None
    with tx():
        records.save(engine.next_command(KIND, engine.retry(failed)), datetime.now(UTC))
    assert [lock for _, lock, *_ in sent()] == [made.id]
