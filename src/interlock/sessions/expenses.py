"""What sessions used and what it cost. Asking prices what is not priced yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import evolve

from interlock import pricing
from interlock.agents.stream import count_of
from interlock.engine.errors import InvalidInput, Refused
from interlock.engine.values import Scope
from interlock.sessions.work import load
from interlock.store import costs as store
from interlock.store import metering, prices, usage_check
from interlock.store.acting import scoped
from interlock.store.costs import Choice, Cost
from interlock.store.prices import Repriced

COUNTED = ("input_tokens", "output_tokens")


@scoped
def costs(
    scope: Scope,
    by: Sequence[str] = (),
    *,
    session: str | None = None,
    below: bool = True,
    type: str | None = None,
    step: str | None = None,
    agent: str | None = None,
    model: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Cost]:
    """What was used and cost in scope, summed by some of `session`, `type`, `step`, `agent`,
    `model`, `day` (in UTC), `project`, `row` and `time`; in one sum without any.

    `session`: only by this one and, with `below`, by all that it started, and they. What has no
    price is counted apart, and is no 0. Raises SessionNotFound, InvalidInput.
    """
    for name in by:
        if name not in store.KEYS:
            raise InvalidInput(f"costs are summed by {', '.join(store.KEYS)}, not by {name!r}")
    for time in (since, until):
        if time is not None and time.tzinfo is None:
            raise InvalidInput(f"{time.isoformat()} needs its time zone, such as +00:00")
    choice = Choice(type=type, step=step, agent=agent, model=model, since=since, until=until)
    if session is not None:
        found = load(scope, session).id
        choice = evolve(choice, session=found) if below else evolve(choice, sessions=(found,))
    prices.settle(scope.account_id)
    return store.costs(scope, choice, tuple(by))


@scoped
def usage(scope: Scope, session_ids: Iterable[str]) -> dict[str, Cost]:
    """What each of these sessions used and cost so far by itself, as far as it is priced; those
    that used nothing, or are not in scope, are left out."""
    choice = Choice(sessions=tuple(session_ids))
    return {str(cost.key["session"]): cost for cost in store.costs(scope, choice, ("session",))}


@scoped
def unfinished_tokens(scope: Scope, session_id: str) -> int:
    """How many tokens commands without a result told of while they ran, of a session and all below
    it: those that run, and those whose end nobody saw. No sum has them. Raises SessionNotFound."""
    entries = metering.unfinished(load(scope, session_id).id)
    return sum(count_of(entry.get(name)) for entry in entries for name in COUNTED)


@scoped
def reprice(scope: Scope) -> Repriced:
    """Price all in scope anew by the price list of today. Raises Refused without one."""
    if not pricing.is_known():
        raise Refused(pricing.MISSING)
    return prices.reprice(scope.account_id, scope.project_id)


def has_prices() -> bool:
    """True when there is a price list."""
    return pricing.is_known()


@scoped
def check_usage(scope: Scope, session_id: str) -> list[str]:
    """Every row of a session whose usage is not in the sums as the log has it; empty when none.

    Raises SessionNotFound.
    """
    return usage_check.faults(load(scope, session_id))
