"""Budgets as rows: at most one for each step, session, project and account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from interlock.engine.limits import Limits
from interlock.engine.values import Session
from interlock.store.connection import backend, execute, fetch
from interlock.store.metering import FAMILY
from interlock.store.times import write_time
from interlock.store.usage import NANO

PERIODS = ("day", "month")
PLACE = ("account_id", "project_id", "session_id", "step")
COLUMNS = (*PLACE, "money", "tokens", "seconds", "steps", "period", "asked_at")
SELECT = f"SELECT {', '.join(COLUMNS)} FROM budget"
AT = (
    "account_id = ? AND coalesce(project_id, '') = coalesce(?, '') "
    "AND coalesce(session_id, '') = coalesce(?, '') AND coalesce(step, '') = coalesce(?, '')"
)
ABOVE = (
    "WITH RECURSIVE above(id, parent_id) AS (SELECT id, parent_id FROM session WHERE id = ? "
    "UNION ALL SELECT s.id, s.parent_id FROM session s JOIN above a ON s.id = a.parent_id) "
    "SELECT id FROM above"
)
APPLYING = (
    f"{SELECT} WHERE account_id = ? AND CASE WHEN session_id IS NULL "
    "THEN project_id IS NULL OR project_id = ? "
    f"ELSE (step IS NULL OR session_id = ?) AND session_id IN ({ABOVE}) END"
)
HELD = (
    "SELECT i.session_id FROM interaction i WHERE i.status = 'open' AND i.account_id = ? "
    "AND {} = 'ask' AND {} IN ('budget', 'no_budget')"
)


@frozen(kw_only=True)
class Budget:
    """What may be spent at one place. A project's has a `project_id`, a session's a `session_id`,
    a step's its name as well; an account's has none of them."""

    account_id: str
    project_id: str | None = None
    session_id: str | None = None
    step: str | None = None
    limits: Limits = field(factory=Limits)
    period: str | None = None
    """`day` or `month` (in UTC) where it is for each; None: once and for all."""
    asked: bool = False
    """True once somebody was asked about requests that have no price."""

    @property
    def place(self) -> tuple[str | None, ...]:
        """What there is one budget of."""
        return (self.account_id, self.project_id, self.session_id, self.step)

    def since(self, now: datetime) -> datetime | None:
        """When the period that `now` is in began; None where it is for all time."""
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return {"day": today, "month": today.replace(day=1)}.get(self.period or "")


def applying(session: Session) -> list[Budget]:
    """Every budget that bounds a session, in the order of their places: those of its steps, its
    own and those of the sessions above it, its project's, its account's."""
    if not fetch("SELECT 1 FROM budget WHERE account_id = ? LIMIT 1", (session.account_id,)):
        return []  # where nobody has set one, a step pays for no more than this
    values = (session.account_id, session.project_id, session.id, session.id)
    found = [_read(row) for row in fetch(APPLYING, values)]
    # Whoever was started later is further down, and has the larger id.
    found.sort(key=lambda one: one.session_id or "", reverse=True)
    return sorted(found, key=lambda one: _rank(one, session))


def find(budget: Budget) -> Budget | None:
    """The budget at the place of another, as it is kept; None where there is none."""
    return next((_read(row) for row in fetch(f"{SELECT} WHERE {AT}", budget.place)), None)


def save(budget: Budget, now: datetime) -> None:
    """Keep a budget in place of the one that is there; one without limits only where somebody was
    asked about it."""
    execute(f"DELETE FROM budget WHERE {AT}", budget.place)
    if not budget.limits.given and not budget.asked:
        return
    money = budget.limits.money
    values = (
        *budget.place,
        None if money is None else int(money * NANO),
        *(budget.limits.tokens, budget.limits.seconds, budget.limits.steps, budget.period),
        *(write_time(now) if budget.asked else None, write_time(now)),
    )
    marks = ", ".join("?" * len(values))
    execute(f"INSERT INTO budget ({', '.join(COLUMNS)}, inserted_at) VALUES ({marks})", values)


def held(budget: Budget, limit: int) -> list[str]:
    """The sessions, at most `limit`, that a budget bounds and that ask about one now."""
    where, values = "", [budget.account_id]
    if budget.session_id is not None:
        where = "AND i.session_id IN (SELECT id FROM family)"
        values = [budget.session_id, *values]
    elif budget.project_id is not None:
        where, values = "AND i.project_id = ?", [*values, budget.project_id]
    family = FAMILY if budget.session_id is not None else ""
    member = backend().dialect.member
    asking = HELD.format(member("i.command", "kind"), member("i.command", "about"))
    sql = f"{family} {asking} {where} ORDER BY i.session_id LIMIT ?"
    return [str(id_) for (id_,) in fetch(sql, (*values, limit))]


def _read(row: Sequence[Any]) -> Budget:
    found = dict(zip(COLUMNS, row, strict=True))
    money = found["money"]
    limits = Limits(
        money=None if money is None else Decimal(money) / NANO,
        tokens=found["tokens"],
        seconds=found["seconds"],
        steps=found["steps"],
    )
    place = {name: found[name] for name in PLACE}
    return Budget(
        **place, limits=limits, period=found["period"], asked=found["asked_at"] is not None
    )


def _rank(budget: Budget, session: Session) -> int:
    if budget.session_id is None:
        return 4 if budget.project_id is None else 3
    return 0 if budget.step is not None else 1 if budget.session_id == session.id else 2
