"""Who subscribes is told what this process committed, after it is durable, once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from interlock import Interaction, Result, Scope, Session, sessions
from interlock.engine.errors import ResultConflict
from interlock.store.connection import disconnect, fetch_one
from interlock.store.times import write_time
from tests.sessions.moves import fail, finish, submit

Told = list[tuple[str, str | None]]


@pytest.fixture
def listen() -> Iterator[Callable[[Scope], Told]]:
    """Subscribe to a scope: the changes come with the step and status of their row."""
    ends: list[Callable[[], None]] = []

    def begin(scope: Scope) -> Told:
        told: Told = []

        def hear(change: str, session: Session, row: Interaction | None) -> None:
            told.append((change, f"{row.step} {row.status}" if row is not None else None))

        ends.append(sessions.subscribe(scope, hear))
        return told

    yield begin
    for end in ends:
        end()


def test_each_change_is_told_in_its_order(scope: Scope, listen: Callable[[Scope], Told]) -> None:
    """From `created` to `ended`, each row when it is issued and when it is closed."""
    told = listen(scope)
    session = finish(scope, sessions.create(scope, "pair"))
    assert told == [
        ("created", None),
        ("issued", "first open"),
        ("done", "first done"),
        ("issued", "second open"),
        ("done", "second done"),
        ("ended", None),
    ]
    told.clear()
    sessions.archive(scope, session.id)
    sessions.reopen(scope, session.id)
    sessions.next_command(scope, session.id, reissue=True)
    sessions.next_command(scope, session.id, reissue=True)
    sessions.cancel(scope, session.id)
    assert told == [
        ("archived", None),
        ("done", " done"),
        ("reopened", None),
        ("issued", "second open"),
        ("done", "second superseded"),
        ("issued", "second open"),
        ("done", "second cancelled"),
        ("done", " done"),
        ("ended", None),
    ]


def test_what_changes_nothing_is_not_told(scope: Scope, listen: Callable[[Scope], Told]) -> None:
    """Asking again, the same result again, a refused one: nothing is told."""
    session = sessions.create(scope, "pair")
    submit(scope, session, Result(output="a"))
    sessions.next_command(scope, session.id)
    told = listen(scope)
    sessions.next_command(scope, session.id)
    sessions.handle_result(scope, session.id, "1", Result(output="a"))
    with pytest.raises(ResultConflict):
        sessions.handle_result(scope, session.id, "1", Result(output="b"))
    sessions.get(scope, session.id)
    assert told == []


def ask(sql: str, *values: object) -> Any:
    """What another connection to the database is told."""
    try:
        return fetch_one(sql, values)
    finally:
        disconnect()


def test_what_is_told_is_durable(scope: Scope) -> None:
    """At that moment every other process sees the change; the row is told as it was written."""
    session = sessions.create(scope, "pair")
    seen: list[Any] = []

    def hear(change: str, session: Session, row: Interaction | None) -> None:
        with ThreadPoolExecutor(1) as other:
            written: Any = other.submit(ask, "SELECT version, status, seq FROM session").result()
            assert written == (session.version, session.status, session.seq)
            if row is not None:
                asked = "SELECT status, inserted_at, completed_at FROM interaction WHERE seq = ?"
                written = other.submit(ask, asked, row.seq).result()
                if change == "issued":
                    assert written[0] == row.status == "open"
                else:
                    assert row.inserted_at is not None
                    assert row.completed_at is not None
                    times = (write_time(row.inserted_at), write_time(row.completed_at))
                    assert written == (row.status, *times)
                assert row.id == f"{session.id}.{row.seq}"
        seen.append(change)

    end = sessions.subscribe(scope, hear)
    try:
        sessions.next_command(scope, session.id)
        sessions.handle_result(scope, session.id, "1", Result())
        fail(scope, session)
    finally:
        end()
    assert seen == ["issued", "done", "issued", "done", "ended"]


def test_one_project_is_not_told_of_another(
    scope: Scope, stranger: Scope, listen: Callable[[Scope], Told]
) -> None:
    """In scope, in the whole account, and nowhere else."""
    mine, account, theirs = listen(scope), listen(scope.account_wide), listen(stranger)
    sessions.create(scope, "pair")
    assert mine == account == [("created", None)]
    assert theirs == []


def test_who_has_left_is_not_told(scope: Scope) -> None:
    """After `unsubscribe` nothing comes any more; doing it twice is no fault."""
    told: list[str] = []
    end = sessions.subscribe(scope, lambda change, *_: told.append(change))
    sessions.create(scope, "pair")
    end()
    end()
    sessions.create(scope, "pair")
    assert told == ["created"]


def test_a_subscriber_that_raises_undoes_nothing(scope: Scope) -> None:
    """The change is durable and the others are told; the fault is a warning."""
    told: list[str] = []

    def broken(*change: object) -> None:
        raise LookupError("no such page")

    ends = [
        sessions.subscribe(scope, broken),
        sessions.subscribe(scope, lambda change, *_: told.append(change)),
    ]
    try:
        with pytest.warns(UserWarning, match="a subscriber raised LookupError: no such page"):
            session = sessions.create(scope, "pair")
    finally:
        for end in ends:
            end()
    assert told == ["created"]
    assert sessions.get(scope, session.id) == session


def test_a_parents_children_are_told_with_it(scope: Scope, listen: Callable[[Scope], Told]) -> None:
    """One commit may change several sessions: each is told."""
    told = listen(scope)
    parent = sessions.create(scope, "family", input={"children": [{}]})
    sessions.next_command(scope, parent.id)
    assert told == [("created", None), ("issued", "spawn open"), ("created", None)]
    (child,) = sessions.find(scope, parent=parent.id).sessions
    told.clear()
    finish(scope, child)
    assert told[-3:] == [("done", "second done"), ("ended", None), ("done", "spawn done")]
