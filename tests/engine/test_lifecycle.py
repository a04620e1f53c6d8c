"""What is done to a session as a whole, and the log that leads to where it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from interlock.engine import (
    CANCELLED,
    COMPLETE,
    FAILED,
    Ask,
    Call,
    Interaction,
    Result,
    Session,
    SessionType,
    Shell,
    cancel,
    handle_result,
    next_command,
    reissue,
    reopen,
    replay,
    retry,
    settle_unknown,
    start,
)
from interlock.engine.errors import (
    BrokenType,
    InvalidInput,
    Refused,
    SessionActive,
    SessionEnded,
)
from tests.engine.machine import Rows, begin, drive, kept, make, opened, position, rows, run

LOOP: Rows = [
    ["ok", "test", COMPLETE],
    ["error", "test", "fix"],
    ["ok", "fix", "test"],
    ["error", "fix", FAILED],
]


def loop(**members: Any) -> SessionType:
    """Test, and fix at most twice."""
    return make(LOOP, **{"fix": run(attempts=2), **members})


def test_cancel_ends_a_session_and_its_open_interaction() -> None:
    """The log says so: the open row is cancelled, and a row of no step gives the reason."""
    kind = loop()
    session = cancel(next_command(kind, begin(kind, "error")), "wrong branch")
    assert (session.status, session.reason, session.step) == (CANCELLED, "wrong branch", "fix")
    assert session.open is None
    old, note = rows(session)[-2:]
    assert (old.seq, old.status, old.result) == (2, "cancelled", None)
    assert note == Interaction(
        3, "", 0, Call("session.cancel", {"reason": "wrong branch"}), "done", Result()
    )
    assert session.unsaved[-2:] == (old, note)


def test_cancel_needs_no_open_interaction_and_no_reason() -> None:
    """Between two steps there is only the row that says so."""
    session = cancel(start(loop()))
    assert (session.status, session.reason, session.seq) == (CANCELLED, "cancelled", 1)
    assert cancel(start(loop()), "").reason == "cancelled"


def test_what_has_ended_is_not_cancelled() -> None:
    """An end is final."""
    kind = loop()
    with pytest.raises(SessionEnded, match="session sample is complete"):
        cancel(begin(kind, "ok"))
    with pytest.raises(SessionEnded, match="is cancelled"):
        cancel(cancel(start(kind)))


def test_retry_goes_on_where_it_failed_with_all_limits_anew() -> None:
    """Attempts and budget count from there; what was remembered stays."""
    kind = loop(budget=6)
    results = ("error", "ok", "error", "ok", Result("error", remember={"n": 1}))
    failed = begin(kind, *results)
    assert (failed.step, failed.reason) == ("test", "step fix was tried 2 times, its limit")
    session = retry(failed)
    assert (session.status, session.reason, session.step) == ("active", None, "test")
    assert (session.attempt, session.since, session.seq, session.state) == (1, 6, 6, {"n": 1})
    assert (session.visits("test"), session.visits("fix")) == (0, 0)
    assert rows(session)[-1] == Interaction(6, "", 0, Call("session.retry"), "done", Result())
    session = drive(kind, session, "error", "ok", "error", "ok", "error")
    assert (session.status, session.seq) == (FAILED, 11)
    assert drive(kind, retry(session), "ok").status == COMPLETE


def test_retry_of_a_used_up_budget_has_a_whole_budget() -> None:
    """The rows before it count no more."""
    kind = loop(budget=2)
    session = retry(begin(kind, "error", "ok"))
    assert session.step == "fix"
    session = drive(kind, session, "ok")
    assert session.active
    assert drive(kind, session, "error").reason == "the budget of 2 interactions is used up"


def test_only_what_failed_is_retried() -> None:
    """Active, complete and cancelled sessions are not, and the message says what to do."""
    kind = loop()
    with pytest.raises(SessionActive, match="is active; there is nothing to retry"):
        retry(start(kind))
    with pytest.raises(InvalidInput, match="is complete, not failed; reopen it"):
        retry(begin(kind, "ok"))
    with pytest.raises(InvalidInput, match="is cancelled, not failed; reopen it"):
        retry(cancel(start(kind)))


@pytest.mark.parametrize("end", [COMPLETE, FAILED, CANCELLED])
@pytest.mark.parametrize("step", [None, "fix"])
def test_any_ended_session_is_reopened_where_it_ended_or_at_a_step(
    end: str, step: str | None
) -> None:
    """It is active again at that step, at its first attempt, with no reason left."""
    kind = loop()
    ended = {
        COMPLETE: begin(kind, "error", "ok", "ok"),
        FAILED: begin(kind, "error", "ok", "error", "ok", "error"),
        CANCELLED: cancel(begin(kind, "error", "ok")),
    }[end]
    session = reopen(kind, ended, step)
    assert (session.status, session.step, session.reason) == ("active", step or "test", None)
    assert (session.attempt, session.since) == (1, session.seq)
    assert rows(session)[-1].command == Call("session.reopen", {"step": step or "test"})
    session = next_command(kind, session)
    assert (opened(session).step, opened(session).attempt) == (step or "test", 1)


def test_what_is_active_is_not_reopened() -> None:
    """There is nothing to open."""
    kind = loop()
    with pytest.raises(SessionActive, match="is active; there is nothing to reopen"):
        reopen(kind, start(kind))


@pytest.mark.parametrize("step", ["tets", "", "complete"])
def test_a_session_is_reopened_at_a_step_of_its_type(step: str) -> None:
    """Another word is refused with the steps there are."""
    kind = loop()
    with pytest.raises(InvalidInput) as raised:
        reopen(kind, begin(kind, "ok"), step)
    assert str(raised.value) == f"sample has no step {step!r}; reopen it at one of fix, test"


LOST = (
    "the session stands at step 'fix', which sample no longer has; `interlock cancel` it, then "
    "`interlock reopen --step STEP` with one of test"
)


def test_a_step_that_its_type_lost_is_told_wherever_it_is_needed() -> None:
    """No command, no result, nothing again; what to do is said, and doing it works."""
    kind, newer = loop(), make([["ok", "test", COMPLETE], ["error", "test", FAILED]])
    between = begin(kind, "error")
    asked = next_command(kind, between)
    tries: list[Callable[[], Session]] = [
        lambda: next_command(newer, between),
        lambda: handle_result(newer, asked, Result()),
        lambda: reissue(newer, asked),
        lambda: settle_unknown(newer, asked),
    ]
    for refused in tries:
        with pytest.raises(BrokenType) as raised:
            refused()
        assert str(raised.value) == LOST
    with pytest.raises(InvalidInput, match="sample has no step 'fix'; reopen it at one of test"):
        reopen(newer, cancel(asked))
    assert drive(newer, reopen(newer, cancel(asked), "test"), "ok").status == COMPLETE


def test_a_retry_at_a_lost_step_can_still_be_left() -> None:
    """Retry does not know the type; cancel and reopen lead out."""
    kind, newer = loop(), make([["ok", "test", COMPLETE]])
    session = retry(begin(kind, "error", "error"))
    with pytest.raises(BrokenType, match="no longer has"):
        next_command(newer, session)
    assert drive(newer, reopen(newer, cancel(session), "test"), "ok").status == COMPLETE


def story(kind: SessionType) -> list[Session]:
    """A session through everything that can be done to one, state by state."""
    told = [start(kind, input={"a": 1}, budget=9)]

    def on(session: Session) -> Session:
        told.append(session)
        return session

    session = on(next_command(kind, told[0]))
    session = on(reissue(kind, session))
    session = on(handle_result(kind, session, Result("error", error="red", remember={"n": 1})))
    session = on(next_command(kind, session))
    session = on(settle_unknown(kind, session))
    session = on(handle_result(kind, session, Result("retry")))
    session = on(next_command(kind, session))
    session = on(handle_result(kind, session, Result("error", error="lost", remember={"n": 2})))
    session = on(retry(session))
    session = on(next_command(kind, session))
    session = on(cancel(session, "enough"))
    session = on(reopen(kind, session, "test"))
    session = on(cancel(session))
    session = on(reopen(kind, session))
    session = on(next_command(kind, session))
    on(handle_result(kind, session, Result("ok")))
    return told


def test_a_log_leads_to_where_the_session_stands() -> None:
    """At each point of its life, whatever was done to it: the whole session comes out."""
    kind = loop(fix=run(on_unknown="ask"))
    told = story(kind)
    assert told[-1].status == COMPLETE
    for session in told:
        again = replay(kind, rows(session), input={"a": 1}, budget=9)
        assert again == session
        assert rows(again) == rows(session)
        assert again.unsaved == ()


def test_a_replayed_session_goes_on() -> None:
    """It can be driven like the one that was never put away."""
    kind = loop()
    session = begin(kind, "error", "ok")
    assert position(drive(kind, replay(kind, rows(session)), "error", "ok", "ok")) == position(
        drive(kind, session, "error", "ok", "ok")
    )


def test_steps_are_not_asked_again_by_a_replay() -> None:
    """What they once made is in the log; readers are not asked either."""
    calls: list[str] = []

    def body(session: Session) -> Shell:
        calls.append("body")
        return Shell(("true",))

    def reader(self: SessionType, session: Session, result: Result) -> Result:
        calls.append("reader")
        return result.remembering(n=1)

    read = run(body)
    kind = make(LOOP, test=read, reader=read.result(reader))
    session = begin(kind, "error", "ok")
    calls.clear()
    assert replay(kind, rows(session)).state == {"n": 1}
    assert calls == []


ROWS = rows(begin(loop(), "error", "ok"))
OPEN = Interaction(3, "test", 2, Shell(("true",)))


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ((ROWS[0], OPEN), "the log goes from row 1 to row 3"),
        ((ROWS[0], ROWS[0]), "the log goes from row 1 to row 1"),
        (ROWS[1:], "the log goes from row 0 to row 2"),
        (
            (ROWS[0], evolve(ROWS[1], step="test", attempt=2)),
            "row 2 is try 2 of test, but those before it lead to try 1 of fix",
        ),
        (
            (ROWS[0], evolve(ROWS[1], attempt=2)),
            "row 2 is try 2 of fix, but those before it lead to try 1 of fix",
        ),
        (
            (*ROWS, OPEN, evolve(OPEN, seq=4)),
            "row 4 comes after one that left the session open",
        ),
        (
            (*ROWS, evolve(OPEN, status="done", result=Result()), evolve(OPEN, seq=4)),
            "row 4 comes after one that left the session complete",
        ),
    ],
)
def test_a_log_that_its_table_cannot_have_written_is_refused(
    log: tuple[Interaction, ...], said: str
) -> None:
    """A row is missing, doubled, out of place, or comes after the end: the first is named."""
    with pytest.raises(InvalidInput) as raised:
        replay(loop(), log)
    assert str(raised.value) == said


def test_a_row_that_is_done_and_has_no_result_is_still_open() -> None:
    """Half a row moves nothing."""
    session = replay(loop(), (evolve(ROWS[0], result=None),))
    assert (session.step, session.status) == ("test", "active")
    assert session.open is not None


def test_a_call_of_a_step_is_not_what_was_done_to_the_session() -> None:
    """Only a row of no step is; a step may well call something."""
    kind = make([["ok", "run", COMPLETE], ["error", "run", FAILED]], run=run(Call("commit")))
    session = begin(kind, "ok")
    assert replay(kind, rows(session)).status == COMPLETE
    with pytest.raises(Refused):
        handle_result(kind, session, Result())
    assert kept(session) == Result()
    assert Ask("Which?").about == ""
