"""Looking at what is kept: in order, a chunk at a time, and only ever added to."""

from datetime import timedelta

import pytest

from interlock import Result, Session
from interlock.engine.errors import InvalidInput
from interlock.store import queries
from interlock.store.connection import tx
from tests.statements import statements
from tests.store.samples import NOW, enter, new_session, step_once

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> int:
    """Read three rows at a time, so that ten are four chunks."""
    monkeypatch.setattr(queries, "CHUNK", 3)
    return 3


@pytest.fixture
def session() -> Session:
    """A session with ten interactions, and ten events of its first."""
    session = new_session(enter())
    for number in range(10):
        session = step_once(session, Result(output=str(number)))
        with tx():
            queries.add_event(session, 1 + number % 2, "output", {"n": number}, NOW)
    return session


@pytest.mark.parametrize("limit", [None, 0, 1, 3, 4, 100])
@pytest.mark.parametrize("after", [0, 2, 3, 9, 10, 99])
@pytest.mark.usefixtures("small_chunks")
def test_a_log_is_read_in_order_within_its_bounds(
    session: Session, after: int, limit: int | None
) -> None:
    """Rows past `after`, at most `limit`, whatever the chunks they are read in."""
    expected = list(range(after + 1, 11))[: 10 if limit is None else limit]
    assert [row.seq for row in queries.rows(session, after=after, limit=limit)] == expected
    told = list(queries.events(session, after=after, limit=limit))
    assert [event.id for event in told] == expected
    assert [event.data["n"] for event in told] == [number - 1 for number in expected]


@pytest.mark.usefixtures("small_chunks")
def test_a_log_may_be_narrowed_to_a_step_or_an_interaction(session: Session) -> None:
    """Rows of one step, events of one interaction."""
    assert len(list(queries.rows(session, step="work"))) == 10
    assert list(queries.rows(session, step="other")) == []
    assert [event.data["n"] for event in queries.events(session, seq=2)] == [1, 3, 5, 7, 9]


def test_a_log_is_read_as_it_is_asked_for(session: Session, small_chunks: int) -> None:
    """The first row of a long log costs one chunk, not the log."""
    with statements() as asked:
        reading = queries.rows(session)
        assert asked == []
        assert next(reading).seq == 1
        ((sql, values),) = asked
        assert sql.endswith("LIMIT ?")
        assert values == (session.id, 0, small_chunks)
        assert len(list(reading)) == 9
        assert len(asked) == 4


def test_events_are_only_ever_added(session: Session) -> None:
    """An event keeps its id, its data and its time while others come after it."""
    before = list(queries.events(session))
    later = NOW + timedelta(seconds=1)
    with tx():
        queries.add_event(session, None, "note", {"text": "after"}, later)
    *same, new = queries.events(session)
    assert same == before
    assert (new.id, new.seq, new.type, new.sent_at) == (before[-1].id + 1, None, "note", later)


@pytest.mark.parametrize("type", ["", " "])
def test_an_event_needs_a_type(session: Session, type: str) -> None:
    """An event says what it is."""
    with pytest.raises(InvalidInput, match="an event needs a type"), tx():
        queries.add_event(session, 1, type, {}, NOW)


def test_contexts_come_in_the_order_they_were_added(session: Session) -> None:
    """The texts that go with a session, oldest first; what no text may hold is made visible."""
    with tx():
        for number in range(5):
            queries.add_context(session, "user", f"text {number}\0", NOW)
    found = queries.contexts(session)
    assert [context.content for context in found] == [f"text {n}\ufffd\\x00" for n in range(5)]
    assert {(c.session_id, c.type, c.inserted_at) for c in found} == {(session.id, "user", NOW)}
    assert queries.contexts(new_session(enter())) == []


@pytest.mark.parametrize("text", ["100%", "a_b", "a!b", "it's", "\\"])
def test_a_text_is_looked_for_as_it_is(text: str) -> None:
    """No character of a searched text stands for another."""
    scope = enter()
    wanted = new_session(scope, title=f"before {text} after")
    new_session(scope, title="100 x aXb ab its")
    assert [found.id for found in queries.sessions(scope, text=text)] == [wanted.id]
