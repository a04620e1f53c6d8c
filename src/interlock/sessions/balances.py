"""What was spent of each budget that bounds a session, and which of them is used up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from attrs import evolve, frozen

from interlock import pricing
from interlock.agents.usage import Entry
from interlock.engine.amounts import show_amount
from interlock.engine.commands import Ask, Command, Prompt
from interlock.engine.limits import READ, Limits
from interlock.engine.session_type import SessionType
from interlock.engine.values import Session
from interlock.store import budgets, metering, prices, spending
from interlock.store.budgets import Budget
from interlock.store.spending import Spent

NO_ROW = ("", 0)
ONCE = "and is not asked for again"
PERIODS = {"day": " for the day", "month": " for the month"}


@frozen(kw_only=True)
class Balance:
    """A budget, and what was spent of it. Only what it limits is summed."""

    budget: Budget
    spent: Spent

    def reached(self, names: Iterable[str]) -> str | None:
        """The first limit of these names of which nothing is left; None for none."""
        limits = self.budget.limits.given
        found = (name for name in names if name in limits and self.spent_of(name) >= limits[name])
        return next(found, None)

    def spent_of(self, name: str) -> Any:
        """What was spent of one limit."""
        return getattr(self.spent, name)

    @property
    def unpriced(self) -> int:
        """Requests without a price that the budget in money cannot count, where nothing else
        limits them and nobody was asked about them yet."""
        limits = self.budget.limits
        counted = limits.money is None or limits.tokens is not None or self.budget.asked
        return 0 if counted else self.spent.unpriced


def bounds(session: Session, kind: SessionType) -> bool:
    """True when there is a budget that a session has to keep, now or at another step."""
    declared = any(step.budget is not None for step in kind.definition.steps.values())
    return declared or bool(budgets.applying(session))


def listed(session: Session, kind: SessionType | None) -> list[Budget]:
    """Every budget that bounds a session, the nearest first: those of each of its steps too. What
    its type declares for a step holds as far as the step's own row says nothing else."""
    found = budgets.applying(session)
    steps = {} if kind is None else kind.definition.steps
    declared = {name: step.budget for name, step in steps.items() if step.budget is not None}
    if not found and not declared:
        return []
    own = {one.step: one for one in found if one.step is not None}
    for name, limits in declared.items():
        one = own.get(name) or Budget(
            account_id=session.account_id, session_id=session.id, step=name
        )
        own[name] = evolve(one, limits=one.limits.over(limits))
    every = [*own.values(), *(one for one in found if one.step is None)]
    return [one for one in every if one.limits.given]


def balance(
    budget: Budget, now: datetime, but: tuple[str, int] = NO_ROW, took: float = 0.0
) -> Balance:
    """What was spent of a budget so far. `but` is a row that is executed now, for `took` seconds:
    it is none of the steps, and what it took is not in the log yet."""
    limits, session_id, step = budget.limits, budget.session_id, budget.step
    if limits.money is not None:
        prices.settle(budget.account_id)
    if session_id is None:
        since = budget.since(now)
        kept = spending.spent_in(budget.account_id, budget.project_id, since)
        entries = metering.unfinished_in(budget.account_id, budget.project_id, since)
        kept = evolve(kept, seconds=kept.seconds + took)
    else:
        kept = spending.spent(session_id, step=step)
        entries = metering.unfinished(session_id, step)
        counted = 0 if limits.steps is None else metering.commands(session_id, step, but)
        known = 0.0 if limits.seconds is None else metering.seconds(session_id, step, but)
        kept = evolve(kept, steps=counted, seconds=known + took)
    return Balance(budget=budget, spent=_add(kept, entries, limits, now))


def shortage(
    session: Session,
    kind: SessionType,
    command: Command,
    now: datetime,
    *,
    but: tuple[str, int] = NO_ROW,
    took: float | None = None,
) -> str | None:
    """Why a command may not be carried out, in words that say how to go on; None where it may.

    Of money and tokens only an agent's prompt needs any. With `took` the command runs already:
    what else was begun meanwhile does not stop it.
    """
    every = listed(session, kind)
    if not every:
        return None
    names = [name for name in READ if isinstance(command, Prompt) or name in ("seconds", "steps")]
    if took is not None:
        names.remove("steps")
    for budget in every:
        if budget.step not in (None, session.step):
            continue
        found = balance(budget, now, but, took or 0.0)
        if name := found.reached(names):
            return _tell_reached(found, name, session)
        if found.unpriced and isinstance(command, Prompt):
            return _tell_unpriced(found, session)
    return None


def unpriced(session: Session, kind: SessionType, now: datetime) -> list[Budget]:
    """The budgets in money that cannot count what a session spent, and of which nobody knows."""
    return [one for one in listed(session, kind) if balance(one, now).unpriced]


def asks_once(command: Command) -> bool:
    """True of the question about requests without a price."""
    return isinstance(command, Ask) and command.question.endswith(ONCE)


def name_place(budget: Budget, session: Session | None = None) -> str:
    """What a budget is of: `step fix`, `this session`, `session ID`, `the project`."""
    if budget.session_id is None:
        return "the account" if budget.project_id is None else "the project"
    if budget.step is not None:
        return f"step {budget.step}"
    own = session is not None and session.id == budget.session_id
    return "this session" if own else f"session {budget.session_id}"


def _add(kept: Spent, entries: list[Entry], limits: Limits, now: datetime) -> Spent:
    tokens = sum(entry["input_tokens"] + entry["output_tokens"] for entry in entries)
    kept = evolve(kept, tokens=kept.tokens + tokens)
    if limits.money is None:
        return kept
    money, unpriced = kept.money, kept.unpriced
    for entry in entries:
        cost: Decimal | None = pricing.price_entry(entry, now)
        if cost is None:
            unpriced += entry["requests"]
        else:
            money += cost
    return evolve(kept, money=money, unpriced=unpriced)


def _tell_reached(found: Balance, name: str, session: Session) -> str:
    budget, limit = found.budget, found.budget.limits.given[name]
    what = f"the budget of {name_place(budget, session)}{PERIODS.get(budget.period or '', '')}"
    spent = show_amount(name, found.spent_of(name))
    return (
        f"{what} is used up: {spent} of {show_amount(name, limit)}. "
        f"Raise it to go on: `interlock budget {_arguments(budget)} --{name} +{_short(limit)}`"
    )


def _tell_unpriced(found: Balance, session: Session) -> str:
    budget, count = found.budget, found.unpriced
    requests = "1 request has" if count == 1 else f"{count} requests have"
    why = "" if pricing.is_known() else f" ({pricing.INSTALL} brings a price list)"
    return (
        f"{requests} no price{why}, so the budget of {name_place(budget, session)} in money "
        "cannot be kept. Limit the tokens as well: "
        f"`interlock budget {_arguments(budget)} --tokens 2M`. `retry` goes on without counting "
        f"them, {ONCE}"
    )


def _arguments(budget: Budget) -> str:
    if budget.session_id is None:
        return "account" if budget.project_id is None else "project"
    return budget.session_id + ("" if budget.step is None else f" --step {budget.step}")


def _short(limit: Any) -> str:
    return f"{limit:f}" if isinstance(limit, Decimal) else f"{limit:.12g}"
