"""Attempts, budget and timeouts; and which statuses a command may come back with."""

from __future__ import annotations

import pytest

from interlock.engine import (
    COMPLETE,
    FAILED,
    Ask,
    Call,
    Result,
    Shell,
    Spawn,
    Wait,
    handle_result,
    next_command,
    start,
)
from interlock.engine.errors import InvalidResult
from tests.engine.machine import (
    ONE_STEP,
    Rows,
    ask,
    begin,
    make,
    opened,
    prompt,
    rows,
    run,
)

LOOP: Rows = [["ok", "test", COMPLETE], ["error", "test", "fix"], ["ok", "fix", "test"]]


def test_an_attempt_is_charged_each_time_a_step_is_entered() -> None:
    """Row by row the log says which try of its step it is."""
    session = begin(make(LOOP), "error", "ok", "error", "ok", "ok")
    assert [(row.step, row.attempt) for row in rows(session)] == [
        ("test", 1),
        ("fix", 1),
        ("test", 2),
        ("fix", 2),
        ("test", 3),
    ]


def test_a_step_that_was_tried_its_limit_fails_the_session() -> None:
    """It ends where it stood, and says which step, how often, and the last error."""
    kind = make(LOOP, fix=run(attempts=2))
    session = begin(kind, "error", "ok", "error", "ok", Result("error", error="1 failed"))
    assert (session.status, session.step) == (FAILED, "test")
    assert session.reason == "step fix was tried 2 times, its limit: 1 failed"
    assert begin(kind, "error", "ok", "error", "ok", "ok").status == COMPLETE


def test_a_limit_reached_without_an_error_is_told_all_the_same() -> None:
    """The reason ends with the limit."""
    kind = make([["ok", "run", "run"], ["error", "run", FAILED]], run=run(attempts=1))
    assert begin(kind, "ok").reason == "step run was tried 1 times, its limit"


def test_the_budget_ends_the_session() -> None:
    """The log never gets more rows than the budget; ending with the last one is fine."""
    kind = make(LOOP, budget=3)
    session = begin(kind, "error", "ok", "error")
    assert (session.status, session.step, session.attempt) == (FAILED, "test", 2)
    assert session.reason == "the budget of 3 interactions is used up"
    assert begin(kind, "error", "ok", "ok").status == COMPLETE
    assert begin(kind, "error", budget=1).reason == "the budget of 1 interactions is used up"


def test_the_attempts_are_counted_before_the_budget() -> None:
    """Where both are used up the step's limit is the reason."""
    kind = make([["ok", "run", "run"], ["error", "run", FAILED]], run=run(attempts=1))
    assert "its limit" in str(begin(kind, "ok", budget=1).reason)


@pytest.mark.parametrize("status", ["late", "none", "approve"])
def test_a_status_that_means_nothing_at_a_step_is_refused(status: str) -> None:
    """The message lists what may be said; the session is as it was."""
    kind = make(
        [["done", "run", COMPLETE], ["approve", "look", COMPLETE], ["error", "run", "look"]]
    )
    session = next_command(kind, start(kind))
    with pytest.raises(InvalidResult) as raised:
        handle_result(kind, session, Result(status))
    said = f"step run takes no status {status!r}; use ok, error, done"
    assert str(raised.value) == said


def test_a_person_chooses_among_what_is_offered() -> None:
    """The choice is the trigger; anything else is refused, ok too where it is not offered."""
    kind = make(
        [["approve", "review", COMPLETE], ["revise", "review", FAILED], ["ok", "review", FAILED]],
        review=ask("approve", "revise"),
    )
    session = next_command(kind, start(kind))
    assert handle_result(kind, session, Result("approve")).status == COMPLETE
    for status in ("ok", "warning", "late"):
        with pytest.raises(InvalidResult, match=f"'{status}' is no choice here; choose approve, r"):
            handle_result(kind, session, Result(status))


@pytest.mark.parametrize("status", ["expired", "timeout", "error"])
def test_a_question_that_nobody_answers_takes_the_error_row(status: str) -> None:
    """What can go wrong with a question needs not to be offered."""
    table = [["approve", "review", COMPLETE], ["error", "review", "ring"], ["ok", "ring", FAILED]]
    kind = make(table, review=ask("approve"))
    assert begin(kind, status).step == "ring"


def test_a_step_s_timeout_is_that_of_its_command() -> None:
    """Unless the command names its own; a Wait has none."""
    commands = [
        (Shell(("a",)), 60),
        (Shell(("a",), timeout=5), 5),
        (Shell(("a",), timeout=0), 0),
        (Ask("Which?"), 60),
        (Call("diff"), 60),
        (Spawn(()), 60),
        (Wait(5), None),
    ]
    for command, timeout in commands:
        kind = make(ONE_STEP, run=run(command, timeout=60))
        assert opened(next_command(kind, start(kind))).command.timeout == timeout
    untimed = make(ONE_STEP, run=prompt())
    assert opened(next_command(untimed, start(untimed))).command.timeout is None
