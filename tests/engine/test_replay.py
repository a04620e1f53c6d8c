"""The log of a session leads to where it stands, and a log that cannot be is refused."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from interlock.engine import (
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
    InvalidInput,
    Refused,
)
from tests.engine.machine import Rows, begin, drive, kept, make, position, rows, run

LOOP: Rows = [
    ["ok", "test", COMPLETE],
    ["error", "test", "fix"],
    ["ok", "fix", "test"],
    ["error", "fix", FAILED],
]


def loop(**members: Any) -> SessionType:
    """Test, and fix at most twice."""
    return make(LOOP, **{"fix": run(attempts=2), **members})


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
