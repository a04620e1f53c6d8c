"""What results used, as rows to be summed: an index over the log, written with its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from interlock.agents.stream import count_of, money_of, text_of
from interlock.agents.usage import COUNTERS, entries_of
from interlock.engine.commands import Command, Prompt
from interlock.engine.values import Interaction, Result, Session
from interlock.store.connection import execute

NANO = 10**9
"""Parts of a dollar that money is counted in."""

MAX_COUNT = 10**12
"""Tokens, requests or milliseconds of one entry: a sum of many still fits into 64 bits."""

MAX_MODEL = 200  # characters of a model's name

TOLD = (
    "session_id",
    "seq",
    "part",
    "step",
    "model",
    "requests",
    *COUNTERS,
    "vendor_cost",
    "duration_ms",
    "inserted_at",
)
"""The columns that the log's row alone leads to."""

COLUMNS = (*TOLD, "agent", "account_id", "project_id")
INSERT = f"INSERT INTO usage ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"


def write(session: Session, row: Interaction, result: Result, time: str | None) -> None:
    """Write what a row's result used; `time` is that at which the row was closed."""
    owner = (session.account_id, session.project_id)
    asked = text_of(result.data.get("agent"))[:MAX_MODEL] or agent_kind(session, row.command)
    names = (text_of(entry.get("agent"))[:MAX_MODEL] for entry in entries_of(result.usage or {}))
    told = entries(session.id, row.seq, row.step, result, time)
    for values, name in zip(told, names, strict=True):
        execute(INSERT, (*values, name or asked, *owner))


def entries(
    session_id: str, seq: int, step: str, result: Result, time: str | None
) -> Iterator[tuple[Any, ...]]:
    """The values of TOLD for each entry of a result's usage. What is there once for all of them,
    the vendor's figure and the duration, is on the first."""
    usage = result.usage or {}
    paid = nanos(money_of(usage.get("vendor_cost_usd")))
    took = min(count_of(result.duration_ms), MAX_COUNT)
    for part, entry in enumerate(entries_of(usage)):
        counters = [_count(entry, name) for name in COUNTERS]
        model = text_of(entry.get("model"))[:MAX_MODEL] or None
        told = (session_id, seq, part, step, model, max(1, _count(entry, "requests")), *counters)
        yield (*told, None if part else paid, 0 if part else took, time)


def agent_kind(session: Session, command: Command) -> str | None:
    """The name of the agent that a command asks, without its options; None where it asks none."""
    if not isinstance(command, Prompt):
        return None
    return next(iter((command.agent or session.agent or "").split()), None)


def nanos(dollars: float | Decimal | None) -> int | None:
    """US dollars in billionths; None of None. Beyond a thousand million dollars it is that."""
    return None if dollars is None else round(min(dollars, NANO) * NANO)


def _count(entry: Mapping[str, Any], name: str) -> int:
    return min(count_of(entry.get(name)), MAX_COUNT)
