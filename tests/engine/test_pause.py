"""A limit of the vendor's is nobody's fault: wait, then try the step again, uncharged."""

from datetime import UTC, datetime
from math import floor, log2
from typing import Any

import pytest
from attrs import evolve

from interlock import (
    COMPLETE,
    FAILED,
    Ask,
    Command,
    Prompt,
    Result,
    Session,
    SessionType,
    Wait,
    step,
)
from interlock.engine import (
    handle_result,
    hold,
    next_command,
    reissue,
    reopen,
    replay,
    retry,
    settle_unknown,
    start,
)
from interlock.engine.pause import STOPPED
from interlock.engine.steps import ON_UNKNOWN, OnUnknown
from tests.engine.machine import Rows, begin, make, prompt


class Limited(SessionType):
    """One prompt that may be tried once."""

    transitions = (("ok", "ask", COMPLETE), ("error", "ask", FAILED))

    @step(attempts=1)
    def ask(self, session: Session) -> Command:
        return Prompt("Do it.")

    @ask.result
    def read(self, session: Session, result: Result) -> Result:
        return result.remembering(read=session.state.get("read", 0) + 1)


class Routed(SessionType):
    """A type whose own row takes the limit."""

    transitions = (("ok", "ask", COMPLETE), ("rate_limited", "ask", FAILED))

    @step
    def ask(self, session: Session) -> Command:
        return Prompt("Do it.")


LIMITED, ROUTED = Limited(), Routed()
PROMPT = Prompt("Do it.")
STOPPED_PROMPT = Prompt(STOPPED + "Do it.", resume=True)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def opened(session: Session) -> Command:
    """The open command of a session that has one."""
    assert session.open is not None
    return session.open.command


def limited(status: str = "rate_limited", **data: Any) -> Session:
    """A session whose first prompt ended so, with its next command."""
    session = next_command(LIMITED, start(LIMITED))
    return next_command(LIMITED, handle_result(LIMITED, session, Result(status, data=data)))


@pytest.mark.parametrize("status", ["rate_limited", "overloaded"])
@pytest.mark.parametrize(
    ("data", "seconds"),
    [
        ({"retry_after": 5}, 5.0),
        ({"until": 7, "retry_after": 2.5}, 2.5),
    ],
)
def test_a_limit_makes_the_session_wait(status: str, data: dict[str, Any], seconds: float) -> None:
    """As long as the result says in seconds."""
    assert opened(limited(status, **data)) == Wait(for_=seconds, about=status)


@pytest.mark.parametrize("status", ["rate_limited", "overloaded"])
@pytest.mark.parametrize(
    "data",
    [
        {},
        {"retry_after": -1},
        {"retry_after": 10**9},
        {"until": "soon"},
        {"until": "9999-12-31T23:59:59-12:00"},
        {"until": "0001-01-01T00:00:00+00:00"},
        {"retry_after": "5"},
    ],
)
def test_a_limit_that_says_no_time_is_waited_for_a_minute(
    status: str, data: dict[str, Any]
) -> None:
    """And up to a half of one more."""
    wait = opened(limited(status, **data))
    assert isinstance(wait, Wait)
    assert wait.for_ is not None
    assert (wait.about, 60 <= wait.for_ < 90) == (status, True)


def waits_of(session: Session, number: int) -> list[float]:
    """How long each of so many limits, one after the other, is waited for."""
    found = []
    for _ in range(number):
        session = next_command(LIMITED, handle_result(LIMITED, session, Result("overloaded")))
        wait = opened(session)
        assert isinstance(wait, Wait)
        found.append(wait.for_ or 0.0)
        session = next_command(LIMITED, handle_result(LIMITED, session, Result()))
    return found


def test_a_limit_that_lasts_is_waited_for_longer_each_time() -> None:
    """Twice as long, until it is half an hour."""
    session = next_command(LIMITED, start(LIMITED, budget=100))
    parts = [seconds / 60 for seconds in waits_of(session, 8)]
    assert [2 ** floor(log2(part)) for part in parts] == [1, 2, 4, 8, 16, 32, 32, 32]


def test_two_sessions_that_are_limited_do_not_come_back_at_once() -> None:
    """Each has its own share of the wait, which is the same whenever it is made again."""
    first, again, other = (
        waits_of(next_command(LIMITED, evolve(start(LIMITED), id=name)), 1)
        for name in ("a", "a", "b")
    )
    assert first == again != other


def test_a_limit_after_a_retry_is_waited_for_a_minute_again() -> None:
    """Whoever retried has decided that it is time."""
    session = limited()
    for result in (Result(), Result("overloaded"), Result()):
        session = next_command(LIMITED, handle_result(LIMITED, session, result))
    failed = handle_result(LIMITED, session, Result("error"))
    (wait,) = waits_of(next_command(LIMITED, retry(failed)), 1)
    assert wait < 90


@pytest.mark.parametrize("until", ["2026-01-01T12:00:00+00:00", "2026-01-01T12:00:00"])
def test_a_limit_that_says_until_when_is_waited_for(until: str) -> None:
    """A time without a zone is UTC."""
    assert opened(limited(until=until)) == Wait(until=NOON, about="rate_limited")


def test_after_the_wait_the_step_is_tried_again_and_nothing_was_charged() -> None:
    """The one attempt that there is was not used up, and the reader saw only what was real."""
    session = handle_result(LIMITED, limited(), Result())
    session = next_command(LIMITED, session)
    assert (opened(session), session.attempt, session.visits("ask")) == (STOPPED_PROMPT, 1, 1)
    done = handle_result(LIMITED, session, Result())
    assert (done.status, done.state) == ("complete", {"read": 1})


def test_limits_that_never_end_are_bounded_by_the_budget() -> None:
    """Waiting takes rows of the log like everything else."""
    session = start(LIMITED, budget=7)
    while session.active:
        session = next_command(LIMITED, session)
        waits = isinstance(opened(session), Wait)
        session = handle_result(LIMITED, session, Result("ok" if waits else "rate_limited"))
    assert (session.status, session.seq) == ("failed", 7)


def test_a_wait_of_the_engine_can_be_issued_again_and_replayed() -> None:
    """It is a row like any other."""
    session = reissue(LIMITED, limited(retry_after=9))
    assert opened(session) == Wait(for_=9.0, about="rate_limited")
    session = next_command(LIMITED, handle_result(LIMITED, session, Result()))
    log: Any = session.log
    again = replay(LIMITED, log.rows)
    assert (again.step, again.status, again.seq, again.attempt) == ("ask", "active", 4, 1)


@pytest.mark.parametrize("policy", [*ON_UNKNOWN, None])
def test_nobody_is_asked_how_a_wait_ended(policy: OnUnknown | None) -> None:
    """The step did not run while the engine waited, so a lost wait begins again."""

    class Careful(SessionType):
        transitions = (("ok", "ask", COMPLETE),)

        @step(on_unknown=policy)
        def ask(self, session: Session) -> Command:
            return Prompt("Do it.")

    kind = Careful()
    session = handle_result(kind, next_command(kind, start(kind)), Result("overloaded"))
    wait = opened(next_command(kind, session))
    session = settle_unknown(kind, next_command(kind, session))
    assert isinstance(wait, Wait)
    assert opened(session) == wait


def test_a_row_of_the_table_takes_the_limit_first() -> None:
    """A type may decide for itself."""
    session = next_command(ROUTED, start(ROUTED))
    assert handle_result(ROUTED, session, Result("rate_limited")).status == "failed"


def test_whoever_retries_does_not_wait_for_a_limit_of_before() -> None:
    """A person who retries or reopens has decided that it is time."""
    asked = next_command(LIMITED, start(LIMITED, budget=1))
    failed = handle_result(LIMITED, asked, Result("rate_limited"))
    assert (failed.status, failed.attempt) == ("failed", 1)
    assert opened(next_command(LIMITED, retry(failed))) == PROMPT
    assert opened(next_command(LIMITED, reopen(LIMITED, failed))) == PROMPT


def test_a_limit_of_an_earlier_try_is_not_waited_for() -> None:
    """A row took it then; that the type has lost the row since changes nothing about it."""
    table: Rows = [["ok", "ask", COMPLETE], ["error", "ask", "rest"], ["ok", "rest", "ask"]]
    before = make([*table, ["rate_limited", "ask", "rest"]], ask=prompt())
    session = begin(before, "rate_limited", "ok")
    assert (session.step, session.attempt) == ("ask", 2)
    assert opened(next_command(make(table, ask=prompt()), session)) == Prompt("Write it.")


def test_a_step_cannot_issue_the_wait_of_the_engine() -> None:
    """`about` is the engine's own."""

    class Forged(SessionType):
        transitions = (("ok", "ask", COMPLETE),)

        @step
        def ask(self, session: Session) -> Command:
            return Wait(for_=1, about="rate_limited")

    session = next_command(Forged(), start(Forged()))
    assert "about=... is the engine's own" in str(handle_result(Forged(), session, Result()).reason)


@pytest.mark.parametrize(
    ("result", "question", "choices"),
    [
        (Result("needs_input", output="Which colour?"), "Which colour?", ("reply", "error")),
        (Result("needs_input", error="It asks."), "It asks.", ("reply", "error")),
        (Result("budget", error="$5 are spent"), "Step ask: $5 are spent", ("retry", "error")),
        (
            Result("stalled", error="as row 3."),
            "Step ask goes in circles: as row 3. Run it again, or say how it ended?",
            ("retry", "ok", "error"),
        ),
    ],
)
def test_what_no_time_mends_is_put_to_a_person(
    result: Result, question: str, choices: tuple[str, ...]
) -> None:
    """In the engine's own question; the one attempt that there is was not used up by it."""
    session = next_command(LIMITED, start(LIMITED))
    session = next_command(LIMITED, handle_result(LIMITED, session, result))
    assert opened(session) == Ask(question, choices, about=result.status)
    failed = handle_result(LIMITED, session, Result("error"))
    assert (failed.status, session.state, session.attempt) == ("failed", {}, 1)
    log: Any = failed.log
    assert replay(LIMITED, log.rows).status == "failed"


def test_the_agent_goes_on_with_what_was_answered_to_it() -> None:
    """In the conversation in which it asked."""
    session = next_command(LIMITED, start(LIMITED))
    asked = handle_result(LIMITED, session, Result("needs_input", output="Which colour?"))
    told = handle_result(LIMITED, next_command(LIMITED, asked), Result("reply", output="Red."))
    again = opened(next_command(LIMITED, told))
    assert isinstance(again, Prompt)
    assert again.resume
    assert again.text == (
        "You asked:\n\nWhich colour?\n\nThe answer:\n\nRed.\n\nGo on with the task:\n\nDo it."
    )


@pytest.mark.parametrize("status", ["budget", "stalled"])
def test_a_step_that_was_held_goes_on_where_it_stopped(status: str) -> None:
    """The next try is told that the last one was stopped, the one after a result is not."""
    session = next_command(LIMITED, start(LIMITED))
    held = next_command(LIMITED, handle_result(LIMITED, session, Result(status)))
    session = next_command(LIMITED, handle_result(LIMITED, held, Result("retry")))
    assert opened(session) == STOPPED_PROMPT
    assert handle_result(LIMITED, session, Result()).status == "complete"


def test_a_question_can_stand_in_place_of_a_command() -> None:
    """For one that no budget is left for: answered, the step's own command comes."""
    session = hold(LIMITED, start(LIMITED), "nothing is left")
    question = Ask("Step ask: nothing is left", ("retry", "error"), about="no_budget")
    assert opened(session) == question
    assert opened(reissue(LIMITED, session)) == question
    assert opened(settle_unknown(LIMITED, session)) == question
    session = next_command(LIMITED, handle_result(LIMITED, session, Result("retry")))
    assert opened(session) == PROMPT


def test_who_stopped_at_a_budget_goes_on_from_there_however_often_it_is_asked() -> None:
    """Asked again, since the budget was not raised, the step still knows that it was stopped."""
    session = next_command(LIMITED, start(LIMITED))
    session = next_command(LIMITED, handle_result(LIMITED, session, Result("budget")))
    session = hold(LIMITED, handle_result(LIMITED, session, Result("retry")), "nothing is left")
    session = next_command(LIMITED, handle_result(LIMITED, session, Result("retry")))
    assert opened(session) == STOPPED_PROMPT


def test_a_reader_can_find_that_the_agent_needs_an_answer() -> None:
    """What it makes of the result holds the session as if the agent had said so itself."""

    class Questioned(SessionType):
        transitions = (("ok", "ask", COMPLETE),)

        @step
        def ask(self, session: Session) -> Command:
            return Prompt("Do it.")

        @ask.result
        def read(self, session: Session, result: Result) -> Result:
            return Result("needs_input", output=result.output)

    kind = Questioned()
    session = handle_result(kind, next_command(kind, start(kind)), Result(output="May I?"))
    assert opened(next_command(kind, session)) == Ask("May I?", ("reply", "error"), "needs_input")
