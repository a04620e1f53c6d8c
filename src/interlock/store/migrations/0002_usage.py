"""The table of what results used, filled from the log as it is."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from peewee import (
    SQL,
    CompositeKey,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
)
from peewee import TextField as Text

COUNTERS = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "reasoning_tokens",
)
BLOB = '{ "blob":'
MAX_COUNT = 10**12
NANO = 10**9


class Session(Model):
    id = Text(primary_key=True)

    class Meta:
        legacy_table_names = False


class Usage(Model):
    session = ForeignKeyField(Session, on_delete="CASCADE", index=False)
    seq = IntegerField()
    part = IntegerField()
    account_id = Text()
    project_id = Text(null=True)
    step = Text()
    agent = Text(null=True)
    model = Text(null=True)
    requests = IntegerField()
    input_tokens = IntegerField()
    output_tokens = IntegerField()
    cache_read_tokens = IntegerField()
    cache_write_tokens = IntegerField()
    cache_write_1h_tokens = IntegerField()
    reasoning_tokens = IntegerField()
    vendor_cost = IntegerField(null=True)
    duration_ms = IntegerField()
    cost = IntegerField(null=True)
    priced_at = DateTimeField(null=True)
    inserted_at = DateTimeField()

    class Meta:
        legacy_table_names = False
        primary_key = CompositeKey("session", "seq", "part")
        without_rowid = True


SUMMED = (
    Usage.inserted_at,
    Usage.cost,
    Usage.requests,
    Usage.input_tokens,
    Usage.output_tokens,
    Usage.duration_ms,
)
Usage.add_index(Usage.index(Usage.account_id, *SUMMED, name="usage_account"))
Usage.add_index(Usage.index(Usage.account_id, Usage.project_id, *SUMMED, name="usage_project"))
Usage.add_index(
    Usage.index(Usage.account_id, where=SQL("priced_at IS NULL"), name="usage_not_priced")
)

FILLED = (
    *("session_id", "seq", "part", "account_id", "project_id", "step", "agent", "model"),
    *("requests", *COUNTERS, "vendor_cost", "duration_ms", "inserted_at"),
)


def up(migrator: Any, db: Database) -> None:
    """Create the table, then read every result that is there."""
    with db.bind_ctx((Usage,), bind_refs=False, bind_backrefs=False):
        db.create_tables((Usage,), safe=False)
    if not isinstance(db, SqliteDatabase):
        return  # other kinds of database came later than this: nothing is there
    found = db.execute_sql(
        "SELECT i.session_id, i.seq, i.account_id, i.project_id, i.step, s.agent, i.command, "
        "i.result, i.completed_at FROM interaction i JOIN session s ON s.id = i.session_id "
        "WHERE i.completed_at IS NOT NULL AND (instr(i.result, '\"usage\":') "
        "OR substr(i.result, 1, ?) = ?)",
        (len(BLOB), BLOB),
    )
    insert = f"INSERT INTO usage ({', '.join(FILLED)}) VALUES ({', '.join('?' * len(FILLED))})"
    for *owner, step, agent, command, result, time in found:
        for part in _parts(_load(db, result)):
            asked = _agent(_load(db, command), agent)
            db.execute_sql(insert, (*owner[:2], part[0], *owner[2:], step, asked, *part[1:], time))


def _load(db: Database, kept: str) -> Any:
    if kept.startswith(BLOB):
        digest = json.loads(kept)["blob"]
        row = db.execute_sql("SELECT content FROM blob WHERE digest = ?", (digest,)).fetchone()
        return {} if row is None else json.loads(bytes(row[0]))
    return json.loads(kept)


def _agent(command: Any, agent: str | None) -> str | None:
    if command.get("kind") != "prompt":
        return None
    return next(iter((command.get("agent") or agent or "").split()), None)


def _parts(result: Any) -> Iterator[tuple[Any, ...]]:
    usage = result.get("usage")
    if not usage:
        return
    told = usage.get("entries")
    listed = told if isinstance(told, list) else []
    entries = [entry for entry in listed if isinstance(entry, dict)]
    took = _count(result.get("duration_ms"))
    for part, entry in enumerate(entries or [{**usage, "requests": None}]):
        model = entry.get("model")
        named = model[:200] if isinstance(model, str) else ""
        counters = [_count(entry.get(name)) for name in COUNTERS]
        requests = max(1, _count(entry.get("requests")))
        paid = None if part else _money(usage.get("vendor_cost_usd"))
        yield (part, named or None, requests, *counters, paid, 0 if part else took)


def _count(value: Any) -> int:
    return min(max(int(value), 0), MAX_COUNT) if _is_number(value) else 0


def _money(value: Any) -> int | None:
    return round(min(value, NANO) * NANO) if _is_number(value) and value >= 0 else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
