"""Sessions in queues: which are ready, which are held by whom, and handing one over.

What is found here is a hint: a claim decides. A lane is what sessions are told apart by before one
is chosen: queue, type, account, project and priority. There are few lanes, and the index that is
read has the sessions of each in the order of their times, so those that are not ready are not read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen

from interlock.engine.errors import StaleSession
from interlock.engine.values import Scope, Session, changed
from interlock.store import messages
from interlock.store.across import Across
from interlock.store.connection import backend, execute, fetch
from interlock.store.indexes import BETWEEN, LANE, QUEUED
from interlock.store.times import read_time, write_time

LANES = Across(
    "interlock_lanes",
    f"WITH RECURSIVE lane(key) AS (SELECT min({LANE}) FROM session WHERE {QUEUED} "
    f"UNION ALL SELECT (SELECT min({LANE}) FROM session WHERE {QUEUED} AND ({LANE}) > lane.key) "
    "FROM lane WHERE lane.key IS NOT NULL) "
    f"SELECT key, (SELECT min(ready_at) FROM session WHERE {QUEUED} AND ({LANE}) = lane.key) "
    "FROM lane WHERE key IS NOT NULL",
    takes=(),
    gives={"key": "text", "first": "timestamptz"},
    by_workers=True,
)
"""Two look-ups for each lane, however many sessions it has."""
IN_LANE = f"{QUEUED} AND ({LANE}) = ?"
COLUMNS = {
    **dict.fromkeys(("id", "account_id", "project_id", "user_id", "type", "queue"), "text"),
    "priority": "bigint",
    "ready_at": "timestamptz",
    "environment": "text",
}
NAMES = ", ".join(COLUMNS)
READY = Across(
    "interlock_ready",
    f"SELECT {NAMES} FROM session WHERE {IN_LANE} AND ready_at <= ? AND lease_owner IS NULL "
    "ORDER BY ready_at LIMIT ?",
    takes=("text", "timestamptz", "bigint"),
    gives=COLUMNS,
    by_workers=True,
)
NAMED = Across(
    "interlock_named",
    f"SELECT {NAMES} FROM session WHERE id = ? AND {QUEUED} AND ready_at <= ? "
    "AND lease_owner IS NULL",
    takes=("text", "timestamptz"),
    gives=COLUMNS,
    by_workers=True,
)
NEXT_TIME = Across(
    "interlock_next_time",
    f"SELECT min(ready_at) FROM session WHERE {IN_LANE} AND ready_at > ?",
    takes=("text", "timestamptz"),
    gives={"ready_at": "timestamptz"},
    by_workers=True,
)
LEASED = Across(
    "interlock_leased",
    f"SELECT {NAMES}, lease_owner, lease_until, step, (SELECT inserted_at FROM interaction "
    "WHERE session_id = session.id AND interaction.status = 'open') FROM session "
    "WHERE lease_owner IS NOT NULL AND status = 'active'",
    takes=(),
    gives={
        **COLUMNS,
        "lease_owner": "text",
        "lease_until": "timestamptz",
        "step": "text",
        "since": "timestamptz",
    },
    by_workers=True,
)
ACROSS = (LANES, READY, NAMED, NEXT_TIME, LEASED)
COUNTING = "SELECT pg_advisory_xact_lock(hashtextextended('interlock limits', 0))"


@frozen
class Lane:
    """Sessions that are chosen from alike, known by `key`."""

    key: str
    first: str
    """When the first of its sessions is ready, or has been so, as text that sorts as times do."""
    queue: str
    type: str
    account_id: str
    project_id: str | None
    priority: int


@frozen
class Candidate:
    """A session that can be taken, or is held; `queue` None: by no worker."""

    id: str
    account_id: str
    project_id: str | None
    user_id: str | None
    type: str
    queue: str | None
    priority: int
    ready_at: str | None
    """Since when, as text that sorts as times do; None where nothing can be done in it."""
    environment: str | None = None


@frozen
class Held:
    """A session that has a lease, whoever wrote it and whether he is alive or not."""

    session: Candidate
    owner: str
    until: datetime
    step: str
    since: datetime | None
    """Since when its open command is so; None where none is open."""


def lanes() -> list[Lane]:
    """Every lane that has an active session which is, or by itself will be, ready."""
    return [_read_lane(key, first) for key, first in LANES.find()]


def _read_lane(key: str, first: str) -> Lane:
    queue, kind, account_id, project_id, priority = key.split(BETWEEN)
    return Lane(key, first, queue, kind, account_id, project_id or None, int(priority))


def ready(lane: Lane, now: datetime, *, but: Collection[str], limit: int) -> list[Candidate]:
    """Sessions of a lane that nobody holds and that are ready, longest first, without some."""
    found = READY.find(lane.key, write_time(now), limit + len(but))
    return [Candidate(*row) for row in found if row[0] not in but][:limit]


def named(session_id: str, now: datetime) -> list[Candidate]:
    """The session with this id, if nobody holds it and it is ready; else nothing."""
    return [Candidate(*row) for row in NAMED.find(session_id, write_time(now))]


def next_time(lane: Lane, now: datetime) -> datetime | None:
    """When the next session of a lane will be ready that is not so yet."""
    return read_time(NEXT_TIME.find(lane.key, write_time(now))[0][0])


def leased() -> list[Held]:
    """Every active session that has a lease, in all accounts."""
    return _read_held(LEASED.find())


def leased_in(scope: Scope) -> list[Held]:
    """Every active session in scope that has a lease."""
    where, values = "account_id = ?", [scope.account_id]
    if scope.project_id is not None:
        where, values = f"{where} AND project_id = ?", [*values, scope.project_id]
    return _read_held(fetch(f"{LEASED.sql} AND {where} ORDER BY id", values))


def _read_held(found: Iterable[Sequence[Any]]) -> list[Held]:
    return [
        Held(Candidate(*row[:9]), row[9], until, row[11], read_time(row[12]))
        for row in found
        if (until := read_time(row[10])) is not None
    ]


def count_alone() -> None:
    """Let nobody else who counts what is held go on before this transaction ends."""
    if not backend().is_file:
        execute(COUNTING)


def is_queued(session_id: str) -> bool:
    """False once a session was taken out of its queue."""
    return bool(fetch("SELECT 1 FROM session WHERE id = ? AND queue IS NOT NULL", (session_id,)))


def assign(session: Session) -> None:
    """Keep a session's mode, queue and priority. Whoever moves it meanwhile is not disturbed."""
    execute(
        "UPDATE session SET execution_mode = ?, queue = ?, priority = ? WHERE id = ?",
        (session.execution_mode, session.queue, session.priority, session.id),
    )
    messages.withdraw(session.id)


def rest(session: Session, until: datetime | None) -> Session:
    """The session as saved, not to be looked at before a time. Raises StaleSession."""
    changes = execute(
        "UPDATE session SET ready_at = ?, version = version + 1 WHERE id = ? AND version = ?",
        (write_time(until), session.id, session.version),
    )
    if changes != 1:
        raise StaleSession
    rested = changed(session, version=session.version + 1, ready_at=until)
    messages.renew(rested)
    return rested
