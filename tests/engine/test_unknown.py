"""A command issued again, or one whose outcome nobody saw: kept in the log, and free of charge."""

from __future__ import annotations

from typing import Any

import pytest

from interlock.engine import (
    COMPLETE,
    FAILED,
    Ask,
    Call,
    Command,
    Prompt,
    Result,
    Session,
    SessionType,
    Shell,
    Spawn,
    Wait,
    handle_result,
    next_command,
    reissue,
    replay,
    settle_unknown,
    start,
)
from interlock.engine.decide import GO_ON
from interlock.engine.errors import InvalidResult, Refused, SessionEnded
from interlock.engine.steps import ON_UNKNOWN
from tests.engine.machine import (
    ask,
    begin,
    drive,
    kept,
    make,
    opened,
    position,
    prompt,
    rows,
    run,
)

TABLE = [["ok", "run", COMPLETE], ["error", "run", "mend"], ["ok", "mend", "run"]]
RUN_AGAIN = "The outcome of step run is unknown. Run it again, or say how it ended?"
QUESTION = Ask(RUN_AGAIN, ("retry", "ok", "error"), about="unknown")


def asked(kind: SessionType, *results: str, **options: Any) -> Session:
    """A session with an open interaction after these results."""
    return next_command(kind, begin(kind, *results, **options))


def command(session: Session) -> Command:
    """The open command."""
    return opened(session).command


def numbered(session: Session) -> Shell:
    """A command that tells which row it is for."""
    return Shell(("run", str(session.seq + 1)))


def test_a_command_issued_again_is_made_anew() -> None:
    """The old row stays as superseded; the new one has the next number and the same attempt."""
    kind = make(TABLE, run=run(numbered, attempts=2))
    session = asked(kind, "error", "ok")
    again = reissue(kind, session)
    old, new = rows(again)[-2:]
    assert (old.seq, old.status, old.result) == (3, "superseded", None)
    assert (new.seq, new.attempt, new.command) == (4, 2, Shell(("run", "4")))
    assert again.open is new
    assert (again.attempt, again.visits("run"), again.step) == (2, 2, "run")
    assert again.unsaved[-2:] == (old, new)
    assert drive(kind, again, "ok").status == COMPLETE


def test_issuing_again_is_free_however_often() -> None:
    """A step at its last attempt may be issued again; only the budget counts the rows."""
    kind = make(TABLE, run=run(attempts=1), budget=5)
    session = asked(kind)
    for _ in range(4):
        session = reissue(kind, session)
        assert (session.active, session.attempt) == (True, 1)
    session = reissue(kind, session)
    assert (session.status, session.reason) == (FAILED, "the budget of 5 interactions is used up")
    assert [row.status for row in rows(session)] == ["superseded"] * 5
    assert session.open is None


@pytest.mark.parametrize("decide", [reissue, settle_unknown])
def test_there_must_be_a_command_to_issue_again(decide: Any) -> None:
    """Without an open interaction, or after the end, it is refused."""
    kind = make(TABLE)
    with pytest.raises(Refused, match="has no open interaction; ask for its next command"):
        decide(kind, start(kind))
    with pytest.raises(SessionEnded, match="is complete"):
        decide(kind, begin(kind, "ok"))


PROMPT = Prompt("Write it.", agent="a", timeout=5)
GO_ON_PROMPT = Prompt(GO_ON + "Write it.", agent="a", resume=True, timeout=5)
OTHERS = (Shell(("a",)), Call("commit"), Spawn(()), Wait(5))


@pytest.mark.parametrize("policy", [*ON_UNKNOWN, None])
@pytest.mark.parametrize("given", [PROMPT, Ask("Which?"), *OTHERS])
def test_the_policy_of_the_step_says_what_follows(policy: Any, given: Command) -> None:
    """`retry` issues the command again, `continue` goes on with a prompt's conversation, `ask`
    asks a person unless a person was asked; without a policy prompts go on, others run again."""
    kind = make(TABLE, run=run(given, on_unknown=policy))
    session = settle_unknown(kind, asked(kind, "error", "ok"))
    lost, new = rows(session)[-2:]
    assert (lost.seq, lost.status, lost.result, lost.command) == (3, "unknown", None, given)
    assert (new.seq, new.attempt, session.attempt, session.step) == (4, 2, 2, "run")
    assert session.open is new
    expected: Command = given
    if policy == "ask" and not isinstance(given, Ask):
        expected = QUESTION
    elif policy in ("continue", None) and isinstance(given, Prompt):
        expected = GO_ON_PROMPT
    assert new.command == expected


def test_a_prompt_lost_twice_is_told_once_to_go_on() -> None:
    """The text does not grow."""
    kind = make(TABLE, run=run(PROMPT))
    session = settle_unknown(kind, settle_unknown(kind, asked(kind)))
    assert command(session) == GO_ON_PROMPT


def test_an_agent_goes_on_only_with_what_it_was_asked() -> None:
    """A step that now prompts where it ran a program starts a turn, and does not go on."""
    made = {1: Shell(("a",)), 2: PROMPT}
    kind = make(TABLE, run=run(lambda session: made[session.seq + 1]))
    assert command(settle_unknown(kind, asked(kind))) == PROMPT


def test_a_lost_outcome_uses_up_the_budget_and_no_attempt() -> None:
    """When the budget is used up the session fails, whatever the policy; the row stays unknown."""
    for policy in ON_UNKNOWN:
        kind = make(TABLE, run=run(attempts=1, on_unknown=policy), budget=2)
        session = settle_unknown(kind, asked(kind))
        assert (session.active, session.attempt, session.visits("run")) == (True, 1, 1)
        session = settle_unknown(kind, session)
        assert session.reason == "the budget of 2 interactions is used up"
        assert [row.status for row in rows(session)] == ["unknown", "unknown"]
        assert (session.status, session.open) == (FAILED, None)


@pytest.mark.parametrize("policy", [*ON_UNKNOWN, None])
def test_a_step_that_made_no_command_has_no_unknown_outcome(policy: Any) -> None:
    """Nothing ran, so nobody is asked: the step is tried again."""

    def body(session: Session) -> Shell:
        if session.seq == 0:
            raise KeyError("path")
        return Shell(("a",))

    kind = make(TABLE, run=run(body, on_unknown=policy))
    session = asked(kind)
    assert command(session) == Call("session.fault", {"reason": "step run raised KeyError: 'path'"})
    assert command(settle_unknown(kind, session)) == Shell(("a",))


def unsure(*results: str | Result, **members: Any) -> tuple[SessionType, Session]:
    """A session in which the engine asks about the outcome of step `run`, after these results."""
    members.setdefault("run", run(numbered, on_unknown="ask", attempts=2))
    kind = make(TABLE, **members)
    return kind, settle_unknown(kind, next_command(kind, begin(kind, *results)))


def test_a_person_may_have_the_step_run_again() -> None:
    """`retry` moves nothing: the next command is the step's, and the attempt is the same."""
    kind, session = unsure("error", "ok")
    session = handle_result(kind, session, Result("retry", output="it never started"))
    assert (session.step, session.attempt, session.open) == ("run", 2, None)
    assert kept(session).output == "it never started"
    session = next_command(kind, session)
    assert (command(session), opened(session).attempt) == (Shell(("run", "5")), 2)
    assert drive(kind, session, "ok").status == COMPLETE


@pytest.mark.parametrize(
    ("choice", "step", "status"), [("ok", "run", COMPLETE), ("error", "mend", "active")]
)
def test_a_person_may_say_how_it_ended(choice: str, step: str, status: str) -> None:
    """The rows of `ok` or `error` take it, as if the command had come back."""
    kind, session = unsure()
    session = handle_result(kind, session, Result(choice))
    assert (session.step, session.status) == (step, status)


@pytest.mark.parametrize("status", ["timeout", "expired"])
def test_a_question_about_an_outcome_may_expire(status: str) -> None:
    """The error row takes it."""
    kind, session = unsure()
    assert handle_result(kind, session, Result(status)).step == "mend"


def test_a_person_can_say_nothing_else() -> None:
    """The choices are those of the question."""
    kind, session = unsure()
    with pytest.raises(InvalidResult, match="'warning' is no choice here; choose retry, ok, error"):
        handle_result(kind, session, Result("warning"))


def test_the_choices_are_the_ways_out_of_the_step() -> None:
    """Where no row takes `ok` it is not offered; what the table has is."""
    table = [["green", "run", COMPLETE], ["red", "run", FAILED], ["timeout", "run", FAILED]]
    kind = make(table, run=run(on_unknown="ask"))
    session = settle_unknown(kind, asked(kind))
    assert command(session) == Ask(
        RUN_AGAIN, ("retry", "green", "red", "timeout", "error"), about="unknown"
    )
    assert handle_result(kind, session, Result("green")).status == COMPLETE


def test_to_run_again_is_never_a_row_of_the_table() -> None:
    """A trigger called `retry` is for the step's own results; the question keeps its meaning."""
    table = [["retry", "run", FAILED], ["ok", "run", COMPLETE]]
    kind = make(table, run=run(on_unknown="ask"))
    session = settle_unknown(kind, asked(kind))
    assert handle_result(kind, session, Result("retry")).active
    assert begin(kind, "retry").status == FAILED


def test_the_answer_is_not_read_by_the_step_s_reader() -> None:
    """The reader reads what the command brought, and a person's word is no output of it."""
    read = run(on_unknown="ask")
    reader = read.result(lambda self, session, result: result.failed("no tests ran"))
    kind, session = unsure(run=read, **{"<lambda>": reader})
    assert handle_result(kind, session, Result("ok")).status == COMPLETE


def test_an_answer_may_remember_and_its_guards_may_raise() -> None:
    """It is a result like any other."""

    def guard(self: object, session: Session, result: Result) -> bool:
        raise KeyError("x")

    table = [["ok", "run", COMPLETE, "guard"], ["error", "run", "mend"], ["ok", "mend", "run"]]
    kind = make(table, run=run(on_unknown="ask"), guard=guard)
    session = settle_unknown(kind, asked(kind))
    session = handle_result(kind, session, Result("ok", remember={"n": 1}))
    assert (session.step, session.state) == ("mend", {"n": 1})
    assert kept(session).error == "guard guard raised KeyError: 'x'"


@pytest.mark.parametrize("decide", [reissue, settle_unknown])
def test_the_question_is_asked_again_and_not_answered_by_a_machine(decide: Any) -> None:
    """A step whose outcome only a person may tell does not run again because time passed."""
    kind, session = unsure()
    question = opened(session)
    session = decide(kind, session)
    assert (command(session), opened(session).seq) == (QUESTION, question.seq + 1)
    assert session.attempt == question.attempt
    assert handle_result(kind, session, Result("ok")).status == COMPLETE


def test_running_again_is_paid_from_the_budget() -> None:
    """The log has never more rows than the budget, also after an answer that moves nothing."""
    kind = make(TABLE, run=run(on_unknown="ask"), budget=2)
    session = settle_unknown(kind, asked(kind))
    assert handle_result(kind, session, Result("ok")).status == COMPLETE
    session = handle_result(kind, session, Result("retry"))
    assert (session.status, session.reason) == (FAILED, "the budget of 2 interactions is used up")
    assert position(replay(kind, rows(session), budget=2)) == position(session)


def test_a_question_of_a_step_is_simply_asked_again() -> None:
    """It was a person who was asked, so `ask` has nothing more to ask."""
    kind = make([["go", "run", COMPLETE]], run=run(Ask("Which?", ("go",)), on_unknown="ask"))
    session = settle_unknown(kind, asked(kind))
    assert command(session) == Ask("Which?", ("go",))
    assert make([["go", "run", COMPLETE]], run=ask("go")).definition.steps["run"].on_unknown is None


def test_what_was_lost_is_in_the_log_and_counts_as_no_result() -> None:
    """The newest result of the step is an earlier one; the tries are counted once."""
    kind = make(TABLE, run=run(), mend=prompt())
    session = settle_unknown(kind, asked(kind, "error", "ok"))
    assert (session.last("run").status, session.visits("run")) == ("error", 2)
    assert [(row.status, row.attempt) for row in rows(session)] == [
        ("done", 1),
        ("done", 1),
        ("unknown", 2),
        ("open", 2),
    ]


PARK = Ask(
    "Step run was lost 3 times in a row: whatever ran it was killed each time, perhaps by the "
    "command itself. Run it again, or say how it ended?",
    ("retry", "ok", "error"),
    about="parked",
)


@pytest.mark.parametrize("policy", ON_UNKNOWN[:2])
def test_what_is_lost_three_times_in_a_row_is_parked(policy: Any) -> None:
    """It may be what ends its worker; a person says whether to run it once more."""
    kind = make(TABLE, run=run(on_unknown=policy), mend=run())
    session = asked(kind)
    for _ in range(2):
        session = settle_unknown(kind, session)
        assert isinstance(command(session), Shell)
    session = settle_unknown(kind, session)
    assert command(session) == PARK
    assert command(settle_unknown(kind, session)) == PARK
    again = next_command(kind, handle_result(kind, session, Result("retry")))
    assert (command(again), again.attempt) == (Shell(("true",)), 1)
    assert isinstance(command(settle_unknown(kind, again)), Shell)
    assert handle_result(kind, session, Result()).status == "complete"


def test_a_result_between_two_losses_begins_the_count_anew() -> None:
    """Only what is lost time after time is parked."""
    kind = make(TABLE, run=run(), mend=run())
    session = settle_unknown(kind, settle_unknown(kind, asked(kind)))
    session = next_command(kind, handle_result(kind, session, Result("error")))
    session = next_command(kind, handle_result(kind, session, Result()))
    session = settle_unknown(kind, settle_unknown(kind, session))
    assert isinstance(command(session), Shell)
    assert command(settle_unknown(kind, session)) == PARK
    assert position(replay(kind, rows(session))) == position(session)
