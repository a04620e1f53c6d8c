"""Where a result leads: rows in order, what stands in for a missing row, and the limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from interlock.engine import (
    CANCELLED,
    COMPLETE,
    FAILED,
    Result,
    Session,
    Shell,
    handle_result,
    next_command,
    start,
)
from interlock.engine.errors import Refused, SessionEnded
from tests.engine.machine import (
    ONE_STEP,
    Rows,
    begin,
    declare,
    drive,
    kept,
    make,
    opened,
    rows,
    run,
)

LOOP: Rows = [["ok", "test", COMPLETE], ["error", "test", "fix"], ["ok", "fix", "test"]]

Guard = Callable[[Any, Session, Result], Any]


def says(value: object) -> Guard:
    """A guard that always says the same."""

    def guard(self: object, session: Session, result: Result) -> object:
        return value

    return guard


def test_the_first_command_is_the_first_step_s() -> None:
    """Row 1 is open: step, attempt and command; the session is otherwise as it was."""
    kind = make(LOOP, test=run(Shell(("pytest",))))
    session = next_command(kind, start(kind))
    row = opened(session)
    assert (row.seq, row.step, row.attempt, row.status) == (1, "test", 1, "open")
    assert (row.command, row.result) == (Shell(("pytest",)), None)
    assert (session.status, session.step, session.seq, session.unsaved) == (
        "active",
        "test",
        1,
        (row,),
    )


def test_asking_twice_changes_nothing() -> None:
    """The open interaction is handed out again, and the step is not asked again."""
    asked = []

    def command(session: Session) -> Shell:
        asked.append(session)
        return Shell(("pytest",))

    kind = make(LOOP, test=run(command))
    session = next_command(kind, start(kind))
    assert next_command(kind, session) is session
    assert len(asked) == 1


def test_a_result_closes_its_row_and_moves_on() -> None:
    """The row is done with its result, nothing is open, and the session stands at the next step."""
    kind = make(LOOP)
    result = Result("error", error="2 failed", code=1)
    session = begin(kind, result)
    assert (session.step, session.attempt, session.open, session.status) == (
        "fix",
        1,
        None,
        "active",
    )
    (row,) = rows(session)
    assert (row.status, row.result) == ("done", result)
    assert session.unsaved == (row,)


@pytest.mark.parametrize(
    ("status", "end"), [("ok", COMPLETE), ("error", FAILED), ("approve", CANCELLED)]
)
def test_an_end_ends_the_session_where_it_stood(status: str, end: str) -> None:
    """The status is the end's, the step stays, and nothing but complete has no reason."""
    kind = make([["ok", "run", COMPLETE], ["error", "run", FAILED], ["approve", "run", CANCELLED]])
    session = begin(kind, Result(status, error=None))
    assert (session.status, session.step, session.open) == (end, "run", None)
    assert session.reason == (None if end == COMPLETE else f"run: {status}")


def test_the_reason_is_the_result_s_error() -> None:
    """Why a session failed or was cancelled is what the last result said."""
    assert begin(make(ONE_STEP), Result("error", error="no disk")).reason == "no disk"
    assert begin(make(ONE_STEP), Result("ok", error="no disk")).reason is None


@pytest.mark.parametrize(
    ("given", "rows_", "to"),
    [
        ("warning", [["ok", "run", "good"], ["error", "run", "bad"]], "good"),
        ("timeout", [["ok", "run", "good"], ["error", "run", "bad"]], "bad"),
        ("expired", [["ok", "run", "good"], ["error", "run", "bad"]], "bad"),
        ("warning", [["ok", "run", "good"], ["warning", "run", "bad"]], "bad"),
        ("timeout", [["error", "run", "good"], ["timeout", "run", "bad"]], "bad"),
        ("expired", [["error", "run", "good"], ["expired", "run", "bad"]], "bad"),
    ],
)
def test_a_status_without_a_row_takes_the_one_that_stands_in(
    given: str, rows_: Rows, to: str
) -> None:
    """A warning takes the ok row, timeout and expired the error row, unless they have their own."""
    ends = [["ok", "good", COMPLETE], ["ok", "bad", FAILED]]
    assert begin(make([*rows_, *ends]), given).step == to


@pytest.mark.parametrize("status", ["ok", "warning", "error", "timeout", "expired"])
def test_a_status_that_no_row_takes_ends_the_session_failed(status: str) -> None:
    """Nothing is stuck: an error gives its own reason, anything else that no row takes it."""
    kind = make([["done", "run", COMPLETE]])
    session = begin(kind, Result(status, error="disk full"))
    told = "disk full" if status in ("error", "timeout", "expired") else None
    assert (session.status, session.step) == (FAILED, "run")
    assert session.reason == (told or f"no row takes {status!r} at run")
    assert begin(kind, status).reason == f"no row takes {status!r} at run"


def test_rows_are_tried_in_order() -> None:
    """The first whose guards all hold and whose unless do not is taken."""
    kind = make(
        [
            ["ok", "run", "a", "no"],
            ["ok", "run", "b", ["yes", "never"]],
            ["ok", "run", "c", None, "yes"],
            ["ok", "run", "d", "yes", ["no", "also"]],
            ["ok", "run", "e", ["also", "yes"], ["never"]],
            ["ok", list("abcde"), COMPLETE],
        ],
        yes=says(1),
        also=says("x"),
        no=says(""),
        never=says(None),
    )
    assert begin(kind, "ok").step == "e"


def test_a_guard_is_asked_with_the_result_in_the_log_and_its_values_remembered() -> None:
    """It sees the session as the result has left it, and before it has moved."""
    seen: list[tuple[Session, Result]] = []

    def guard(self: object, session: Session, result: Result) -> bool:
        seen.append((session, result))
        return True

    kind = make([["ok", "run", "look", "guard"], ["ok", "look", COMPLETE]], guard=guard)
    result = Result(output="out", remember={"n": 1})
    begin(kind, result)
    ((session, told),) = seen
    assert told == result
    assert (session.step, session.state, session.open) == ("run", {"n": 1}, None)
    assert (session.last("run"), session.visits("run")) == (result, 1)


@pytest.mark.parametrize("name", ["state", "subject", "trigger", "model", "run_it"])
def test_a_guard_may_have_any_name(name: str) -> None:
    """No name of the machinery stands in the way of a guard."""
    for said, end in ((True, COMPLETE), (False, FAILED)):
        table = [["ok", "run", COMPLETE, name], ["ok", "run", FAILED]]
        assert begin(make(table, **{name: says(said)}), "ok").status == end


def test_a_row_that_refuses_does_not_send_its_status_to_the_one_that_stands_in() -> None:
    """A step that has warning rows has said all about warnings: ok rows do not take them."""
    kind = make([["warning", "run", FAILED, "no"], ["ok", "run", COMPLETE]], no=says(False))
    session = begin(kind, Result("warning", error="old API"))
    assert (session.status, session.reason) == (FAILED, "no row takes 'warning' at run")


def test_what_results_remember_is_merged() -> None:
    """Later values replace earlier ones by name; others stay; nothing shares the old map."""
    kind = make(LOOP)
    first = begin(kind, Result("error", remember={"a": 1, "b": 1}))
    second = drive(kind, first, Result(remember={"b": 2}), "ok")
    assert (first.state, second.state) == ({"a": 1, "b": 1}, {"a": 1, "b": 2})
    assert second.status == COMPLETE


def test_nothing_happens_to_a_session_that_has_ended() -> None:
    """Neither a command nor a result; the message says how to go on."""
    kind = make(ONE_STEP)
    session = begin(kind, "ok")
    said = "session sample is complete; `interlock reopen` makes it active again"
    with pytest.raises(SessionEnded, match=said):
        next_command(kind, session)
    with pytest.raises(SessionEnded, match=said):
        handle_result(kind, session, Result())


def test_a_result_needs_a_command() -> None:
    """Where none is open the result is refused."""
    kind = make(ONE_STEP)
    with pytest.raises(Refused, match="session sample has no open interaction; ask for its next"):
        handle_result(kind, start(kind), Result())


def test_the_values_that_went_in_stay_as_they_were() -> None:
    """A decision makes a new session and leaves the old one, its log and state alone."""
    kind = make(LOOP)
    fresh = start(kind)
    asked = next_command(kind, fresh)
    handle_result(kind, asked, Result("error", remember={"a": 1}))
    assert (fresh.seq, fresh.open, rows(fresh), fresh.state) == (0, None, (), {})
    assert (asked.seq, asked.step, asked.state, opened(asked).status) == (1, "test", {}, "open")
    assert rows(asked) == (opened(asked),)


def test_a_class_serves_many_sessions() -> None:
    """Sessions of one type move independently, whoever made the instance."""
    cls = declare(LOOP)
    one, two = begin(cls(), "error"), begin(cls(), "ok")
    assert (one.step, two.status) == ("fix", COMPLETE)
    assert drive(cls(), one, "ok", "ok").status == COMPLETE
    assert kept(two) == Result()
