"""Budgets are kept once for each place, and what no sum has is found beside the log."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from interlock import Prompt, Result, Scope, Session, Shell, engine
from interlock.engine.errors import Refused
from interlock.engine.limits import Limits
from interlock.engine.values import Interaction, changed
from interlock.store import budgets, metering, queries, records
from interlock.store.budgets import Budget
from interlock.store.connection import execute, tx
from interlock.store.times import write_time
from tests.store.samples import KIND, NOW, enter, issue, new_session, settle, step_once, value

pytestmark = pytest.mark.usefixtures("database")

FIVE = Limits(money=Decimal("5.25"), tokens=7, seconds=1.5, steps=3)
NONE = ("", 0)
SECOND = "INSERT INTO budget (account_id, inserted_at) VALUES (?, ?)"


def keep(scope: Scope, limits: Limits = FIVE, **place: Any) -> Budget:
    """A budget that was just kept."""
    period = place.pop("period", None)
    budget = Budget(account_id=scope.account_id, limits=limits, period=period, **place)
    with tx():
        budgets.save(budget, NOW)
    return budget


def places(scope: Scope, session: Session) -> list[dict[str, Any]]:
    """One place of each kind, nearest first."""
    return [
        {"session_id": session.id, "step": "work"},
        {"session_id": session.id},
        {"project_id": scope.project_id, "period": "month"},
        {"period": "day"},
    ]


def test_a_budget_is_read_as_it_was_kept() -> None:
    """At each kind of place, with its limits exact and its period."""
    scope = enter()
    session = new_session(scope)
    for place in places(scope, session):
        kept = keep(scope, **place)
        assert budgets.find(evolve(kept, limits=Limits())) == kept


def test_a_place_has_one_budget() -> None:
    """What is kept later stands in place of what was there; without limits there is none."""
    scope = enter()
    session = new_session(scope)
    for place in places(scope, session):
        keep(scope, **place)
        later = keep(scope, Limits(steps=1), **place)
        assert budgets.find(later) == later
        keep(scope, Limits(), **place)
        assert budgets.find(later) is None
    assert value("SELECT count(*) FROM budget") == 0


def test_the_database_refuses_a_second_budget_of_one_place() -> None:
    """Also where all but the account is null."""
    scope = enter()
    keep(scope)
    with pytest.raises(Refused, match=r"(?i)unique"), tx():
        execute(SECOND, (scope.account_id, write_time(NOW)))


@pytest.mark.parametrize(
    "bad",
    ["money = 0", "tokens = 0", "seconds = 0", "steps = -1", "period = 'week'", "step = 'work'"],
)
def test_the_database_refuses_a_bad_budget(bad: str) -> None:
    """Limits are above zero, periods are known, a step is one of a session."""
    keep(enter())
    with pytest.raises(Refused), tx():
        execute(f"UPDATE budget SET {bad}")


def test_a_session_has_no_budget_for_each_day() -> None:
    """Periods are for projects and accounts."""
    scope = enter()
    with pytest.raises(Refused):
        keep(scope, session_id=new_session(scope).id, period="day")


def test_the_budgets_that_bound_a_session_are_found_nearest_first() -> None:
    """Those of its steps, its own, those of the sessions above it, the project's, the account's;
    no other session's, project's or account's, and no step's of a session above."""
    scope, other = enter(), enter(project="elsewhere")
    top = new_session(scope)
    middle = new_session(scope, parent_id=top.id, spawn_key="a")
    low = new_session(scope, parent_id=middle.id, spawn_key="a")
    beside = new_session(scope, parent_id=top.id, spawn_key="b")
    wanted = [
        keep(scope, session_id=low.id, step="work"),
        keep(scope, session_id=low.id),
        keep(scope, session_id=middle.id),
        keep(scope, session_id=top.id),
        keep(scope, project_id=scope.project_id),
        keep(scope),
    ]
    keep(scope, session_id=middle.id, step="work")
    keep(scope, session_id=beside.id)
    keep(other, project_id=other.project_id)
    keep(enter("another"))
    assert budgets.applying(low) == wanted
    assert budgets.applying(top) == wanted[3:]
    assert budgets.applying(new_session(other))[1:] == wanted[5:]


@pytest.mark.parametrize(
    ("period", "began"),
    [
        (None, None),
        ("day", datetime(2026, 3, 7, tzinfo=UTC)),
        ("month", datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_a_period_begins_in_utc(period: str | None, began: datetime | None) -> None:
    """At midnight, or on the first of the month."""
    budget = Budget(account_id="a", period=period)
    assert budget.since(datetime(2026, 3, 7, 12, 30, tzinfo=UTC)) == began


def test_a_budget_goes_with_what_it_bounds() -> None:
    """A project, or a session without a log, that is deleted takes its budget along."""
    scope = enter()
    session = new_session(scope)
    for place in places(scope, session)[:3]:
        keep(scope, **place)
    with tx():
        execute("DELETE FROM session")
        execute("DELETE FROM project")
    assert value("SELECT count(*) FROM budget") == 0


def ask(session: Session, text: str = "Do it.") -> Session:
    """The session with an open prompt, as saved."""
    with tx():
        row = Interaction(seq=session.seq + 1, step="work", attempt=1, command=Prompt(text))
        written = changed(session, seq=row.seq, open=row, unsaved=(row,))
        return records.save(written, NOW)


def use(session: Session, tokens: int, at: datetime = NOW, **more: Any) -> None:
    """Note that a request of the open prompt used so many tokens."""
    with tx():
        data = {"model": "m", "requests": 1, "input_tokens": tokens, **more}
        queries.add_event(session, session.seq, "usage", data, at)


def lose(session: Session) -> Session:
    """The session after nobody saw how its open command ended, with the next one."""
    with tx():
        return records.save(engine.settle_unknown(KIND, session), NOW)


def tokens(entries: list[Any]) -> list[int]:
    """The tokens of each entry, in order of size."""
    return sorted(entry["input_tokens"] for entry in entries)


def test_what_a_command_without_a_result_used_is_found() -> None:
    """Of an open one, of one that was lost and of those of children; not of one with a result."""
    scope = enter()
    top = new_session(scope)
    child = ask(new_session(scope, parent_id=top.id, spawn_key="a"))
    use(child, 1)
    top = ask(top)
    use(top, 2)
    use(top, 999, cumulative=True)
    top = lose(top)
    use(top, 4)
    assert tokens(metering.unfinished(top.id)) == [1, 2, 4]
    assert tokens(metering.unfinished(child.id)) == [1]
    assert tokens(metering.unfinished(top.id, "work")) == [2, 4]
    assert metering.unfinished(top.id, "other") == []
    settle(top, Result())
    assert tokens(metering.unfinished(top.id)) == [1, 2]


def test_what_commands_without_a_result_used_is_found_in_a_project_and_an_account() -> None:
    """Since a time, where one is given; nothing of another project or account."""
    scope, other, stranger = enter(), enter(project="elsewhere"), enter("another")
    late = NOW + timedelta(days=1)
    lost = ask(new_session(scope))
    use(lost, 1)
    use(lose(lost), 2, late)
    use(ask(new_session(other)), 4)
    use(ask(new_session(stranger)), 8)
    account = scope.account_id
    assert tokens(metering.unfinished_in(account, None, None)) == [1, 2, 4]
    assert tokens(metering.unfinished_in(account, scope.project_id, None)) == [1, 2]
    assert tokens(metering.unfinished_in(account, scope.project_id, late)) == [2]


def test_the_commands_of_a_session_are_counted() -> None:
    """With those of its children, without what only waits, and without one that is left out."""
    scope = enter()
    top = step_once(step_once(new_session(scope), Result()), Result())
    child = issue(new_session(scope, parent_id=top.id, spawn_key="a"))
    assert metering.commands(top.id, None, NONE) == 3
    assert metering.commands(top.id, None, (child.id, 1)) == 2
    assert metering.commands(top.id, "work", NONE) == 2
    assert metering.commands(top.id, "other", NONE) == 0
    with tx():
        engine_asks = engine.hold(KIND, top, "nothing is left")
        records.save(engine_asks, NOW)
    assert metering.commands(top.id, None, NONE) == 3


def test_the_seconds_of_commands_are_summed() -> None:
    """What their executors measured; of one without a result what is known of it."""
    scope = enter()
    session = step_once(new_session(scope), Result(duration_ms=1500))
    assert metering.seconds(session.id, None, NONE) == pytest.approx(1.5)
    session = issue(session)
    use(session, 1, NOW)
    use(session, 1, NOW + timedelta(seconds=4))
    assert metering.seconds(session.id, None, NONE) == pytest.approx(5.5, abs=0.01)
    assert metering.seconds(session.id, "work", (session.id, session.seq)) == pytest.approx(1.5)
    lost = lose(session)
    assert metering.seconds(lost.id, None, NONE) == pytest.approx(5.5, abs=0.01)
    assert isinstance(lost.open and lost.open.command, Shell)


def test_a_command_by_hand_takes_from_its_opening_to_its_result() -> None:
    """Where nobody measured it."""
    session = issue(new_session(enter()))
    with tx():
        moved = engine.handle_result(KIND, session, Result())
        records.save(moved, NOW + timedelta(seconds=3))
    assert metering.seconds(session.id, None, NONE) == pytest.approx(3, abs=0.01)


def test_sessions_that_are_held_are_found() -> None:
    """Those that a budget bounds and that ask about one, at most as many as wanted."""
    scope, other = enter(), enter(project="elsewhere")
    top = new_session(scope)
    held = [new_session(scope, parent_id=top.id, spawn_key=key) for key in ("a", "b")]
    away = new_session(other)
    issue(new_session(scope))
    with tx():
        for session in (*held, away):
            records.save(engine.hold(KIND, session, "nothing is left"), NOW)
    ids = [session.id for session in held]
    account = Budget(account_id=scope.account_id)
    assert budgets.held(account, 10) == [*ids, away.id]
    assert budgets.held(account, 1) == ids[:1]
    assert budgets.held(evolve(account, project_id=scope.project_id), 10) == ids
    assert budgets.held(evolve(account, session_id=top.id), 10) == ids
    assert budgets.held(evolve(account, session_id=ids[0]), 10) == ids[:1]
    assert budgets.held(evolve(account, account_id=enter("another").account_id), 10) == []
