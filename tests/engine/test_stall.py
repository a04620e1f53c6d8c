"""A step that goes in circles is held, and nothing that may still get anywhere is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import (
    COMPLETE,
    FAILED,
    Ask,
    Call,
    Child,
    Prompt,
    Result,
    Session,
    Spawn,
    Wait,
)
from interlock.engine import SessionType, handle_result, next_command, replay, retry
from interlock.engine.stall import MOST
from tests.engine.machine import (
    MENDED,
    Rows,
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

KIND = make(MENDED, mend=prompt())
SAME = Result("error", output="1 failed in 0.12s", error="exit code 1", data={"tree": "t"})
MENDING = Result(output="I mended it.")
CIRCLE = (SAME, MENDING)
TOLD = "as row 3: the same command, the same answer, the same files; exit code 1"


def between(row: list[Any], **members: Any) -> SessionType:
    """A type whose prompt is followed by another step, which this row leaves."""
    table: Rows = [["ok", "run", COMPLETE], ["error", "run", "mend"], ["ok", "mend", "rest"], row]
    return make(table, mend=prompt(), **members)


def test_the_same_prompt_with_the_same_end_holds_the_session() -> None:
    """Not after the first prompt: only then was the agent told what is wrong."""
    twice = begin(KIND, *CIRCLE, SAME)
    assert (twice.step, kept(twice)) == ("mend", SAME)
    held = drive(KIND, twice, MENDING, SAME)
    result = kept(held)
    assert (held.step, held.status, result.status, result.error) == (
        "run",
        "active",
        "stalled",
        TOLD,
    )
    assert dict(result.data) == {"tree": "t", "was": "error"}
    assert (result.output, result.code) == (SAME.output, SAME.code)
    question = opened(next_command(KIND, held)).command
    assert isinstance(question, Ask)
    assert question.about == "stalled"
    assert TOLD in question.question


def test_a_result_without_an_error_is_held_in_words_too() -> None:
    """The row that it repeats is all there is to say."""
    kind = make(
        [["ok", "run", "mend"], ["done", "run", COMPLETE], ["ok", "mend", "run"]], mend=prompt()
    )
    same = Result(data={"tree": "t"})
    held = begin(kind, same, MENDING, same, MENDING, same)
    assert kept(held).error == "as row 3: the same command, the same answer, the same files"


def test_a_prompt_that_is_answered_twice_alike_is_a_circle() -> None:
    """It and its answer are the whole of it."""
    kind = make([["again", "mend", "mend"], ["ok", "mend", COMPLETE]], mend=prompt())
    again = Result("again", output="Hm.", data={"tree": "t"})
    once = begin(kind, again)
    assert (once.step, kept(once)) == ("mend", again)
    assert kept(drive(kind, once, again)).error == (
        "as row 1: the same command, the same answer, the same files"
    )


@pytest.mark.parametrize("answer", ["retry", "ok", "error"])
def test_after_the_answer_it_counts_anew(answer: str) -> None:
    """It takes as many rows as the first time until the session is held again."""
    held = drive(KIND, begin(KIND, *CIRCLE, *CIRCLE, SAME), answer)
    if answer == "ok":
        assert held.status == "complete"
        return
    seen = drive(KIND, held, *(CIRCLE if answer == "retry" else (MENDING,)), SAME)
    assert kept(seen) == SAME
    assert kept(drive(KIND, seen, MENDING, SAME)).status == "stalled"


@pytest.mark.parametrize(
    "other",
    [
        Result("error", output="2 failed in 0.12s", error="exit code 1", data={"tree": "t"}),
        Result("error", output=SAME.output, error="exit code 2", data={"tree": "t"}),
        Result("error", output=SAME.output, error=SAME.error, code=1, data={"tree": "t"}),
        Result("error", output=SAME.output, error=SAME.error, data={"tree": "u"}),
        Result("timeout", output=SAME.output, error=SAME.error, data={"tree": "t"}),
        Result("error", output=SAME.output, error=SAME.error),
        Result("error", output=SAME.output, error=SAME.error, data={"tree": "t", "truncated": 1}),
    ],
)
def test_another_answer_or_other_files_are_no_circle(other: Result) -> None:
    """Something moves."""
    assert kept(begin(KIND, *CIRCLE, *CIRCLE, other)) == other
    assert kept(begin(KIND, *CIRCLE, other, MENDING, SAME)) == SAME


@pytest.mark.parametrize("output", ["1 failed in 97.3s", "1 failed in 0.12s", "1 failed in 5.0s"])
def test_what_differs_from_run_to_run_does_not_count(output: str) -> None:
    """A duration in the output, the time that it took, its usage, the ids of a conversation."""
    again = Result(
        "error",
        output=output,
        error="exit code 1",
        duration_ms=7,
        usage={"input_tokens": 9},
        data={"tree": "t", "conversation_id": output, "after": output},
        remember={"n": output},
    )
    assert kept(begin(KIND, *CIRCLE, *CIRCLE, again)).status == "stalled"


def test_another_prompt_is_another_chance() -> None:
    """What it is asked differs each time, so that the same check may well come out otherwise."""

    def each(session: Session) -> Prompt:
        return Prompt(f"Look at file {session.attempt}.")

    kind = make(MENDED, mend=run(each))
    assert kept(begin(kind, *CIRCLE * 4, SAME)) == SAME


def test_a_circle_may_have_several_prompts() -> None:
    """Every one of them must have been given twice."""

    def turn(session: Session) -> Prompt:
        return Prompt("One." if session.attempt % 2 else "Two.")

    kind = make(MENDED, mend=run(turn))
    assert kept(begin(kind, *CIRCLE * 3, SAME)) == SAME
    assert kept(begin(kind, *CIRCLE * 4, SAME)).error == TOLD.replace("row 3", "row 5")


def test_without_a_prompt_nothing_is_a_circle() -> None:
    """A loop over commands alone is its author's."""
    kind = make([["ok", "run", COMPLETE], ["error", "run", "mend"], ["ok", "mend", "run"]])
    assert kept(begin(kind, *(SAME, MENDING) * 5, SAME)) == SAME


@pytest.mark.parametrize("bounded", ["run", "mend"])
def test_the_authors_own_bound_goes_first(bounded: str) -> None:
    """A step with `attempts` in the loop ends it."""
    steps = {"run": run(), "mend": prompt()}
    steps[bounded] = (run if bounded == "run" else prompt)(attempts=5)
    kind = make(MENDED, **steps)
    assert kept(begin(kind, *CIRCLE * 4, SAME)) == SAME


def test_a_bounded_step_in_the_circle_bounds_it() -> None:
    """Wherever it stands."""
    kind = between(["ok", "rest", "run"], rest=run(attempts=9))
    assert kept(begin(kind, *(SAME, MENDING, Result()) * 4, SAME)) == SAME


def test_a_loop_that_leads_to_a_bounded_step_is_bounded() -> None:
    """Also where that step was not there in the circle so far."""
    table: Rows = [
        ["ok", "run", COMPLETE],
        ["error", "run", "rest", "often"],
        ["error", "run", "mend"],
        ["ok", "mend", "run"],
        ["ok", "rest", "run"],
    ]

    def often(self: object, session: Session, result: Result) -> bool:
        return session.visits("run") > 2

    kind = make(table, mend=prompt(), rest=run(attempts=1), often=often)
    held = begin(kind, *CIRCLE * 2, SAME)
    assert (held.step, kept(held)) == ("rest", SAME)


def test_what_ends_is_no_circle() -> None:
    """The table may end it, and a guard that raises is told as what it is."""
    table: Rows = [
        ["ok", "run", COMPLETE],
        ["error", "run", FAILED, "enough"],
        ["error", "run", "mend"],
        ["ok", "mend", "run"],
    ]

    def enough(self: object, session: Session, result: Result) -> bool:
        if session.input["end"] == "raise" and session.visits("run") == 3:
            raise LookupError("too often")
        return session.visits("run") == 3

    kind = make(table, mend=prompt(), enough=enough)
    ended = begin(kind, *CIRCLE * 2, SAME, input={"end": "fail"})
    assert (ended.status, kept(ended)) == ("failed", SAME)
    raised = begin(kind, *CIRCLE * 2, SAME, input={"end": "raise"})
    assert "too often" in (kept(raised).error or "")


@pytest.mark.parametrize(
    ("rest", "result"),
    [
        (run(Wait(for_=1)), Result()),
        (ask("ok"), Result()),
        (run(Spawn((Child("x"),))), Result()),
    ],
)
def test_time_a_person_and_children_may_change_anything(rest: Any, result: Result) -> None:
    """Nothing is a circle across them."""
    kind = between(["ok", "rest", "run"], rest=rest)
    assert kept(begin(kind, *(SAME, MENDING, result) * 4, SAME)) == SAME


def test_a_commit_is_no_such_change() -> None:
    """What a Call did to the files can be seen in them."""
    kind = between(["ok", "rest", "run"], rest=run(Call("commit")))
    assert kept(begin(kind, *(SAME, MENDING, Result()) * 2, SAME)).status == "stalled"


def test_a_retry_begins_anew() -> None:
    """A person has looked at it."""
    kind = make([*MENDED, ["no", "run", FAILED]], mend=prompt())
    again = drive(kind, retry(begin(kind, *CIRCLE, "no")), *CIRCLE, SAME)
    assert kept(again) == SAME
    assert kept(drive(kind, again, MENDING, SAME)).status == "stalled"


def test_only_the_newest_rows_are_looked_at() -> None:
    """So that a step costs the same in a long log: a circle beyond them is not found."""

    def turn(session: Session) -> Prompt:
        return Prompt(f"Part {session.attempt % MOST}.")

    kind = make(MENDED, mend=run(turn), budget=10**6)
    assert kept(begin(kind, *CIRCLE * (2 * MOST + 3), SAME)) == SAME


RESULTS = st.lists(
    st.sampled_from([SAME, MENDING, Result("error", data={"tree": "u"})]), max_size=12
)


@given(RESULTS)
def test_a_log_with_held_rows_leads_to_where_the_session_stands(results: list[Result]) -> None:
    """Replayed, nothing is judged again; and nothing but the status and its reason was changed."""
    session = begin(KIND)
    for result in results:
        session = next_command(KIND, session)
        if not session.active:
            break
        if isinstance(opened(session).command, Ask):
            session = next_command(KIND, handle_result(KIND, session, Result("retry")))
        given_ = result if session.step == "run" else MENDING
        session = handle_result(KIND, session, given_)
        found = kept(session)
        assert (found.output, found.data.get("tree")) == (given_.output, given_.data.get("tree"))
        assert found.data.get("was", found.status) == given_.status
        if not session.active:
            break
    assert position(replay(KIND, rows(session))) == position(session)
