"""The contract of a turn: the next command is asked for as often as one likes, and each
interaction gets one result."""

import pytest

from interlock import Result, Scope, Session, Shell, sessions
from interlock.engine.errors import (
    InteractionClosed,
    InteractionNotFound,
    InvalidInput,
    InvalidResult,
    ResultConflict,
    SessionEnded,
)
from tests.sessions.conftest import WALLED_TOO
from tests.sessions.moves import log, restart, story, submit

pytestmark = WALLED_TOO


@pytest.fixture
def session(scope: Scope) -> Session:
    """A session that was just created."""
    return sessions.create(scope, "pair", input={"n": 7})


def late(scope: Scope, session: Session) -> list[tuple[int | None, object]]:
    """Row and result of everything that came too late."""
    return [
        (event.seq, event.data["result"])
        for event in sessions.events(scope, session.id)
        if event.type == "late_result"
    ]


def test_a_session_is_walked_to_its_end(scope: Scope, session: Session) -> None:
    """Command, result, command, result: then the session is complete and remembers."""
    first = sessions.next_command(scope, session.id)
    assert (first.seq, first.step, first.status) == (1, "first", "open")
    assert first.command == Shell(("first", "7"))
    assert first.id == f"{session.id}.1"
    session = sessions.handle_result(scope, session.id, first.id, Result(output="written"))
    assert (session.status, session.step, session.open) == ("active", "second", None)
    second = sessions.next_command(scope, session.id)
    assert (second.seq, second.command) == (2, Shell(("second", "written")))
    session = sessions.handle_result(scope, session.id, second.id, Result(output="checked"))
    assert (session.status, session.reason) == ("complete", None)
    assert session.state == {"seen": "checked"}
    assert session.ended_at is not None
    assert sessions.check(scope, session.id) == []


def test_asking_twice_changes_nothing(scope: Scope, session: Session) -> None:
    """The next command is the same however often, and by whomever, it is asked for."""
    first = sessions.next_command(scope, session.id)
    before = sessions.get(scope, session.id)
    for _ in range(3):
        assert sessions.next_command(scope, session.id) == first
        restart()
        assert sessions.next_command(scope.account_wide, session.id) == first
    assert sessions.get(scope, session.id) == before
    assert len(log(scope, session)) == 1


def test_the_row_is_durable_before_its_command_is_told(scope: Scope, session: Session) -> None:
    """What `next_command` returns is in the log, as it is returned."""
    row = sessions.next_command(scope, session.id)
    restart()
    assert log(scope, session) == [row]
    assert row.inserted_at is not None


def test_a_result_names_its_interaction(scope: Scope, session: Session) -> None:
    """By id or by number; never `whatever is open`."""
    sessions.next_command(scope, session.id)
    moved = sessions.handle_result(scope, session.id, "1", Result())
    assert moved.step == "second"
    with pytest.raises(InteractionNotFound, match="has no interaction 2"):
        sessions.handle_result(scope, session.id, "2", Result())


@pytest.mark.parametrize("bad", ["", ".", "0", "-1", "x", "1.5", "9" * 30, "1\0", "\ud800", "1 "])
def test_an_interaction_that_is_not_there_is_not_found(
    scope: Scope, session: Session, bad: str
) -> None:
    """Whatever is given as its id, what is not in the log is not found, and nothing moves."""
    sessions.next_command(scope, session.id)
    with pytest.raises(InteractionNotFound, match="interlock log"):
        sessions.handle_result(scope, session.id, bad, Result())
    assert story(scope, session) == [("first", "open")]


def test_a_result_for_another_sessions_interaction_is_refused(
    scope: Scope, session: Session
) -> None:
    """An interaction of another session is not found in this one; both stay as they are."""
    other = sessions.create(scope, "pair")
    theirs = sessions.next_command(scope, other.id)
    sessions.next_command(scope, session.id)
    with pytest.raises(InteractionNotFound):
        sessions.handle_result(scope, session.id, theirs.id, Result())
    assert story(scope, session) == story(scope, other) == [("first", "open")]


def test_the_same_result_again_is_answered_the_same(scope: Scope, session: Session) -> None:
    """A client that did not hear the answer may ask again: it is accepted once."""
    row = sessions.next_command(scope, session.id)
    result = Result(output="written", data={"b": 1, "a": [1, 2]})
    moved = sessions.handle_result(scope, session.id, row.id, result)
    for _ in range(2):
        assert sessions.handle_result(scope, session.id, row.id, result) == moved
        restart()
    assert story(scope, session) == [("first", "done")]
    assert late(scope, session) == []


def test_the_same_result_is_known_again_after_its_step_read_it(
    scope: Scope, session: Session
) -> None:
    """What the step made of a result does not matter: what was handed in is the same."""
    submit(scope, session, Result())
    row = sessions.next_command(scope, session.id)
    failed = sessions.handle_result(scope, session.id, row.id, Result(output="refuse"))
    assert (failed.status, failed.reason) == ("failed", "refused by the step")
    restart()
    again = sessions.handle_result(scope, session.id, row.id, Result(output="refuse"))
    assert again == failed
    with pytest.raises(ResultConflict):
        sessions.handle_result(
            scope, session.id, row.id, Result("error", output="refuse", error="refused by the step")
        )


def test_another_result_is_refused_and_kept(scope: Scope, session: Session) -> None:
    """A second, different result moves nothing; it is an event of its interaction."""
    row = sessions.next_command(scope, session.id)
    moved = sessions.handle_result(scope, session.id, row.id, Result(output="one"))
    with pytest.raises(ResultConflict, match="already has another result"):
        sessions.handle_result(scope, session.id, row.id, Result(output="two"))
    assert sessions.get(scope, session.id) == moved
    assert late(scope, session) == [(1, {"status": "ok", "output": "two"})]
    assert [row.result for row in log(scope, session)] == [Result(output="one")]


def test_a_result_after_the_end_is_kept_and_moves_nothing(scope: Scope, session: Session) -> None:
    """Who was still at work when the session was cancelled is refused, and what came is kept."""
    row = sessions.next_command(scope, session.id)
    cancelled = sessions.cancel(scope, session.id, "enough")
    with pytest.raises(SessionEnded, match="is cancelled; the result is kept as late"):
        sessions.handle_result(scope, session.id, row.id, Result(output="too late"))
    assert sessions.get(scope, session.id) == cancelled
    assert late(scope, session) == [(1, {"status": "ok", "output": "too late"})]
    assert story(scope, session) == [("first", "cancelled"), ("session.cancel", "done")]


def test_a_result_for_a_superseded_interaction_is_kept_and_moves_nothing(
    scope: Scope, session: Session
) -> None:
    """Reissuing keeps the old row; only the new one takes a result."""
    old = sessions.next_command(scope, session.id)
    new = sessions.next_command(scope, session.id, reissue=True)
    assert (new.seq, new.step, new.attempt, new.command) == (2, "first", 1, old.command)
    with pytest.raises(InteractionClosed, match="was superseded; the result is kept as late"):
        sessions.handle_result(scope, session.id, old.id, Result(output="too late"))
    assert late(scope, session) == [(1, {"status": "ok", "output": "too late"})]
    moved = sessions.handle_result(scope, session.id, new.id, Result())
    assert moved.step == "second"
    assert story(scope, session) == [("first", "superseded"), ("first", "done")]
    assert sessions.check(scope, session.id) == []


def test_reissuing_without_an_open_interaction_issues(scope: Scope, session: Session) -> None:
    """There is nothing to supersede, and still a command to be had."""
    row = sessions.next_command(scope, session.id, reissue=True)
    assert (row.seq, row.status) == (1, "open")


def test_an_ended_session_has_no_next_command(scope: Scope, session: Session) -> None:
    """Complete, failed or cancelled: it is refused, and says how to go on."""
    sessions.cancel(scope, session.id)
    for reissue in (False, True):
        with pytest.raises(SessionEnded, match="interlock reopen"):
            sessions.next_command(scope, session.id, reissue=reissue)
    assert len(log(scope, session)) == 1


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (Result("merged"), InvalidResult),
        (Result(data={"x": float("nan")}), InvalidInput),
        (Result(remember={"x": object}), InvalidInput),
        (Result(code=2**70), InvalidInput),
    ],
    ids=["unknown status", "NaN", "object", "large code"],
)
def test_a_result_that_cannot_be_is_refused(
    scope: Scope, session: Session, result: Result, error: type[InvalidInput]
) -> None:
    """A result that means nothing here, or cannot be kept, leaves the interaction open."""
    row = sessions.next_command(scope, session.id)
    with pytest.raises(error):
        sessions.handle_result(scope, session.id, row.id, result)
    assert sessions.next_command(scope, session.id) == row
    assert sessions.handle_result(scope, session.id, row.id, Result()).step == "second"


def test_what_no_text_may_hold_is_made_visible(scope: Scope, session: Session) -> None:
    """NUL and lone surrogates in what a program wrote are kept as escapes one can read."""
    submit(scope, session, Result(stdout="a\0b\udcff", error="\ud800"))
    (row,) = log(scope, session)
    assert row.result == Result(stdout="a\ufffd\\x00b\ufffd\\xff", error="\ufffd\\ud800")


def test_the_budget_ends_a_session_that_is_reissued_for_ever(scope: Scope) -> None:
    """Reissuing costs the budget, so nothing goes on for ever."""
    session = sessions.create(scope, "pair", budget=5)
    sessions.next_command(scope, session.id)
    for _ in range(4):
        sessions.next_command(scope, session.id, reissue=True)
    with pytest.raises(SessionEnded):
        sessions.next_command(scope, session.id, reissue=True)
    ended = sessions.get(scope, session.id)
    assert (ended.status, ended.seq) == ("failed", 5)
    assert ended.reason == "the budget of 5 interactions is used up"
    assert sessions.check(scope, session.id) == []
