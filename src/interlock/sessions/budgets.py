"""Setting budgets and looking at them. One that is raised lets the sessions go on that asked."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from interlock import pricing
from interlock.engine.errors import InvalidInput, Refused, TypeUnusable
from interlock.engine.limits import READ, Limits
from interlock.engine.session_type import SessionType
from interlock.engine.values import Scope, Session
from interlock.sessions.admission import asks, go_on
from interlock.sessions.balances import Balance, balance, listed
from interlock.sessions.work import Work, kind_of, load
from interlock.store import budgets as store
from interlock.store import connection, records
from interlock.store.acting import scoped
from interlock.store.budgets import PERIODS, Budget

MOST = 1000
"""How many sessions a budget that is raised lets go on at once; any other does so when it is
run."""

NO_PRICES = (
    f"money cannot be counted without a price list; {pricing.INSTALL} brings one, "
    "or limit the tokens"
)


@frozen
class BudgetChange:
    """A budget as it is from now on; None where there is none any more."""

    budget: Budget | None
    going_on: tuple[str, ...]
    """The sessions that asked about a budget and need not any more."""


@scoped
def balances(scope: Scope, session_id: str | None = None) -> list[Balance]:
    """Each budget that bounds a session, nearest first, with what was spent of it; without a
    session those of the scope's project and account. Raises SessionNotFound."""
    now = connection.now()
    if session_id is not None:
        session = load(scope, session_id)
        return [balance(one, now) for one in listed(session, _kind(session))]
    places = [Budget(account_id=scope.account_id)]
    if scope.project_id is not None:
        places.insert(0, Budget(account_id=scope.account_id, project_id=scope.project_id))
    return [balance(one, now) for place in places if (one := store.find(place)) is not None]


@scoped
def set_budget(
    scope: Scope,
    session_id: str | None = None,
    *,
    step: str | None = None,
    limits: Mapping[str, Any] | None = None,
    add: Mapping[str, Any] | None = None,
    period: str | None = None,
    clear: bool = False,
) -> BudgetChange:
    """Set some limits of a budget, or `add` to those it has: of a session with all below it, or
    of a step of it; without a session of the scope's project, or of its account where it has
    none. What is not named stays; `clear` forgets what was there first.

    `period`: `day` or `month`, for a project or an account. Sessions that asked about a budget
    go on, in the same transaction, where none is in their way any more.
    Raises SessionNotFound, InvalidInput, and Refused for money without a price list.
    """
    with Work() as done:
        place = _place(scope, session_id, step)
        there = store.find(place)
        kept = place if there is None or clear else there
        declared = _declared(scope, session_id, step)
        now = evolve(
            kept,
            limits=_change(kept.limits, declared, limits or {}, add or {}),
            period=_period(place, period, kept.period),
        )
        if not (clear or ((limits or add or period) and now.limits.given)):
            raise InvalidInput("a budget needs a limit, such as --money 5 or --tokens 2M")
        store.save(now, done.now)
        return BudgetChange(now if now.limits.given else None, _let_go_on(done, now))


def check_limits(given: Mapping[str, Any]) -> Limits:
    """The limits of a new budget. Raises InvalidInput, and Refused for money without prices."""
    limits = Limits.of(given)
    if limits.money is not None and not pricing.is_known():
        raise Refused(NO_PRICES)
    return limits


def _place(scope: Scope, session_id: str | None, step: str | None) -> Budget:
    if session_id is None:
        if step is not None:
            raise InvalidInput("a step is one of a session; name the session too")
        return Budget(account_id=scope.account_id, project_id=scope.project_id)
    session = load(scope, session_id)
    if step is not None and step not in (steps := kind_of(session).definition.steps):
        raise InvalidInput(f"{session.type} has no step {step!r:.80}; it has {', '.join(steps)}")
    return Budget(account_id=session.account_id, session_id=session.id, step=step)


def _declared(scope: Scope, session_id: str | None, step: str | None) -> Limits:
    if session_id is None or step is None:
        return Limits()
    return kind_of(load(scope, session_id)).definition.steps[step].budget or Limits()


def _change(
    kept: Limits, declared: Limits, given: Mapping[str, Any], add: Mapping[str, Any]
) -> Limits:
    before = kept.over(declared).given
    for name in add:
        if name in READ and name not in before:
            raise InvalidInput(f"there is no limit {name} to add to; give it without the +")
    check_limits(add)
    sums = {name: before[name] + value for name, value in Limits.of(add).given.items()}
    return check_limits({**given, **sums}).over(kept)


def _period(place: Budget, period: str | None, kept: str | None) -> str | None:
    if period is None:
        return kept
    if place.session_id is not None:
        raise InvalidInput("only a project or an account has a budget for each day or month")
    if period not in PERIODS:
        raise InvalidInput(f"a period is {' or '.join(PERIODS)}, not {period!r:.80}")
    return period


def _let_go_on(done: Work, budget: Budget) -> tuple[str, ...]:
    going_on = []
    for id_ in store.held(budget, MOST):
        session = records.one(Scope(budget.account_id), id_)
        if session is not None and not asks(go_on(done, session, renew=True).open):
            going_on.append(id_)
    return tuple(going_on)


def _kind(session: Session) -> SessionType | None:
    with contextlib.suppress(TypeUnusable):
        return kind_of(session)
    return None
