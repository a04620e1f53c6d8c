"""What was used and what it cost, summed by whatever one asks: session, step, agent, model, day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from attrs import field, frozen

from interlock.agents.usage import COUNTERS
from interlock.engine.values import Scope
from interlock.store.connection import backend, fetch
from interlock.store.spending import BELOW, SUMS
from interlock.store.times import write_time
from interlock.store.usage import NANO

KEYS = {
    "session": "u.session_id",
    "type": "s.type",
    "step": "u.step",
    "agent": "u.agent",
    "model": "u.model",
    "day": "u.inserted_at",
    "project": "u.project_id",
    "row": "u.seq",
    "time": "u.inserted_at",
}
"""What can be summed by."""

JOINED = "JOIN session s ON s.id = u.session_id"
CHOSEN = ("type", "step", "agent", "model")

ONE_MODEL = (
    "NOT EXISTS (SELECT 1 FROM usage o "
    "WHERE o.session_id = u.session_id AND o.seq = u.seq AND o.model IS DISTINCT FROM u.model)"
)


@frozen
class Cost:
    """What was used and what it cost, for one key of a sum."""

    key: Mapping[str, str | int | None] = field(factory=dict)
    """What it is the sum of: by each word that was asked for, as in `{"step": "fix"}`."""
    money: Decimal = Decimal(0)
    """US dollars, of the requests that have a price."""
    unpriced: int = 0
    """Requests that have none."""
    unpriced_models: tuple[str | None, ...] = ()
    """Their models; None for requests of which nobody told it."""
    vendor: Decimal | None = None
    """The sum of what vendors said, in US dollars; None where none said anything. By model, only
    what one said of a command that used no other model."""
    requests: int = 0
    tokens: Mapping[str, int] = field(factory=dict)
    """By kind; the input includes what caches had, the output includes reasoning."""
    seconds: float | None = None
    """How long the commands took; None by model."""
    commands: int = 0
    models: tuple[str | None, ...] = ()

    @property
    def total_tokens(self) -> int:
        """Input and output."""
        return self.tokens.get("input_tokens", 0) + self.tokens.get("output_tokens", 0)


@frozen(kw_only=True)
class Choice:
    """Which usage is meant; a field that is None leaves none out."""

    session: str | None = None
    """This session and all below it."""
    sessions: tuple[str, ...] | None = None
    """These sessions alone."""
    type: str | None = None
    step: str | None = None
    agent: str | None = None
    model: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def costs(scope: Scope, choice: Choice, by: tuple[str, ...]) -> list[Cost]:
    """What is chosen in scope, summed by some of KEYS; in the order of time where a session was
    chosen or the key is one, else dearest first."""
    apart = "model" in by or choice.model is not None
    typed = "type" in by or choice.type is not None
    where, values = _where(scope, choice)
    keys = [backend().dialect.day(KEYS[name]) if name == "day" else KEYS[name] for name in by]
    sql = (
        f"{BELOW if choice.session else ''} SELECT {', '.join([*keys, *_sums(apart=apart)])} "
        f"FROM usage u {JOINED if typed else ''} WHERE {where} "
        f"{'GROUP BY ' + ', '.join(keys) if keys else ''} "
        f"ORDER BY {_order(choice, by)}"
    )
    return [_read(row, by) for row in fetch(sql, values)]


def _sums(*, apart: bool) -> Iterator[str]:
    yield SUMS
    yield "count(DISTINCT u.session_id || '.' || u.seq)"
    yield "coalesce(sum(requests), 0)"
    paid = f"CASE WHEN {ONE_MODEL} THEN vendor_cost END" if apart else "vendor_cost"
    yield f"CASE WHEN count({paid}) > 0 THEN sum({paid} * 1.0) END"
    yield "1" if apart else "0"
    texts = backend().dialect.texts
    yield texts("u.model", "true")
    yield texts("u.model", "cost IS NULL")
    yield from (f"coalesce(sum({name}), 0)" for name in COUNTERS)


def _order(choice: Choice, by: tuple[str, ...]) -> str:
    keys = [f"{number} NULLS FIRST" for number in range(1, len(by) + 1)]  # no order is left open
    if choice.session is not None or "row" in by:
        first = ["min(u.inserted_at)", "min(u.session_id)", "min(u.seq)", "min(u.part)"]
    elif by[:1] == ("day",):
        first = []
    else:
        first = ["sum(cost * 1.0) DESC NULLS LAST", "sum(input_tokens) DESC"]
    return ", ".join([*first, *keys])


def _where(scope: Scope, choice: Choice) -> tuple[str, list[Any]]:
    conditions: list[tuple[str, Any]] = [
        ("u.account_id = ?", scope.account_id),
        ("u.project_id = ?", scope.project_id),
        *((f"{KEYS[name]} = ?", getattr(choice, name)) for name in CHOSEN),
        ("u.inserted_at >= ?", write_time(choice.since)),
        ("u.inserted_at < ?", write_time(choice.until)),
    ]
    conditions = [(sql, value) for sql, value in conditions if value is not None]
    where = " AND ".join(sql for sql, _ in conditions)
    values = [value for _, value in conditions]
    if choice.session is not None:
        where = f"(u.session_id = ? OR u.session_id IN (SELECT id FROM below)) AND {where}"
        values = [choice.session, choice.session, *values]
    if choice.sessions is not None:
        where = f"{where} AND u.session_id IN ({', '.join('?' * len(choice.sessions))})"
        values += choice.sessions
    return where, values


def _read(row: Sequence[Any], by: Sequence[str]) -> Cost:
    keys, sums = row[: len(by)], row[len(by) :]
    money, unpriced, _, took, commands, requests, vendor, apart, models, unknown, *counters = sums
    return Cost(
        key=dict(zip(by, keys, strict=True)),
        money=Decimal(round(money)) / NANO,
        unpriced=unpriced,
        unpriced_models=_names(unknown),
        vendor=None if vendor is None else Decimal(round(vendor)) / NANO,
        requests=requests,
        tokens=dict(zip(COUNTERS, counters, strict=True)),
        seconds=None if apart else took / 1000,
        commands=commands,
        models=_names(models),
    )


def _names(told: str) -> tuple[str | None, ...]:
    return tuple(sorted(orjson.loads(told), key=str))
