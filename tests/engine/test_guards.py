"""A guard that raises becomes an error that names it."""

from __future__ import annotations

from interlock.engine import (
    COMPLETE,
    FAILED,
    Result,
    Session,
    SessionType,
    replay,
)
from tests.engine.machine import (
    begin,
    kept,
    make,
    position,
    raises,
    rows,
)

GUARDED = [["ok", "run", COMPLETE, "guard"], ["error", "run", "mend"], ["ok", "mend", "run"]]


def test_a_guard_that_raises_is_an_error_that_the_error_row_takes() -> None:
    """The result is kept as an error naming the guard, with what it remembered."""
    kind = make(GUARDED, guard=raises(KeyError("x")))
    session = begin(kind, Result(output="out", remember={"n": 1}))
    assert (session.step, session.state) == ("mend", {"n": 1})
    said = "guard guard raised KeyError: 'x'"
    assert kept(session) == Result("error", output="out", error=said, remember={"n": 1})
    assert [row.status for row in rows(session)] == ["done"]


def test_a_guard_that_raises_without_an_error_row_fails_the_session() -> None:
    """The reason names the guard; an unless is a guard too."""
    kind = make([["ok", "run", COMPLETE, None, "guard"]], guard=raises(ValueError("a\0")))
    session = begin(kind, "ok")
    assert session.status == FAILED
    assert session.reason == "guard guard raised ValueError: a\ufffd\\x00"


class Unsure:
    """What has no truth."""

    def __bool__(self) -> bool:
        raise RuntimeError("who knows")


def test_a_guard_that_says_neither_yes_nor_no_raised() -> None:
    """Also when only its answer cannot be understood."""
    kind = make([["ok", "run", COMPLETE, "guard"]], guard=lambda self, session, result: Unsure())
    assert begin(kind, "ok").reason == "guard guard raised RuntimeError: who knows"


def test_guards_that_raise_for_the_error_too_fail_the_session_with_the_first() -> None:
    """Nothing loops; the log leads to the same end and the same reason."""
    table = [
        ["ok", "run", COMPLETE, "first"],
        ["error", "run", "mend", "second"],
        ["ok", "mend", "run"],
    ]
    kind = make(table, first=raises(KeyError("x")), second=raises(ValueError("y")))
    session = begin(kind, "ok")
    assert (session.status, session.reason) == (FAILED, "guard first raised KeyError: 'x'")
    assert position(replay(kind, rows(session))) == position(session)
    session = begin(kind, Result("error", error="red"))
    assert (session.status, session.reason) == (FAILED, "guard second raised ValueError: y")
    assert position(replay(kind, rows(session))) == position(session)


def test_a_guard_of_the_error_row_may_look_at_what_the_other_raised() -> None:
    """It is asked with the error that stands for the first."""

    def known(self: SessionType, session: Session, result: Result) -> bool:
        return "guard first raised" in str(result.error)

    table = [
        ["ok", "run", COMPLETE, "first"],
        ["error", "run", "mend", "known"],
        ["ok", "mend", "run"],
    ]
    kind = make(table, first=raises(KeyError("x")), known=known)
    assert begin(kind, "ok").step == "mend"
