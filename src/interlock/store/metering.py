"""What the sums of usage do not have: commands that have no result, and how long commands took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from interlock.agents.stream import count_of, fields_of, text_of
from interlock.agents.usage import COUNTERS, Entry
from interlock.store import blobs, codec
from interlock.store.connection import backend, fetch
from interlock.store.times import write_time
from interlock.store.usage import MAX_COUNT

FAMILY = (
    "WITH RECURSIVE family(id) AS (SELECT id FROM session WHERE id = ? UNION ALL "
    "SELECT s.id FROM session s JOIN family f ON s.parent_id = f.id)"
)
"""A session and all below it. What is joined to it is so by CROSS JOIN: see `spending.BELOW`."""
LOST = "('superseded', 'unknown', 'cancelled')"
EVENTS = (
    "SELECT e.data FROM interaction i CROSS JOIN event e WHERE e.session_id = i.session_id "
    "AND e.seq = i.seq AND e.type = 'usage' AND"
)
TREE = (
    f"{FAMILY} SELECT e.data FROM family f CROSS JOIN event e "
    "JOIN interaction i ON i.session_id = e.session_id AND i.seq = e.seq "
    "WHERE e.session_id = f.id AND e.type = 'usage' AND i.status <> 'done'"
)
EXECUTED = "i.step <> '' AND coalesce({}, '') NOT IN ('ask', 'wait', 'spawn')"
"""A payload that is kept elsewhere does not tell its kind: those that are long are prompts."""
OTHERS = "NOT (i.session_id = ? AND i.seq = ?)"
HEARD = (
    "(SELECT {} FROM event e WHERE e.session_id = i.session_id "
    "AND e.seq = i.seq AND e.type <> 'late_result')"
)
SECONDS = "coalesce(sum(CASE WHEN i.status = 'done' THEN coalesce({} / 1000.0, {}) ELSE {} END), 0)"


def unfinished(session_id: str, step: str | None = None) -> list[Entry]:
    """What each request used of the commands without a result: of a session and all below it, or
    with `step` of the session itself at this step."""
    if step is None:
        return _entries(fetch(TREE, (session_id,)))
    sql = f"{EVENTS} i.session_id = ? AND i.step = ? AND i.status <> 'done'"
    return _entries(fetch(sql, (session_id, step)))


def unfinished_in(account_id: str, project_id: str | None, since: datetime | None) -> list[Entry]:
    """What each request used of the commands without a result, in an account or in one project
    of it, since a time."""
    where, values = "i.account_id = ?", [account_id]
    if project_id is not None:
        where, values = f"{where} AND i.project_id = ?", [*values, project_id]
    if since is not None:
        where, values = f"{where} AND e.inserted_at >= ?", [*values, str(write_time(since))]
    sql = (
        f"{EVENTS} i.status IN {LOST} AND {where} UNION ALL {EVENTS} i.status = 'open' AND {where}"
    )
    return _entries(fetch(sql, (*values, *values)))


def commands(session_id: str, step: str | None, but: tuple[str, int]) -> int:
    """How many commands were issued to be carried out, as `unfinished`; all but one row."""
    return int(_sum("count(*)", session_id, step, but))


def seconds(session_id: str, step: str | None, but: tuple[str, int]) -> float:
    """How long commands took, as `commands`. Of one without a result counts the time between the
    first and the last that was heard of it."""
    say = backend().dialect
    took = SECONDS.format(
        say.number("i.result", "duration_ms"),
        say.seconds("i.inserted_at", "i.completed_at"),
        HEARD.format(say.seconds("min(e.sent_at)", "max(e.sent_at)")),
    )
    return float(_sum(took, session_id, step, but))


def _sum(what: str, session_id: str, step: str | None, but: tuple[str, int]) -> Any:
    if step is None:
        family = f"{FAMILY} SELECT {what} FROM family f CROSS JOIN interaction i"
        sql = f"{family} WHERE i.session_id = f.id AND"
        values: Sequence[Any] = (session_id,)
    else:
        sql = f"SELECT {what} FROM interaction i WHERE i.session_id = ? AND i.step = ? AND"
        values = (session_id, step)
    executed = EXECUTED.format(backend().dialect.member("i.command", "kind"))
    return fetch(f"{sql} {executed} AND {OTHERS}", (*values, *but))[0][0]


def _entries(found: Sequence[Any]) -> list[Entry]:
    """One that counts over a whole conversation is left out: only the run's end tells its part."""
    told = (fields_of(codec.load(blobs.fetch(data))) for (data,) in found)
    return [_clean(data) for data in told if not data.get("cumulative")]


def _clean(data: Mapping[str, Any]) -> Entry:
    """An event may come from anywhere."""
    counters = {name: min(count_of(data.get(name)), MAX_COUNT) for name in COUNTERS}
    requests = max(1, min(count_of(data.get("requests")), MAX_COUNT))
    return {"model": text_of(data.get("model"), 200) or None, "requests": requests, **counters}
