"""Waiting for a time or a person: it is over when it is over, and nobody has to look."""

from datetime import UTC, datetime, timedelta

import pytest

from interlock import Ask, Result, Scope, Session, sessions
from interlock.engine.errors import InvalidResult, NothingAsked, SessionEnded
from tests.sessions.moves import let_time_pass, ok, story, submit


def test_a_time_that_has_not_come_is_waited_for(scope: Scope) -> None:
    """The Wait stays open, tells when it is over, and nobody can answer it."""
    session = sessions.create(scope, "pause", input={"seconds": 600})
    before = datetime.now(UTC)
    row = sessions.next_command(scope, session.id)
    assert row.due_at is not None
    assert timedelta(0) <= row.due_at - before - timedelta(seconds=600) < timedelta(seconds=60)
    assert sessions.next_command(scope, session.id) == row
    assert sessions.run(scope, session.id, ok).open == row
    with pytest.raises(InvalidResult, match="step pause is answered by its time"):
        sessions.handle_result(scope, session.id, row.id, Result())
    assert story(scope, session) == [("pause", "open")]


@pytest.mark.parametrize("how", ["next", "run"])
def test_a_time_that_has_come_is_passed(scope: Scope, how: str) -> None:
    """Whoever asks next finds the session behind the Wait."""
    session = sessions.create(scope, "pause")
    sessions.next_command(scope, session.id)
    let_time_pass(session)
    if how == "next":
        assert sessions.next_command(scope, session.id).step == "act"
        session = submit(scope, session, Result())
    else:
        session = sessions.run(scope, session.id, ok)
    assert session.status == "complete"
    assert story(scope, session) == [("pause", "done"), ("act", "done")]
    assert sessions.check(scope, session.id) == []


def test_a_wait_of_no_time_is_over_at_once(scope: Scope) -> None:
    """Zero seconds hold nobody up, from one question to the next."""
    session = sessions.create(scope, "pause", input={"seconds": 0})
    sessions.next_command(scope, session.id)
    assert sessions.run(scope, session.id, ok).status == "complete"


def test_a_person_answers(scope: Scope) -> None:
    """The choice is the status, the comment the output; the session goes on at once."""
    session = sessions.create(scope, "approval")
    waiting = sessions.run(scope, session.id, ok)
    assert waiting.open is not None
    assert waiting.open.command == Ask("Good?", ("approve", "reject"))
    assert waiting.open.due_at is None
    rejected = sessions.answer(scope, session.id, "reject", "too long\0")
    assert rejected.step == "mend"
    assert rejected.last("ask") == Result("reject", output="too long\ufffd\\x00")
    submit(scope, session, Result())
    assert sessions.answer(scope, session.id, "approve").status == "complete"
    assert sessions.check(scope, session.id) == []


def test_an_answer_needs_no_question_asked_before(scope: Scope) -> None:
    """Who answers a session that was just created answers its first question."""
    session = sessions.create(scope, "approval")
    assert sessions.answer(scope, session.id, "approve").status == "complete"


@pytest.mark.parametrize("choice", ["ok", "error", "", "Approve", "\ud800"])
def test_only_what_was_offered_is_a_choice(scope: Scope, choice: str) -> None:
    """Anything else is refused with the choices there are, and the question stays."""
    session = sessions.create(scope, "approval")
    with pytest.raises(InvalidResult, match="is no choice here; choose approve, reject"):
        sessions.answer(scope, session.id, choice)
    assert story(scope, session) == [("ask", "open")]


def test_nothing_is_answered_where_nothing_is_asked(scope: Scope) -> None:
    """A session that waits for an executor, a time or children takes no answer; an ended one
    neither."""
    pair = sessions.create(scope, "pair")
    pause = sessions.create(scope, "pause")
    family = sessions.create(scope, "family", input={"children": [{}]})
    for session in (pair, pause, family):
        with pytest.raises(NothingAsked, match="is not waiting for an answer; it is at step"):
            sessions.answer(scope, session.id, "approve")
    sessions.cancel(scope, pair.id)
    with pytest.raises(SessionEnded):
        sessions.answer(scope, pair.id, "approve")


@pytest.fixture
def asked(scope: Scope) -> Session:
    """A session that waits ten minutes for an answer."""
    session = sessions.create(scope, "approval", input={"timeout": 600})
    row = sessions.next_command(scope, session.id)
    assert row.due_at is not None
    return session


def test_a_question_nobody_answered_expires(scope: Scope, asked: Session) -> None:
    """After its time the rows of `expired` take it."""
    assert sessions.next_command(scope, asked.id).step == "ask"
    let_time_pass(asked)
    assert sessions.next_command(scope, asked.id).step == "remind"
    (row, _) = sessions.history(scope, asked.id)
    assert row.result is not None
    assert (row.status, row.result.status) == ("done", "expired")
    assert (row.result.error or "").startswith("nobody answered by ")
    assert sessions.check(scope, asked.id) == []


def test_an_answer_after_its_time_comes_too_late(scope: Scope, asked: Session) -> None:
    """A question that has expired takes no answer any more."""
    let_time_pass(asked)
    with pytest.raises(NothingAsked, match="it is at step remind"):
        sessions.answer(scope, asked.id, "approve")


def test_an_answer_in_time_counts(scope: Scope, asked: Session) -> None:
    """A limit changes nothing for who keeps it."""
    assert sessions.answer(scope, asked.id, "approve").status == "complete"


def test_a_question_may_be_answered_like_any_interaction(scope: Scope, asked: Session) -> None:
    """A client may submit the choice as a result; a status that was not offered is refused."""
    with pytest.raises(InvalidResult, match="'ok' is no choice here"):
        sessions.handle_result(scope, asked.id, "1", Result())
    moved = sessions.handle_result(scope, asked.id, "1", Result("approve", output="fine"))
    assert moved.status == "complete"
