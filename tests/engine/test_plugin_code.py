"""Whatever a step, a reader or a guard does wrong becomes an error of the step that says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from interlock.engine import (
    COMPLETE,
    FAILED,
    Ask,
    Call,
    Child,
    Prompt,
    Result,
    Session,
    SessionType,
    Shell,
    Spawn,
    Wait,
    handle_result,
    next_command,
    replay,
    start,
)
from interlock.engine.decide import fault
from tests.engine.machine import (
    ONE_STEP,
    ask,
    begin,
    drive,
    kept,
    make,
    opened,
    position,
    rows,
    run,
)

MENDED = [*ONE_STEP[:1], ["error", "run", "mend"], ["ok", "mend", "run"]]


def raises(error: Exception) -> Callable[..., Any]:
    """A function that raises, whatever it is given."""

    def broken(*given: object) -> Any:
        raise error

    return broken


def read_by(reader: Callable[..., Any], rows_: Any = MENDED, **members: Any) -> SessionType:
    """A type whose step `run` is read by this function, under the name `reader`."""

    def call(self: SessionType, session: Session, result: Result) -> Any:
        return reader(session, result)

    call.__name__ = "reader"
    read = run()
    return make(rows_, run=read, reader=read.result(call), **members)


UNSENT: list[tuple[Any, str]] = [
    (raises(KeyError("path")), "KeyError: 'path'"),
    (raises(ValueError("a\0b")), "ValueError: a\\x00b"),
    (lambda session: None, "TypeError: it returned None; return Shell, Prompt, Ask, ..."),
    (lambda session: ["ls"], "TypeError: it returned a list; return Shell, Prompt, Ask, ..."),
    (lambda session: Shell, "TypeError: it returned a type; return Shell, Prompt, Ask, ..."),
    (lambda session: Shell("ls"), "InvalidInput: argv is a list of strings, not one string"),
    (Call("session.cancel"), "ValueError: session.cancel is the engine's own; call something"),
    (Call("session.x"), "ValueError: session.x is the engine's own; call something else"),
    (Ask("Which?", ("ok", "later")), "ValueError: it offers the choice 'later', and no row takes"),
    (Ask("Which?", ("late",)), "ValueError: it offers the choice 'late', and no row takes it"),
    (Ask("Which?", about="unknown"), "ValueError: Ask(about=...) is the engine's own; leave it"),
    (Prompt("a\0b"), "InvalidInput: text has a NUL character; remove it"),
    (Shell(("a", "\udcff")), "InvalidInput: argv has a lone surrogate, which is no text"),
    (Call("read_file", {"path": Path("a")}), "InvalidInput: arguments.path has a "),
    (Call("x", {"n": float("nan")}), "InvalidInput: arguments.n has nan, which JSON has not"),
    (Spawn((Child("chat", {"at": {1}}),)), "InvalidInput: input.at has a set, which JSON has not"),
]


@pytest.mark.parametrize(("made", "said"), UNSENT, ids=range(len(UNSENT)))
def test_a_step_that_makes_no_good_command_is_an_error(made: Any, said: str) -> None:
    """Its command tells what went wrong, its result is that error, and the table takes it."""
    kind = make(MENDED, run=run(made))
    session = next_command(kind, start(kind))
    command = opened(session).command
    assert isinstance(command, Call)
    assert command.function == "session.fault"
    result = fault(command)
    assert result is not None
    assert result.status == "error"
    assert result.error is not None
    assert result.error.startswith(f"step run raised {said}")
    moved = handle_result(kind, session, result)
    assert (moved.step, moved.status, kept(moved)) == ("mend", "active", result)


def test_a_broken_step_without_an_error_row_fails_the_session() -> None:
    """The reason names the step and what it raised."""
    kind = make([["ok", "run", COMPLETE]], run=run(raises(KeyError("path"))))
    session = next_command(kind, start(kind))
    session = handle_result(kind, session, Result("error"))
    assert (session.status, session.reason) == (FAILED, "step run raised KeyError: 'path'")


@pytest.mark.parametrize("given", [Result(), Result("warning"), Result("late"), Result("done")])
def test_nobody_can_say_that_a_broken_step_went_well(given: Result) -> None:
    """Its result is the error, whatever is handed in: no phase is skipped."""
    table = [*MENDED, ["done", "run", COMPLETE]]
    kind = make(table, run=run(raises(KeyError("path"))))
    moved = begin(kind, given)
    assert (moved.step, kept(moved).error) == ("mend", "step run raised KeyError: 'path'")


def test_a_broken_step_is_not_read_by_its_reader() -> None:
    """There is nothing to read: no command ran."""
    read = run(raises(KeyError("path")))
    reader = read.result(lambda self, session, result: Result())
    kind = make(MENDED, run=read, **{"<lambda>": reader})
    assert begin(kind, "error").step == "mend"


def test_a_step_that_works_again_goes_on() -> None:
    """A try that failed for a mistake of the step is charged like any other."""
    made = [raises(KeyError("path")), lambda session: Shell(("true",))]
    kind = make(MENDED, run=run(lambda session: made[session.visits("run")](session)))
    session = begin(kind, "error", "ok", "ok")
    assert session.status == COMPLETE
    assert [row.attempt for row in rows(session) if row.step == "run"] == [1, 2]


@pytest.mark.parametrize(
    "command",
    [
        Ask("Which?", ("ok", "warning", "error", "timeout", "expired")),
        Spawn((Child("chat", {"a": [1]}, title="é"),)),
        Wait(until=datetime(2026, 1, 1, tzinfo=UTC)),
        Call("sessions.list", {"a": None}),
    ],
)
def test_a_good_command_is_handed_out_as_it_is(command: Any) -> None:
    """Choices with a row, or one that stands in for it, and errors; any plain data."""
    kind = make(MENDED, run=run(command))
    assert opened(next_command(kind, start(kind))).command == command


def test_a_choice_needs_a_row_of_its_own_step() -> None:
    """`ok` is a choice only where a row takes it; a row of another step does not count."""
    table = [["approve", "review", "look"], ["ok", "look", COMPLETE]]
    kind = make(table, review=ask("approve", "ok"))
    reason = handle_result(kind, next_command(kind, start(kind)), Result()).reason
    assert reason is not None
    assert "it offers the choice 'ok', and no row takes it" in reason


def test_any_command_is_fault_free_but_the_engine_s_own() -> None:
    """Only the command of a broken step stands for an error."""
    assert fault(Call("session.faults")) is None
    assert fault(Shell(("session.fault",))) is None


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
    assert kept(begin(kind, "ok")).output == "a\\x00\\udcff"


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
    assert (session.status, session.reason) == (FAILED, "guard guard raised ValueError: a\\x00")


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
