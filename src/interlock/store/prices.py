"""The price of each row of usage: found when somebody asks for money, at its own time's prices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from attrs import frozen

from interlock import pricing
from interlock.agents.usage import COUNTERS
from interlock.store.connection import execute, fetch, tx
from interlock.store.times import read_time, write_time
from interlock.store.usage import NANO, nanos

CHUNK = 500
"""Rows that are priced in one transaction."""

PRICED = ("session_id", "seq", "part", "inserted_at", "model", "requests", "vendor_cost", "cost")
SELECT = f"SELECT {', '.join((*PRICED, *COUNTERS))} FROM usage"
KEY = "session_id = ? AND seq = ? AND part = ?"


@frozen
class Repriced:
    """What pricing anew came to."""

    rows: int = 0
    """How many there are."""
    changed: int = 0
    """How many of them have another price than before, or one for the first time, or none now."""
    before: Decimal = Decimal(0)
    """US dollars of all of them."""
    after: Decimal = Decimal(0)
    unpriced: int = 0
    """How many have no price."""


Priced = list[tuple[Any, int | None]]
"""Rows of SELECT, each with its new cost."""


def settle(account_id: str) -> None:
    """Price what is not priced yet in an account. A model that is not known is marked as one
    without a price. Without a price list nothing is priced or marked."""
    sql = f"{SELECT} WHERE account_id = ? AND priced_at IS NULL LIMIT {CHUNK}"
    while (found := fetch(sql, (account_id,))) and pricing.is_known():
        _write([(row, _price(row)) for row in found], " AND priced_at IS NULL")


def reprice(account_id: str, project_id: str | None) -> Repriced:
    """Price all anew in an account, or in one project of it, by the price list of today.

    What vendors said stays. Nothing is changed where there is no price list.
    """
    done = Repriced()
    if pricing.is_known():
        for found in _chunks(account_id, project_id):
            priced = [(row, _price(row)) for row in found]
            _write(priced)
            done = _add(done, priced)
    return done


def _chunks(account_id: str, project_id: str | None) -> Iterator[list[Any]]:
    # No bare column: the primary key is what the chunks are to be found by, one after the other.
    where, values = "account_id || '' = ?", [account_id]
    if project_id is not None:
        where, values = f"{where} AND project_id || '' = ?", [*values, project_id]
    sql = f"{SELECT} WHERE (session_id, seq, part) > (?, ?, ?) AND {where} ORDER BY 1, 2, 3 LIMIT ?"
    last: list[Any] = ["", 0, 0]
    while found := fetch(sql, (*last, *values, CHUNK)):
        yield found
        last = list(found[-1][:3])


def _add(done: Repriced, priced: Priced) -> Repriced:
    return Repriced(
        rows=done.rows + len(priced),
        changed=done.changed + sum(cost != _cost(row) for row, cost in priced),
        before=done.before + Decimal(sum(_cost(row) or 0 for row, _ in priced)) / NANO,
        after=done.after + Decimal(sum(cost or 0 for _, cost in priced)) / NANO,
        unpriced=done.unpriced + sum(cost is None for _, cost in priced),
    )


def _price(row: Any) -> int | None:
    told = dict(zip((*PRICED, *COUNTERS), row, strict=True))
    if told["vendor_cost"] and not any(told[name] for name in COUNTERS):
        return None  # it cost something, and nobody says for what
    return nanos(pricing.price_entry(told, read_time(told["inserted_at"])))


def _cost(row: Any) -> int | None:
    cost: int | None = row[PRICED.index("cost")]
    return cost


def _write(priced: Priced, only: str = "") -> None:
    sql = f"UPDATE usage SET cost = ?, priced_at = ? WHERE {KEY}{only}"
    time = write_time(datetime.now(UTC))
    with tx():
        for row, cost in priced:
            execute(sql, (cost, time, *row[:3]))
