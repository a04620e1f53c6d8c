"""Whatever a step does wrong becomes an error of the step that says so."""

from __future__ import annotations

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
    SessionType,
    Shell,
    Spawn,
    Wait,
    handle_result,
    next_command,
    start,
)
from interlock.engine.decide import fault
from interlock.engine.errors import StoreUnusable
from tests.engine.machine import (
    MENDED,
    ask,
    begin,
    kept,
    make,
    opened,
    raises,
    rows,
    run,
)

UNSENT: list[tuple[Any, str]] = [
    (raises(KeyError("path")), "KeyError: 'path'"),
    (raises(ValueError("a\0b")), "ValueError: a\ufffd\\x00b"),
    (lambda session: None, "TypeError: it returned None; return Shell, Prompt, Ask, ..."),
    (lambda session: ["ls"], "TypeError: it returned a list; return Shell, Prompt, Ask, ..."),
    (lambda session: Shell, "TypeError: it returned a type; return Shell, Prompt, Ask, ..."),
    (lambda session: Shell("ls"), "InvalidInput: argv is a list of strings, not one string"),
    (Call("session.cancel"), "ValueError: session.cancel is the engine's own; call something"),
    (Call("session.x"), "ValueError: session.x is the engine's own; call something else"),
    (Ask("Which?", ("ok", "later")), "ValueError: it offers the choice 'later', and no row takes"),
    (Ask("Which?", ("late",)), "ValueError: it offers the choice 'late', and no row takes it"),
    (Ask("Which?", about="unknown"), "ValueError: about=... is the engine's own; leave it"),
    (Prompt("a\0b"), "InvalidInput: text has a NUL character; remove it"),
    (Shell(("a", "\udcff")), "InvalidInput: argv has a lone surrogate, which is no text"),
    (Call("read_file", {"path": Path("a")}), "InvalidInput: arguments.path has a "),
    (Call("x", {"n": float("nan")}), "InvalidInput: arguments.n has nan, which JSON has not"),
    (Prompt("x", options={"n": [{1}]}), "InvalidInput: options.n has a set, which JSON has not"),
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


@pytest.mark.parametrize("choice", ["error", "timeout", "expired"])
def test_to_say_no_needs_no_row(choice: str) -> None:
    """An error ends the session where no row takes it, so a person may choose it."""
    kind = make([["approve", "review", COMPLETE]], review=ask("approve", choice))
    session = begin(kind, Result(choice, error="not like this"))
    assert (session.status, session.reason) == (FAILED, "not like this")


def test_any_command_is_fault_free_but_the_engine_s_own() -> None:
    """Only the command of a broken step stands for an error."""
    assert fault(Call("session.faults")) is None
    assert fault(Shell(("session.fault",))) is None


LOST, READ = StoreUnusable("the server was lost"), run()


@pytest.mark.parametrize(
    "kind",
    [
        make(MENDED, run=run(raises(LOST))),
        make(MENDED, run=READ, broken=READ.result(raises(LOST))),
        make([["ok", "run", COMPLETE, "guard"], *MENDED[1:]], guard=raises(LOST)),
    ],
    ids=["step", "reader", "guard"],
)
def test_a_database_that_cannot_be_used_is_no_mistake_of_a_step(kind: SessionType) -> None:
    """Where one that looks back finds it so, nothing is decided."""
    with pytest.raises(StoreUnusable, match="was lost"):
        begin(kind, "ok")
