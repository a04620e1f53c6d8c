"""Money and tokens as a person and a program read them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from attrs import evolve

from interlock import sessions
from interlock.engine import Scope, Session
from interlock.sessions import Cost

NAMES = {
    "session": "session_id",
    "project": "project_id",
    "row": "seq",
    "time": "completed_at",
}
"""What keys of a sum are called in documents."""


def show_money(dollars: Decimal) -> str:
    """US dollars: `$12.34`, `$0.0123`, `$0.000123`."""
    if dollars == 0:
        return "$0"
    digits = 2 if dollars >= 10 else 4 if dollars >= Decimal("0.01") else 6
    return f"${dollars:,.{digits}f}"


def show_cost(cost: Cost) -> str:
    """What it costs by the price list, with how many requests that leaves out."""
    if cost.unpriced == 0:
        return show_money(cost.money)
    if cost.unpriced == cost.requests:
        return "unpriced"
    return f"{show_money(cost.money)} + {cost.unpriced} unpriced"


def show_vendor(cost: Cost) -> str:
    """What vendors say that it costs; empty where none says it."""
    return "" if cost.vendor is None else show_money(cost.vendor)


def show_used(cost: Cost) -> str:
    """Tokens and money in a line: `1,234 tokens, $0.0123 (the vendor says $0.0125)`."""
    told = f"{cost.total_tokens:,} tokens, {show_cost(cost)}"
    return f"{told} (the vendor says {show_vendor(cost)})" if cost.vendor is not None else told


def cost_document(cost: Cost) -> dict[str, Any]:
    """A sum for programs. `cost_usd` is null where no request has a price, and is of those that
    have one where `unpriced_requests` is not 0."""
    unpriced = cost.unpriced > 0 and cost.unpriced == cost.requests
    return {
        **{NAMES.get(name, name): value for name, value in cost.key.items()},
        "requests": cost.requests,
        **cost.tokens,
        "cost_usd": None if unpriced else float(cost.money),
        "unpriced_requests": cost.unpriced,
        "unpriced_models": list(cost.unpriced_models),
        "vendor_cost_usd": None if cost.vendor is None else float(cost.vendor),
        "models": list(cost.models),
        "commands": cost.commands,
        "seconds": cost.seconds,
    }


def usage_document(session: Session) -> dict[str, Any] | None:
    """What a session used by itself, as far as it is priced; None where no agent told of any."""
    if not session.id:
        return None
    found = sessions.usage(Scope(session.account_id), (session.id,)).get(session.id)
    return None if found is None else cost_document(evolve(found, key={}))
