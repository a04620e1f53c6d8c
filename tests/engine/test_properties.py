"""What is true of every session type, every result and everything done to a session."""

from __future__ import annotations

import re
from itertools import cycle, pairwise
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.engine import (
    COMPLETE,
    FAILED,
    Result,
    Session,
    SessionType,
    Wait,
    next_command,
    reissue,
    replay,
    retry,
    settle_unknown,
    start,
)
from interlock.engine.definition import ERRORS, FALLBACK, GuardRaised
from interlock.engine.fold import is_own
from interlock.engine.pause import AGAIN, PAUSES
from tests.engine.machine import ENDS, kept, opened, position, rows
from tests.engine.random_lives import LIVES, Event, events, live
from tests.engine.random_machines import GUARDS, PLANS, TRIGGERS, Plan, build

EXAMPLES = settings(max_examples=120)


@EXAMPLES
@given(plan=PLANS, happened=LIVES)
def test_the_log_leads_to_where_the_session_stands(plan: Plan, happened: list[Event]) -> None:
    """replay(history) == session, in every attribute, and the log comes out as it went in. The
    state is what the kept results remember, in order, and nothing else."""
    kind = build(plan)
    *_, session = live(kind, start(kind), happened)
    state: dict[str, object] = {}
    for row in rows(session):
        state |= row.result.remember if row.result is not None else {}
    assert session.state == state
    again = replay(kind, rows(session), budget=plan.budget)
    assert position(again) == position(session)
    assert again == session
    assert rows(again) == rows(session)


@EXAMPLES
@given(plan=PLANS, happened=LIVES)
def test_a_session_is_sound_all_its_life(plan: Plan, happened: list[Event]) -> None:
    """Its log has no gaps, its status agrees with its reason and open row, its limits hold."""
    kind = build(plan)
    for before, after in pairwise(live(kind, start(kind), [Event("next"), *happened])):
        check_log(before, after)
        assert after.step in plan.steps
        assert (after.reason is not None) == (after.status in ("failed", "cancelled"))
        assert after.active or after.open is None
        check_limits(plan, after)


def check_log(before: Session, after: Session) -> None:
    """seq is 1 to n; only the newest row may be open; what is closed is never touched again;
    what is new is to be saved."""
    log = rows(after)
    assert [row.seq for row in log] == list(range(1, after.seq + 1))
    assert [row for row in log if row.status == "open"] == ([after.open] if after.open else [])
    assert after.open in (None, log[-1] if log else None)
    closed = rows(before)[: before.seq - (before.open is not None)]
    assert log[: len(closed)] == closed
    assert {row.seq for row in after.unsaved} >= {row.seq for row in log[len(closed) :]}


def check_limits(plan: Plan, session: Session) -> None:
    """Since the last retry or reopen no step has more tries than its `attempts`, and the log no
    more rows than the budget."""
    counted = [row for row in rows(session)[session.since :] if row.step]
    assert len(counted) <= plan.budget
    for row in counted:
        limit = plan.attempts[plan.steps.index(row.step)]
        assert limit is None or row.attempt <= limit


@EXAMPLES
@given(plan=PLANS, happened=st.lists(events("lose", "reissue", "next"), min_size=1, max_size=10))
def test_every_session_ends_within_its_limits(plan: Plan, happened: list[Event]) -> None:
    """Results, lost outcomes and commands issued again, in any order: there is an end, and after
    a retry there is one again."""
    kind = build(plan)
    session = start(kind)
    for _ in range(2):
        rounds = 0
        for event in cycle([*happened, Event("answer", happened[0].number)]):
            session = event.happen(kind, next_command(kind, session))
            if not session.active:
                break
            rounds += event.verb != "next"
            assert rounds < plan.budget
        if session.status != FAILED:
            break
        session = retry(session)


@EXAMPLES
@given(plan=PLANS, happened=LIVES)
def test_the_next_command_twice_changes_nothing(plan: Plan, happened: list[Event]) -> None:
    """The second time it is the same session; decided anew from the same values, it is equal."""
    kind = build(plan)
    for session in live(kind, start(kind), happened):
        if session.active:
            once = next_command(kind, session)
            assert next_command(kind, once) is once
            assert next_command(kind, session) == once
            asked = {"open": once.open, "seq": once.seq}
            assert position(once) == {**position(session), **asked}


@EXAMPLES
@given(plan=PLANS, happened=LIVES)
def test_issuing_again_never_charges_an_attempt(plan: Plan, happened: list[Event]) -> None:
    """Neither a command issued again nor a lost outcome does; step and state stay as well."""
    kind = build(plan)
    for session in live(kind, start(kind), happened):
        if not session.active:
            continue
        asked = next_command(kind, session)
        for decide in (reissue, settle_unknown):
            again = decide(kind, asked)
            assert (again.step, again.state, again.attempt) == (
                asked.step,
                asked.state,
                asked.attempt,
            )
            assert again.visits(asked.step) == asked.visits(asked.step) == asked.attempt
            assert again.active == (asked.seq - asked.since < plan.budget)
            assert again.active == (again.open is not None)
            if again.active:
                assert (opened(again).seq, opened(again).attempt) == (asked.seq + 1, asked.attempt)


@EXAMPLES
@given(plan=PLANS, happened=LIVES)
def test_a_result_leads_where_the_table_says(plan: Plan, happened: list[Event]) -> None:
    """The move is the one that reading the table row by row gives, within the limits."""
    kind = build(plan)
    lived = live(kind, start(kind), happened)
    for event, after in zip(happened, list(lived)[1:], strict=True):
        if event.verb == "answer":
            assert (after.status, after.step) == expected(plan, kind, after)


def expected(plan: Plan, kind: SessionType, after: Session) -> tuple[str, str]:
    """Status and step after the newest result, from the table as it was drawn."""
    result, step = kept(after), rows(after)[-1].step
    spent = after.seq - after.since >= plan.budget
    command = rows(after)[-1].command
    waited = is_own(command) and isinstance(command, Wait)
    again = is_own(command) and result.status in AGAIN
    paused = result.status in PAUSES and result.status not in plan.triggers(step)
    if waited or again or paused:
        return (FAILED if spent else "active"), step
    dest = destination(plan, kind, step, after, result)
    if dest is None:
        return FAILED, step
    if dest in ENDS:
        return dest, step
    tries = [row.attempt for row in rows(after)[after.since :] if row.step == dest]
    limit = plan.attempts[plan.steps.index(dest)]
    if spent or (limit is not None and max(tries, default=0) >= limit):
        return FAILED, step
    return "active", dest


def destination(
    plan: Plan, kind: SessionType, step: str, session: Session, result: Result
) -> str | None:
    """The destination of the first row that takes the result; None where none does."""
    has_rows = {row[0] for row in plan.rows if row[1] == step}
    trigger = result.status if result.status in has_rows else FALLBACK.get(result.status)
    for on, source, dest, guards, unless in plan.rows:
        if (on, source) != (trigger, step):
            continue
        try:
            if all(GUARDS[name](kind, session, result) for name in guards) and not any(
                GUARDS[name](kind, session, result) for name in unless
            ):
                return dest
        except (LookupError, RuntimeError):
            assert result.status in ERRORS, "a guard that raises makes the result an error"
            return None
    return None


@EXAMPLES
@given(plan=PLANS, happened=LIVES, status=TRIGGERS)
def test_a_result_leads_where_the_library_moves_a_model(
    plan: Plan, happened: list[Event], status: str
) -> None:
    """The rows are asked as the machine of `transitions` asks them, or a guard of them raises."""
    kind, result = build(plan), Result(status, code=1)
    for session in live(kind, start(kind), happened):
        assert fired(kind, session, result) == moved(kind, session, result)


def fired(kind: SessionType, session: Session, result: Result) -> str | None:
    """Where the definition leads; what a guard raised."""
    try:
        return kind.definition.fire(kind, session, result)
    except GuardRaised as raised:
        return str(raised)


def moved(kind: SessionType, session: Session, result: Result) -> str | None:
    """Where the machine moves a model to; None where it does not, or what a guard raised."""
    model = SimpleNamespace(state=session.step)
    trigger = kind.definition.route(session.step, result.status)
    if trigger is None:
        return None
    try:
        event = kind.definition.machine.events[trigger]
        return model.state if event.trigger(model, kind, session, result) else None
    except GuardRaised as raised:
        return str(raised)


def test_the_drawn_types_reach_everything() -> None:
    """Among what is drawn there are ends of each kind, lost outcomes and the engine's questions;
    a strategy that never got there would prove nothing."""
    seen: set[str] = set()

    @settings(max_examples=150, derandomize=True, database=None)
    @given(plan=PLANS, happened=LIVES)
    def look(plan: Plan, happened: list[Event]) -> None:
        kind = build(plan)
        *_, session = live(kind, start(kind), happened)
        seen.add(session.status)
        for row in rows(session):
            seen.update((row.status, row.command.kind, f"attempt {row.attempt}"))
            seen.update({f"own {row.command.kind}"} if is_own(row.command) else ())
            told = row.result.error if row.result is not None else None
            seen.update(
                re.findall(r"guard \w+ raised \w+Error|reads step|step s\d raised", told or "")
            )
        seen.update(re.findall("budget|its limit", session.reason or ""))

    look()
    statuses = {"active", COMPLETE, FAILED, "cancelled", "open", "done", "superseded", "unknown"}
    kinds = {"shell", "prompt", "ask", "call", "wait", "spawn", "own ask", "own wait", "attempt 3"}
    guards = {"guard moody raised LookupError", "guard angry raised RuntimeError"}
    told = {"reads step", "step s0 raised", "budget", "its limit"}
    assert statuses | kinds | guards | told <= seen, seen
