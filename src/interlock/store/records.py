"""Sessions as rows, through constant SQL: with `rows`, the hot path.

The query builder alone would cost more than everything else in a step together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from uuid_utils import uuid7

from interlock.engine.commands import Awaited
from interlock.engine.errors import StaleSession
from interlock.engine.values import Scope, Session, changed
from interlock.store import blobs, chain, codec, messages
from interlock.store.codec import Submitted
from interlock.store.connection import execute, fetch
from interlock.store.rows import (
    SELECT_ROW,
    StoredHistory,
    Writing,
    due_at,
    marks,
    one_row,
    prepare,
)
from interlock.store.times import read_time, write_time

IDENTITY = (
    "id",
    "account_id",
    "project_id",
    "component_id",
    "user_id",
    "parent_id",
    "spawn_key",
    "type",
    "type_digest",
    "agent",
    "environment",
    "workdir",
    "execution_mode",
    "queue",
    "priority",
    "input",
    "inserted_at",
    "lease_owner",
    "lease_until",
)
MOVING = (
    "external_conversation_id",
    "title",
    "state",
    "status",
    "reason",
    "step",
    "attempt",
    "seq",
    "since",
    "budget",
    "version",
    "head",
    "updated_at",
    "last_activity_at",
    "ended_at",
    "archived_at",
    "ready_at",
)
SESSION = (*IDENTITY, *MOVING)
PAYLOADS = ("input", "state")
TIMES = tuple(name for name in SESSION if name.endswith(("_at", "_until")))
INSERT_SESSION = f"INSERT INTO session ({', '.join(SESSION)}) VALUES ({marks(SESSION)})"
UPDATE_SESSION = (
    f"UPDATE session SET {', '.join(f'{name} = ?' for name in MOVING)} WHERE id = ? AND version = ?"
)
MOVE_SESSION = (
    "UPDATE session SET step = ?, state = ?, attempt = ?, seq = ?, version = ?, head = ?, "
    "updated_at = ?, last_activity_at = ? WHERE id = ? AND version = ?"
)
"""All that rows of steps change in a session that stays active: no indexed column is among it."""
SELECT_SESSION = f"SELECT {', '.join(SESSION)} FROM session"


def new_id() -> str:
    """A new UUIDv7: ids made later sort later."""
    return str(uuid7())


def insert(session: Session, now: datetime) -> Session:
    """The session as it was written for the first time, with its rows if it has any."""
    session = changed(
        session,
        version=1,
        inserted_at=now,
        updated_at=now,
        last_activity_at=now,
        ready_at=now,
        log=StoredHistory(session.id, session.account_id, {}),
        head=chain.begin(
            session.id, session.account_id, session.type, _payload(session, session.input)
        ),
    )
    execute(INSERT_SESSION, _columns(session, SESSION))
    if session.queue is not None:
        messages.tell(session.id)
    return session


def save(session: Session, now: datetime, submitted: Submitted | None = None) -> Session:
    """The session as saved, with its unsaved rows, if nobody else moved it since it was loaded.

    `submitted` is what the first unsaved row's result was read from. Raises StaleSession.
    """
    time, head, active, ready_at = write_time(now), session.head, session.active, session.ready_at
    moved: dict[str, Any] = {"version": session.version + 1, "updated_at": now, "unsaved": ()}
    moved["ready_at"] = _ready_at(session, now)
    stays = active and moved["ready_at"] == ready_at and session.unsaved != ()
    writings: list[Writing] = []
    for row in session.unsaved:
        writing = prepare(session, row, head, now, time, submitted)
        writings.append(writing)
        head = writing.head
        stays = stays and row.step != ""
        if row is session.open:
            moved["open"] = writing.row
    moved["head"] = head
    if writings:
        moved["last_activity_at"] = now
    if not active:
        moved["ended_at"] = session.ended_at or now
    elif session.ended_at is not None:
        moved["ended_at"] = None
    saved = changed(session, **moved)
    if stays:
        _move(saved, time)
    else:
        _update(saved)
    for writing in writings:
        writing.perform(session, time)
    return saved


def _move(saved: Session, time: str | None) -> None:
    state, version = _payload(saved, saved.state), saved.version
    facts = (saved.step, state, saved.attempt, saved.seq, version, saved.head, time, time)
    if execute(MOVE_SESSION, (*facts, saved.id, version - 1)) != 1:
        raise StaleSession


def _ready_at(session: Session, now: datetime) -> datetime | None:
    """Since when, or from when on, somebody who executes commands can move the session."""
    row = session.open
    if not session.active:
        return None
    if row is not None and isinstance(row.command, Awaited):
        return row.due_at if row.inserted_at is not None else due_at(row.command, now)
    since = session.ready_at
    return since if since is not None and since <= now else now


def _update(saved: Session) -> None:
    values = _columns(saved, MOVING)
    if execute(UPDATE_SESSION, (*values, saved.id, saved.version - 1)) != 1:
        raise StaleSession
    messages.renew(saved)


def claim(session: Session, owner: str, until: datetime) -> Session:
    """The session with its lease given to an owner. Raises StaleSession."""
    changes = execute(
        "UPDATE session SET lease_owner = ?, lease_until = ?, version = version + 1 "
        "WHERE id = ? AND version = ?",
        (owner, write_time(until), session.id, session.version),
    )
    if changes != 1:
        raise StaleSession
    return changed(session, lease_owner=owner, lease_until=until, version=session.version + 1)


def reassign(session: Session, agent: str, now: datetime) -> Session:
    """The session as saved with another agent. Raises StaleSession."""
    changes = execute(
        "UPDATE session SET agent = ?, updated_at = ?, version = version + 1 "
        "WHERE id = ? AND version = ?",
        (agent, write_time(now), session.id, session.version),
    )
    if changes != 1:
        raise StaleSession
    return changed(session, agent=agent, updated_at=now, version=session.version + 1)


def renew(session_id: str, owner: str, until: datetime) -> None:
    """Keep a lease up; nothing happens where it is another's by now."""
    execute(
        "UPDATE session SET lease_until = ? WHERE id = ? AND lease_owner = ?",
        (write_time(until), session_id, owner),
    )


def release(session_id: str, owner: str) -> None:
    """Give a lease back; nothing happens where it is another's by now."""
    execute(
        "UPDATE session SET lease_owner = NULL, lease_until = NULL "
        "WHERE id = ? AND lease_owner = ?",
        (session_id, owner),
    )


def one(scope: Scope, session_id: str) -> Session | None:
    """The session with this id, with its open interaction; None where the scope has none."""
    where, values = "WHERE id = ? AND account_id = ?", [session_id, scope.account_id]
    if scope.project_id is not None:
        where, values = f"{where} AND project_id = ?", [*values, scope.project_id]
    return next(_sessions(f"{SELECT_SESSION} {where}", values), None)


def lease_of(
    scope: Scope, session_id: str, version: int
) -> tuple[str | None, datetime | None] | None:
    """Who runs a session until when, if it is in scope and still has this version; else None."""
    sql = (
        "SELECT lease_owner, lease_until, project_id FROM session "
        "WHERE id = ? AND account_id = ? AND version = ?"
    )
    row = next(iter(fetch(sql, (session_id, scope.account_id, version))), None)
    if row is None or scope.project_id not in (None, row[2]):
        return None
    return row[0], read_time(row[1])


def children(parent: Session) -> list[Session]:
    """Every child of a session, in the order they were made."""
    sql = f"{SELECT_SESSION} WHERE parent_id = ? AND account_id = ? ORDER BY id"
    return list(_sessions(sql, (parent.id, parent.account_id)))


def read_session(values: Sequence[Any]) -> Session:
    """The session in a row of SELECT_SESSION's columns, without its open interaction."""
    found = dict(zip(SESSION, values, strict=True))
    for name in PAYLOADS:
        text = found[name]
        found[name] = {} if text == "{}" else codec.load(blobs.fetch(text))
    for name in TIMES:
        found[name] = read_time(found[name])
    return Session(**found, log=StoredHistory(found["id"], found["account_id"], {}))


def _sessions(sql: str, values: Sequence[Any]) -> Iterator[Session]:
    for found in fetch(sql, values):
        session = read_session(found)
        yield changed(
            session,
            open=one_row(f"{SELECT_ROW} WHERE session_id = ? AND status = 'open'", (session.id,)),
        )


def _columns(session: Session, names: Sequence[str]) -> list[Any]:
    return [_column(session, getattr(session, name)) for name in names]


def _column(session: Session, value: Any) -> Any:
    if isinstance(value, datetime):
        return write_time(value)
    return _payload(session, value) if isinstance(value, Mapping) else value


def _payload(session: Session, value: Mapping[str, Any]) -> str:
    return blobs.keep(session.account_id, codec.dump(value)) if value else "{}"
