"""A reader says what a result means; what it does wrong is an error that says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from interlock.engine import (
    COMPLETE,
    FAILED,
    Result,
    Session,
    SessionType,
)
from tests.engine.machine import (
    MENDED,
    ask,
    begin,
    drive,
    kept,
    make,
    raises,
    run,
)


def read_by(reader: Callable[..., Any], rows_: Any = MENDED, **members: Any) -> SessionType:
    """A type whose step `run` is read by this function, under the name `reader`."""

    def call(self: SessionType, session: Session, result: Result) -> Any:
        return reader(session, result)

    call.__name__ = "reader"
    read = run()
    return make(rows_, run=read, reader=read.result(call), **members)


def test_a_reader_may_overrule_and_remember() -> None:
    """What it returns is what is kept, what moves the session and what is merged."""

    def reader(session: Session, result: Result) -> Result:
        assert session.open is not None
        count = session.state.get("n", 0) + 1
        read = result.remembering(n=count)
        return (
            read.failed("no tests ran") if result.ok and count == 1 else Result(remember={"n": 9})
        )

    kind = read_by(reader)
    session = begin(kind, Result(remember={"m": 1}))
    assert (session.step, session.state) == ("mend", {"m": 1, "n": 1})
    assert kept(session) == Result("error", error="no tests ran", remember={"m": 1, "n": 1})
    session = drive(kind, session, "ok", "error")
    assert (session.status, session.state) == (COMPLETE, {"m": 1, "n": 9})


def test_a_reader_sees_what_came_before_its_result() -> None:
    """The log it is asked with has no result of this try yet."""
    seen: list[Result] = []

    def reader(session: Session, result: Result) -> Result:
        seen.append(session.last("run"))
        return result

    begin(read_by(reader), Result("error", code=1), "ok", Result("ok", code=2))
    assert [(result.status, result.code) for result in seen] == [("none", None), ("error", 1)]


MISREAD: list[tuple[Callable[..., Any], str]] = [
    (raises(KeyError("x")), "reader, which reads step run, raised KeyError: 'x'"),
    (lambda session, result: None, "reader, which reads step run, returned None and no Result"),
    (lambda session, result: True, "reader, which reads step run, returned a bool and no Result"),
    (
        lambda session, result: Result("nowhere"),
        "reader, which reads step run, made the status 'nowhere', which no row takes",
    ),
    (
        lambda session, result: Result("late"),
        "reader, which reads step run, made the status 'late', which no row takes",
    ),
    (
        lambda session, result: result.remembering(seen={1}),
        "reader, which reads step run, raised InvalidInput: remember.seen has a set, which",
    ),
    (
        lambda session, result: Result(data={"at": datetime(2026, 1, 1, tzinfo=UTC)}),
        "reader, which reads step run, raised InvalidInput: data.at has a datetime, which",
    ),
    (
        lambda session, result: Result(remember=["n"]),  # type: ignore[arg-type]
        "reader, which reads step run, raised InvalidInput: remember maps names to values",
    ),
]


@pytest.mark.parametrize(("reader", "said"), MISREAD, ids=range(len(MISREAD)))
def test_a_reader_that_cannot_read_is_an_error(reader: Callable[..., Any], said: str) -> None:
    """The error names the reader and the step, and the table takes it."""
    session = begin(read_by(reader), Result(stdout="out", code=0, remember={"n": 1}))
    assert (session.step, kept(session).status) == ("mend", "error")
    assert str(kept(session).error).startswith(said)
    assert session.state == {"n": 1} or "made the status" in said


def test_text_of_a_reader_is_made_visible() -> None:
    """What it cuts out of bytes can be kept."""
    kind = read_by(lambda session, result: Result(output="a\0\udcff"))
    assert kept(begin(kind, "ok")).output == "a\ufffd\\x00\ufffd\\xff"


def test_a_status_of_its_own_is_for_the_reader_to_make() -> None:
    """A trigger that the client never says may come from the reader."""
    table = [["red", "run", FAILED], ["ok", "run", COMPLETE]]
    kind = read_by(lambda session, result: Result("red" if result.code else "ok"), table)
    assert begin(kind, Result(code=1)).reason == "run: red"
    assert begin(kind, Result(code=0)).status == COMPLETE


def test_a_reader_reads_a_person_s_answer_too() -> None:
    """The choice may be remembered with its comment."""

    def reader(self: SessionType, session: Session, result: Result) -> Result:
        return result.remembering(comment=result.output)

    review = ask("approve")
    kind = make([["approve", "review", COMPLETE]], review=review, reader=review.result(reader))
    session = begin(kind, Result("approve", output="nice"))
    assert (session.status, session.state) == (COMPLETE, {"comment": "nice"})
