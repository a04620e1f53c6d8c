"""Sessions taken out of the store for good, with all that goes with them; a tombstone stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import orjson
from attrs import frozen

from interlock.engine.values import Scope, Session
from interlock.store import blobs
from interlock.store.connection import execute, fetch, fetch_one
from interlock.store.times import read_time, write_time

PAYLOADS = (
    ("session", "id", "input"),
    ("session", "id", "state"),
    ("interaction", "session_id", "command"),
    ("interaction", "session_id", "result"),
    ("event", "session_id", "data"),
)
"""Table, the column that names its session, the column that may refer to a blob."""

GONE_WITH = ("usage", "budget", "event", "context", "interaction")
"""Tables whose rows belong to a session, in an order in which they can go."""


@frozen
class Deletion:
    """What goes when a session is deleted."""

    sessions: int
    """With its child sessions, and theirs."""
    interactions: int
    events: int


def weigh(family: Sequence[Session]) -> Deletion:
    """What the deletion of these sessions takes away."""
    ids = [session.id for session in family]
    marks = ", ".join("?" * len(ids))
    rows, events = (
        int(fetch_one(f"SELECT count(*) FROM {table} WHERE session_id IN ({marks})", ids)[0])
        for table in ("interaction", "event")
    )
    return Deletion(len(ids), rows, events)


def delete(family: Sequence[Session], user_id: str | None, now: datetime) -> None:
    """Take these sessions away, children before their parents, with payloads that nothing else
    of the account has, and leave a tombstone for each. No row can be added to one afterwards: it
    has no session to belong to."""
    account_id = family[-1].account_id
    apart = {one for session in family for one in _references(account_id, session.id)}
    for session in family:
        owner = (session.account_id, session.project_id, user_id)
        execute(
            "INSERT INTO tombstone (session_id, account_id, project_id, user_id, type, seq, head, "
            "deleted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (session.id, *owner, session.type, session.seq, session.head, write_time(now)),
        )
        for table in GONE_WITH:
            execute(f"DELETE FROM {table} WHERE session_id = ?", (session.id,))
        execute(
            "UPDATE project SET current_session_id = NULL WHERE current_session_id = ?",
            (session.id,),
        )
        execute("DELETE FROM session WHERE id = ?", (session.id,))
    for digest in apart - (_references(account_id) if apart else set()):
        execute("DELETE FROM blob WHERE digest = ? AND account_id = ?", (digest, account_id))


def deleted_at(scope: Scope, session_id: str) -> datetime | None:
    """When a session of the scope was deleted; None where it has no tombstone there."""
    row = fetch_one(
        "SELECT deleted_at, project_id FROM tombstone WHERE session_id = ? AND account_id = ?",
        (session_id, scope.account_id),
    )
    if row is None or scope.project_id not in (None, row[1]):
        return None
    return read_time(row[0])


def _references(account_id: str, session_id: str | None = None) -> set[str]:
    """The digests of the blobs that a session's rows refer to, or those of the whole account."""
    found: set[str] = set()
    for table, owner, column in PAYLOADS:
        where = f"account_id = ? AND substr({column}, 1, {len(blobs.MARK)}) = ?"
        values = [account_id, blobs.MARK]
        if session_id is not None:
            where, values = f"{where} AND {owner} = ?", [*values, session_id]
        told = fetch(f"SELECT {column} FROM {table} WHERE {where}", values)
        found |= {str(orjson.loads(kept)["blob"]) for (kept,) in told}
    return found
