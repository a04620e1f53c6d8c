"""Reading what happened: the log, its events, the texts that go with it."""

import tracemalloc
from itertools import islice

import pytest

from interlock import Result, Scope, Session, sessions
from interlock.engine.errors import (
    InteractionClosed,
    InteractionNotFound,
    InvalidInput,
    SessionNotFound,
)
from interlock.store.connection import execute, tx
from tests.sessions.moves import ok, restart, submit
from tests.statements import watching


@pytest.fixture
def session(scope: Scope) -> Session:
    """A session with four results and an open interaction."""
    session = sessions.create(scope, "loop")
    for number in range(4):
        session = submit(scope, session, Result(output=f"result {number}"))
    sessions.next_command(scope, session.id)
    return session


def test_the_log_is_read_in_order(scope: Scope, session: Session) -> None:
    """Every interaction with its command and its result, the open one last."""
    rows = list(sessions.history(scope, session.id))
    assert [(row.seq, row.step) for row in rows] == [
        (1, "work"), (2, "check"), (3, "work"), (4, "check"), (5, "work"),
    ]  # fmt: skip
    assert [row.result and row.result.output for row in rows] == [
        "result 0", "result 1", "result 2", "result 3", None,
    ]  # fmt: skip
    assert all(row.completed_at is not None for row in rows[:4])
    assert {row.session_id for row in rows} == {session.id}


def test_a_part_of_the_log_is_read(scope: Scope, session: Session) -> None:
    """One step, past a number, at most so many."""

    def seqs(**asked: object) -> list[int]:
        return [row.seq for row in sessions.history(scope, session.id, **asked)]  # type: ignore[arg-type]

    assert seqs(step="work") == [1, 3, 5]
    assert seqs(after=2) == [3, 4, 5]
    assert seqs(after=1, limit=2) == [2, 3]
    assert seqs(step="check", after=2, limit=5) == [4]
    assert seqs(step="no such step") == []
    assert seqs(limit=0) == []


def test_a_missing_session_is_told_before_anything_is_read(scope: Scope) -> None:
    """The error comes with the question, not with the first row."""
    for ask in (sessions.history, sessions.events):
        with pytest.raises(SessionNotFound):
            ask(scope, "nobody")


def test_a_long_log_never_has_to_fit_into_memory(scope: Scope) -> None:
    """2,000 results of 4 KB are read in a fraction of their size."""
    session = sessions.create(scope, "loop")
    session = submit(scope, session, Result(output="x"))
    with tx():
        for seq in range(2, 2001):
            execute(
                "INSERT INTO interaction (session_id, account_id, seq, step, attempt, status, "
                "command, result, inserted_at) SELECT session_id, account_id, ?, step, attempt, "
                "status, command, ?, inserted_at FROM interaction WHERE seq = 1",
                (seq, '{"output":"' + "x" * 4096 + '","status":"ok"}'),
            )
    reading = sessions.history(scope, session.id)
    next(reading)
    tracemalloc.start()
    try:
        count = sum(1 for _ in reading)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 1999
    assert peak < 2_000 * 4096 / 2


def test_events_belong_to_their_interaction(scope: Scope, session: Session) -> None:
    """What happened inside an interaction, in order; of one, past one, at most so many."""
    for number in range(6):
        sessions.record(scope, session.id, str(1 + number % 2), "output", {"n": number})
    events = list(sessions.events(scope, session.id))
    assert [(event.seq, event.data["n"]) for event in events] == [
        (1, 0), (2, 1), (1, 2), (2, 3), (1, 4), (2, 5),
    ]  # fmt: skip
    assert {event.session_id for event in events} == {session.id}
    second = f"{session.id}.2"
    told = [event.data["n"] for event in sessions.events(scope, session.id, interaction=second)]
    assert told == [1, 3, 5]
    after = sessions.events(scope, session.id, after=events[1].id, limit=2)
    assert [event.id for event in after] == [events[2].id, events[3].id]
    with pytest.raises(InteractionNotFound):
        sessions.events(scope, session.id, interaction="99")


@pytest.mark.parametrize(
    ("type", "data"),
    [("", {}), ("note", {"x": float("inf")}), ("note", {"x": b"bytes"}), ("note", {"x": "\0"})],
    ids=["no type", "infinity", "bytes", "NUL"],
)
def test_an_event_that_cannot_be_kept_is_refused(
    scope: Scope, session: Session, type: str, data: dict[str, object]
) -> None:
    """An event has a type, and data that JSON can say."""
    with pytest.raises(InvalidInput):
        sessions.record(scope, session.id, "1", type, data)
    assert list(sessions.events(scope, session.id)) == []


def test_reading_changes_nothing_and_writes_nothing(scope: Scope, session: Session) -> None:
    """Looking leaves the database as it is."""
    said: list[str] = []
    with watching(said.append):
        sessions.get(scope, session.id)
        sessions.find(scope, text="x")
        sessions.resolve(scope, session.id[:30])
        list(sessions.history(scope, session.id))
        list(sessions.events(scope, session.id))
        sessions.contexts(scope, session.id)
        sessions.check(scope, session.id)
    assert {sql.split()[0] for sql in said} <= {"SELECT", "WITH"}


def test_a_text_goes_with_a_session(scope: Scope, session: Session) -> None:
    """Contexts come in the order they were added; each has a type."""
    first = sessions.add_context(scope, session.id, "be brief", "system")
    second = sessions.add_context(scope, session.id, "mind the gap")
    restart()
    assert sessions.contexts(scope, session.id) == [first, second]
    assert (first.type, second.type, second.content) == ("system", "user", "mind the gap")
    for bad in ("", "  "):
        with pytest.raises(InvalidInput, match="a context needs a type"):
            sessions.add_context(scope, session.id, "x", bad)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE session SET step = 'check'", "step is 'check', the log leads to 'work'"),
        ("UPDATE session SET status = 'failed'", "status is 'failed', the log leads to 'active'"),
        ("UPDATE session SET state = '{}'", "state is {}, the log leads to {'count': 2}"),
        ("UPDATE session SET seq = 9", "seq is 9, the log leads to 5"),
        ("UPDATE session SET attempt = 9", "attempt is 9, the log leads to 3"),
        ("DELETE FROM interaction WHERE seq = 2", "the log goes from row 1 to row 3"),
        ("UPDATE interaction SET step = 'check' WHERE seq = 1", "row 1 is try 1 of check"),
    ],
)
def test_a_row_that_its_log_does_not_lead_to_is_told(
    scope: Scope, session: Session, damage: str, told: str
) -> None:
    """`check` finds where the kept position differs from the replay of the log."""
    assert sessions.check(scope, session.id) == []
    with tx():
        execute(damage)
    restart()
    found = sessions.check(scope, session.id)
    assert len(found) == 1
    assert told in found[0]
    assert len(list(islice(sessions.history(scope, session.id), 3))) == 3


def test_what_is_remembered_is_the_same_before_and_after_it_was_kept(scope: Scope) -> None:
    """A process that goes on decides by the same values as one that begins anew."""
    given = {"pair": (1, 2), "deep": {"pairs": [(3, (4, 5))]}}
    session = sessions.create(scope, "loop", input=given)
    moved = submit(scope, session, Result(data=given, remember=given))
    assert moved.input == {"pair": [1, 2], "deep": {"pairs": [[3, [4, 5]]]}}
    assert moved.state == {"count": 1, **moved.input}
    assert moved.last("work").data == moved.input
    assert sessions.check(scope, session.id) == []
    restart()
    assert sessions.get(scope, session.id) == moved


def test_nothing_is_ever_deleted_and_no_event_is_edited(scope: Scope) -> None:
    """Whatever is done to a session, the log and its events are only added to."""
    said: list[str] = []
    with watching(said.append):
        session = sessions.create(scope, "pair")
        row = sessions.next_command(scope, session.id)
        sessions.record(scope, session.id, row.id, "output", {"text": "x"})
        sessions.next_command(scope, session.id, reissue=True)
        with pytest.raises(InteractionClosed):
            sessions.handle_result(scope, session.id, row.id, Result())
        sessions.run(scope, session.id, ok)
        sessions.archive(scope, session.id)
        sessions.reopen(scope, session.id, "first")
        sessions.cancel(scope, session.id)
    assert {sql.split()[0] for sql in said} - {"WITH"} == {
        "BEGIN",
        "COMMIT",
        "INSERT",
        "SELECT",
        "UPDATE",
    }
    assert {sql.split()[1] for sql in said if sql.startswith("UPDATE")} == {
        "session",
        "interaction",
    }
