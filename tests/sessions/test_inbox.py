"""What is told to a worker by messages: each is for one worker, and whatever becomes of it, the
session is carried on."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from interlock import Result, Scope, Session, accounts, sessions
from interlock.engine.errors import StoreUnusable
from interlock.sessions import inbox, worker
from interlock.sessions.attempts import Attempts, Note
from interlock.sessions.fairness import Caps
from interlock.sessions.lease import Lease
from interlock.sessions.poll import Poll
from interlock.store import messages, queue, records
from interlock.store.connection import disconnect, execute, fetch, fetch_one, tx
from tests.server import Server
from tests.sessions.moves import story
from tests.sessions.processes import wait_for
from tests.sessions.test_worker import AT_MOST, Gate, Watched, status

DEAD = (
    "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') "
    "RETURNING id"
)

CONNECTIONS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = ?"
)


@pytest.fixture
def url(server: Server, data_dir: Path) -> Iterator[str]:
    """The URL of a new database on a server."""
    with server.database() as made:
        yield made


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker looks once, and then only when a message comes."""
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 3600)


def jobs(status: str) -> list[str | None]:
    """The locks of the messages that are `todo` or `doing`, in the order in which they came."""
    sql = "SELECT lock FROM procrastinate_jobs WHERE status::text = ? ORDER BY id"
    return [lock for (lock,) in fetch(sql, (status,))]


def begin(scope: Scope, **given: Any) -> Session:
    """A new session of two commands, in a queue."""
    return sessions.create(scope, "pair", queue=given.pop("queue", "q"), **given)


def is_idle(seen: Watched) -> bool:
    """True once a worker has looked, and has nothing to do."""
    return seen.worker._look_at > 0 and not seen.worker._busy


def test_a_message_is_kept_as_long_as_its_session_is_carried_on(scope: Scope) -> None:
    """And is gone after it: nothing is left in Procrastinate's tables."""
    gate = Gate()
    with Watched(gate) as seen:
        wait_for(lambda: is_idle(seen))
        made = begin(scope)
        assert gate.began.wait(AT_MOST)
        assert (jobs("doing"), jobs("todo")) == ([made.id], [])
        gate.open.set()
        wait_for(lambda: fetch("SELECT 1 FROM procrastinate_jobs") == [])
    assert status(scope, made) == ["complete"]
    assert fetch("SELECT 1 FROM procrastinate_jobs, procrastinate_events") == []
    assert fetch("SELECT 1 FROM procrastinate_workers") == []


def test_a_worker_receives_no_more_than_it_has_room_for(scope: Scope) -> None:
    """What one is too busy for, another takes, meanwhile."""
    gate = Gate()
    with Watched(gate, concurrency=1) as busy:
        wait_for(lambda: is_idle(busy))
        mine = begin(scope)
        assert gate.began.wait(AT_MOST)
        others = [begin(scope) for _ in range(3)]
        assert jobs("todo") == [one.id for one in others]
        with Watched() as free:
            wait_for(lambda: status(scope, *others) == ["complete"] * 3)
        assert mine.id not in free.told("began")
        gate.open.set()
        wait_for(lambda: status(scope, mine) == ["complete"])


def test_a_worker_receives_nothing_of_other_queues(scope: Scope) -> None:
    """Whatever their names; what is for others stays for them."""
    names = ["a", "n" * 100, 'q"%s']
    with Watched(queues=names) as seen:
        wait_for(lambda: is_idle(seen))
        other = begin(scope, queue="n" * 99)
        mine = [begin(scope, queue=name) for name in names]
        wait_for(lambda: status(scope, *mine) == ["complete"] * 3)
    assert jobs("todo") == [other.id]
    assert sorted(seen.told("began")) == sorted(one.id for one in mine)


def test_a_message_that_came_for_another_session_holds_up_none_of_its_own(scope: Scope) -> None:
    """Fairness takes the other project's session on it; its own is told of to others at once."""
    elsewhere = accounts.enter("acme", "elsewhere", user="ann")
    gates = {"first": Gate(), "second": Gate()}

    def carry(session: Session) -> Result:
        return gates[session.title](session) if session.title else Result()

    with Watched(carry, concurrency=1) as seen:
        wait_for(lambda: is_idle(seen))
        first = begin(scope, title="first")
        assert gates["first"].began.wait(AT_MOST)
        mine = begin(scope)
        theirs = begin(elsewhere, title="second")
        gates["first"].open.set()
        assert gates["second"].began.wait(AT_MOST)
        wait_for(lambda: jobs("todo") == [mine.id])
        assert jobs("doing") == [None]
        with Watched():
            wait_for(lambda: status(scope, mine) == ["complete"])
        gates["second"].open.set()
        wait_for(lambda: status(elsewhere, theirs) == ["complete"])
    assert status(scope, first) == ["complete"]


@pytest.mark.parametrize("newer", [False, True])
def test_what_a_worker_that_died_had_received_is_received_again(
    scope: Scope, monkeypatch: pytest.MonkeyPatch, newer: bool
) -> None:
    """Also where a newer message of the session's waits behind it, which is then the one."""
    monkeypatch.setattr(inbox, "REAP_SECONDS", 0.05)
    with Watched() as seen:
        wait_for(lambda: is_idle(seen))
        with tx():
            made = begin(scope)
            (dead,) = fetch_one(DEAD)
            execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = ?", (dead,))
            if newer:
                messages.tell(made.id)
        wait_for(lambda: status(scope, made) == ["complete"])
        wait_for(lambda: fetch("SELECT 1 FROM procrastinate_jobs") == [])
    assert story(scope, made) == [("first", "done"), ("second", "done")]


def test_a_worker_whose_connections_are_lost_receives_again(scope: Scope) -> None:
    """Those that messages come by: it is told once, and what runs meanwhile runs on."""
    gate = Gate()
    with Watched(gate) as seen:
        wait_for(lambda: is_idle(seen))
        made = begin(scope)
        assert gate.began.wait(AT_MOST)
        for _ in range(2):
            wait_for(lambda: bool(fetch(CONNECTIONS, (inbox.APPLICATION,))))
            for (pid,) in fetch(CONNECTIONS, (inbox.APPLICATION,)):
                fetch("SELECT pg_terminate_backend(?)", (pid,))
        gate.open.set()
        later = [begin(scope) for _ in range(3)]
        wait_for(lambda: status(scope, made, *later) == ["complete"] * 4)
    assert [story(scope, one) for one in (made, *later)] == [
        [("first", "done"), ("second", "done")]
    ] * 4


def test_a_worker_that_no_messages_fit_does_not_begin(scope: Scope) -> None:
    """It says what to do, and takes nothing."""
    made = begin(scope)
    with tx():
        execute("COMMENT ON TABLE procrastinate_jobs IS NULL")
    with pytest.raises(StoreUnusable, match="upgrade Interlock"):
        Watched().worker.run()
    assert story(scope, made) == []
    Watched().worker.run("drained")  # which looks, and is told nothing
    assert status(scope, made) == ["complete"]


def test_a_worker_for_some_types_takes_no_message_from_others(scope: Scope) -> None:
    """It looks for itself; what it takes is told of no more."""
    other = sessions.create(scope, "mending", queue="q")
    with Watched(types=["pair"]) as seen:
        made = begin(scope)
        wait_for(lambda: status(scope, made) == ["complete"])
    assert jobs("todo") == [other.id]
    assert seen.told("began") == [made.id]


def test_of_two_claims_at_once_one_takes_the_last_place(scope: Scope) -> None:
    """The second waits for the first to be durable, and counts it."""
    first, second = begin(scope), begin(scope)
    caps = Caps.of(["account=1"])
    (found,) = Poll((), (), caps).look({}, 1).chosen
    theirs = evolve(found, id=second.id)
    notes: list[Note] = []

    def claim() -> None:
        attempts = Attempts(lambda *_, **__: Result(), lambda note: None, caps)
        notes.append(attempts.make(theirs))
        disconnect()

    thread = threading.Thread(target=claim)
    with tx():
        queue.count_alone()
        thread.start()
        wait_for(lambda: fetch("SELECT 1 FROM pg_locks WHERE NOT granted") != [])
        owner = Lease(scope, first.id).owner
        records.claim(first, owner, datetime.now(UTC) + timedelta(minutes=1))
    thread.join(AT_MOST)
    assert [note.kind for note in notes] == ["taken"]
    assert story(scope, second) == []
