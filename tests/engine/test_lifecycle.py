"""What is done to a session as a whole, and the log that leads to where it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from interlock.engine import (
    CANCELLED,
    COMPLETE,
    FAILED,
    Call,
    Interaction,
    Result,
    Session,
    SessionType,
    cancel,
    handle_result,
    next_command,
    reissue,
    reopen,
    retry,
    settle_unknown,
    start,
)
from interlock.engine.errors import (
    BrokenType,
    InvalidInput,
    SessionActive,
    SessionEnded,
)
from tests.engine.machine import Rows, begin, drive, make, opened, rows, run

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
