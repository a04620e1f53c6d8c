"""Inspecting queries: lists, logs, events, contexts; each bounded, those on sessions scoped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen

from interlock.engine.errors import InvalidInput
from interlock.engine.payload import check_payload, visible
from interlock.engine.values import Interaction, Scope, Session, changed
from interlock.store import blobs, codec, records
from interlock.store import rows as rows_of
from interlock.store.connection import execute, fetch, hold
from interlock.store.times import read_time, write_time

CHUNK = 200
"""Rows that are read at a time, so that a long log never has to fit into memory."""


@frozen
class Event:
    """What happened inside an interaction, at row `id` of all events."""

    id: int
    session_id: str
    seq: int | None
    type: str
    data: dict[str, Any]
    sent_at: datetime


@frozen
class Context:
    """A text that goes with a session; its type is a word like system, user or file."""

    id: str
    session_id: str
    type: str
    content: str
    inserted_at: datetime


def ids_like(scope: Scope, prefix: str, limit: int = 5) -> list[str]:
    """Up to `limit` session ids in scope that begin with a prefix."""
    owned, values = _owned(scope)
    sql = f"SELECT id FROM session WHERE {owned} AND id >= ? AND id < ? ORDER BY id LIMIT ?"
    found = fetch(sql, (*values, prefix, prefix + "\U0010ffff", limit))
    return [str(id_) for (id_,) in found]


def sessions(
    scope: Scope,
    *,
    status: Sequence[str] = (),
    type: str | None = None,
    text: str | None = None,
    parent_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    archived: bool = False,
    limit: int = 20,
    before: str | None = None,
) -> list[Session]:
    """Sessions in scope, newest first, those with an id below `before`; with their open rows."""
    conditions: list[tuple[str, tuple[Any, ...]]] = [_owned(scope)]
    if status:
        conditions.append((f"status IN ({', '.join('?' * len(status))})", tuple(status)))
    if type is not None:
        conditions.append(("type = ?", (type,)))
    if text is not None:
        like = _like(text)
        conditions.append(
            ("(lower(title) LIKE ? ESCAPE '!' OR lower(type) LIKE ? ESCAPE '!')", (like, like))
        )
    if parent_id is not None:
        conditions.append(("parent_id = ?", (parent_id,)))
    if since is not None:
        conditions.append(("inserted_at >= ?", (write_time(since),)))
    if until is not None:
        conditions.append(("inserted_at < ?", (write_time(until),)))
    if before is not None:
        conditions.append(("id < ?", (before,)))
    if not archived:
        conditions.append(("archived_at IS NULL", ()))
    where = " AND ".join(sql for sql, _ in conditions)
    values = [value for _, bound in conditions for value in bound]
    sql = f"{records.SELECT_SESSION} WHERE {where} ORDER BY id DESC LIMIT ?"
    return _with_open_rows([records.read_session(row) for row in fetch(sql, (*values, limit))])


def rows(
    session: Session, *, step: str | None = None, after: int = 0, limit: int | None = None
) -> Iterator[Interaction]:
    """A session's interactions in order, those past `after`, read a chunk at a time."""
    where, values = "session_id = ?", [session.id]
    if step is not None:
        where, values = f"{where} AND step = ?", [*values, step]
    left = limit
    while left is None or left > 0:
        size = CHUNK if left is None else min(CHUNK, left)
        sql = f"{rows_of.SELECT_ROW} WHERE {where} AND seq > ? ORDER BY seq LIMIT ?"
        found = fetch(sql, (*values, after, size))
        yield from rows_of.read_rows(found)
        if len(found) < size:
            return
        after = found[-1][1]
        left = None if left is None else left - size


def events(
    session: Session, *, seq: int | None = None, after: int = 0, limit: int | None = None
) -> Iterator[Event]:
    """A session's events in order, those with an id past `after`, read a chunk at a time."""
    where = "session_id = ?"
    values: list[Any] = [session.id]
    if seq is not None:
        where, values = f"{where} AND seq = ?", [*values, seq]
    sql = (
        "SELECT id, session_id, seq, type, data, sent_at FROM event "
        f"WHERE {where} AND id > ? ORDER BY id LIMIT ?"
    )
    left = limit
    while left is None or left > 0:
        size = CHUNK if left is None else min(CHUNK, left)
        found = fetch(sql, (*values, after, size))
        for id_, owner, row, kind, data, sent_at in found:
            time = read_time(sent_at)
            if time is not None:
                yield Event(id_, owner, row, kind, codec.load(blobs.fetch(data)), time)
        if len(found) < size:
            return
        after = found[-1][0]
        left = None if left is None else left - size


def add_event(
    session: Session, seq: int | None, type: str, data: dict[str, Any], now: datetime
) -> None:
    """Append an event. Raises InvalidInput for an empty type or data that JSON cannot say."""
    if not type.strip():
        raise InvalidInput("an event needs a type, such as output")
    check_payload(data, "the event's data")
    hold(session.id)  # so that its events have their numbers in the order of commits
    time = write_time(now)
    execute(
        "INSERT INTO event (session_id, seq, account_id, type, data, sent_at, "
        "inserted_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            session.id,
            seq,
            session.account_id,
            type,
            blobs.keep(session.account_id, codec.dump(data)),
            time,
            time,
        ),
    )


def add_context(session: Session, type: str, content: str, now: datetime) -> Context:
    """Append a context and return it."""
    made = Context(records.new_id(), session.id, type, visible(content), now)
    execute(
        "INSERT INTO context (id, session_id, account_id, type, content, inserted_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (made.id, session.id, session.account_id, type, made.content, write_time(now)),
    )
    return made


def contexts(session: Session) -> list[Context]:
    """A session's contexts in the order they were added."""
    sql = "SELECT id, type, content, inserted_at FROM context WHERE session_id = ? ORDER BY id"
    return [
        Context(id_, session.id, kind, content, time)
        for id_, kind, content, at in fetch(sql, (session.id,))
        if (time := read_time(at)) is not None
    ]


def _owned(scope: Scope) -> tuple[str, tuple[Any, ...]]:
    if scope.project_id is None:
        return "account_id = ?", (scope.account_id,)
    return "account_id = ? AND project_id = ?", (scope.account_id, scope.project_id)


def _like(text: str) -> str:
    escaped = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


def _with_open_rows(found: list[Session]) -> list[Session]:
    if not found:
        return []
    marks = ", ".join("?" * len(found))
    sql = f"{rows_of.SELECT_ROW} WHERE status = 'open' AND session_id IN ({marks})"
    opened = {
        row.session_id: row
        for row in rows_of.read_rows(fetch(sql, [session.id for session in found]))
    }
    return [changed(session, open=opened.get(session.id)) for session in found]
