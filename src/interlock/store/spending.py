"""What was spent, summed in SQL: by a session with all below it, in a project, in an account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from attrs import frozen

from interlock.store.connection import fetch
from interlock.store.times import EVER, write_time
from interlock.store.usage import NANO


@frozen
class Spent:
    """What was spent so far."""

    money: Decimal
    """US dollars, of the requests that have a price."""
    unpriced: int
    """Requests without a price: not priced yet, or of a model that nobody knows the price of."""
    tokens: int
    """Input and output."""
    seconds: float
    """How long those commands took that tell what they used: those of agents."""
    steps: int
    """Rows of the log; over a project or an account only the rows that tell what they used."""


BELOW = (
    "WITH RECURSIVE below(id) AS (SELECT id FROM session WHERE parent_id = ? UNION ALL "
    "SELECT s.id FROM session s JOIN below b ON s.parent_id = b.id) "
)
"""The sessions below one. A CROSS JOIN says to SQLite which table is read first: it would read the
whole other one, as if all sessions were below."""

SUMS = (
    "coalesce(sum(cost * 1.0), 0), coalesce(sum(CASE WHEN cost IS NULL THEN requests END), 0), "
    "coalesce(sum(input_tokens + output_tokens), 0), coalesce(sum(duration_ms), 0)"
)
"""Money as a float: its whole numbers are exact up to nine million dollars, and cannot overflow."""

OWN = f"SELECT {SUMS} FROM usage WHERE session_id = ? AND seq > ?"
CHILDREN = (
    f"{BELOW} SELECT {SUMS} FROM below b CROSS JOIN usage u "
    "WHERE u.session_id = b.id AND u.inserted_at > ?"
)
OWN_ROWS = "SELECT seq - ? FROM session WHERE id = ?"
STEP_ROWS = "SELECT count(*) FROM interaction WHERE session_id = ? AND step = ? AND seq > ?"
CHILDREN_ROWS = (
    f"{BELOW} SELECT coalesce(sum((SELECT count(*) FROM interaction i "
    "WHERE i.session_id = s.id AND i.inserted_at > ?)), 0) "
    "FROM below b CROSS JOIN session s WHERE s.id = b.id"
)
ALL_CHILDREN_ROWS = (
    f"{BELOW} SELECT coalesce(sum(s.seq), 0) FROM below b CROSS JOIN session s WHERE s.id = b.id"
)
"""A session's number of rows is that of its newest one, so only a part of a log is counted."""


def spent(session_id: str, *, step: str | None = None, after: int = 0) -> Spent:
    """What a session and all sessions below it spent; with `step` only what the session itself
    did at this step.

    `after`: only by rows past this one, and below it since the time of this one. Nothing is
    priced here: `prices.settle` comes first.
    """
    if step is not None:
        sums = fetch(f"{OWN} AND step = ?", (session_id, after, step))
        return _spent(sums, fetch(STEP_ROWS, (session_id, step, after)))
    since = _time_of(session_id, after) if after else str(write_time(EVER))
    return _spent(
        fetch(OWN, (session_id, after)) + fetch(CHILDREN, (session_id, since)),
        fetch(OWN_ROWS, (after, session_id)) + _rows_below(session_id, since if after else None),
    )


def _rows_below(session_id: str, since: str | None) -> list[Any]:
    if since is None:
        return fetch(ALL_CHILDREN_ROWS, (session_id,))
    return fetch(CHILDREN_ROWS, (session_id, since))


def spent_in(account_id: str, project_id: str | None, since: datetime | None = None) -> Spent:
    """What was spent in an account, or in one project of it, since a time."""
    where, values = "account_id = ?", [account_id]
    if project_id is not None:
        where, values = f"{where} AND project_id = ?", [*values, project_id]
    if since is not None:
        where, values = f"{where} AND inserted_at >= ?", [*values, str(write_time(since))]
    sums = fetch(f"SELECT {SUMS} FROM usage WHERE {where}", values)
    return _spent(sums, fetch(f"SELECT count(*) FROM usage WHERE {where} AND part = 0", values))


def _spent(sums: Sequence[Sequence[Any]], rows: Sequence[Sequence[int]]) -> Spent:
    money, unpriced, tokens, took = (sum(column) for column in zip(*sums, strict=True))
    return Spent(
        money=Decimal(round(money)) / NANO,
        unpriced=unpriced,
        tokens=tokens,
        seconds=took / 1000,
        steps=sum(count for (count,) in rows),
    )


def _time_of(session_id: str, seq: int) -> str:
    sql = "SELECT inserted_at FROM interaction WHERE session_id = ? AND seq = ?"
    return next((str(time) for (time,) in fetch(sql, (session_id, seq))), str(write_time(EVER)))
