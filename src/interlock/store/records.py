"""The hot path: sessions and interactions as rows, through constant SQL.

The query builder alone would cost more than everything else in a step together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen
from uuid_utils import uuid7

from interlock.engine.commands import Ask, Command, Spawn, Wait
from interlock.engine.errors import StaleSession
from interlock.engine.values import Interaction, Scope, Session, changed
from interlock.store import blobs, codec
from interlock.store.codec import Submitted
from interlock.store.connection import execute, guard
from interlock.store.tables import read_time, write_time

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
    "updated_at",
    "last_activity_at",
    "ended_at",
    "archived_at",
)
SESSION = (*IDENTITY, *MOVING)
PAYLOADS = ("input", "state")
TIMES = tuple(name for name in SESSION if name.endswith(("_at", "_until")))
ROW = (
    "session_id",
    "seq",
    "step",
    "attempt",
    "status",
    "command",
    "result",
    "submitted",
    "inserted_at",
    "completed_at",
    "due_at",
)
OWNER = ("account_id", "project_id")


def _marks(names: Sequence[str]) -> str:
    return ", ".join("?" * len(names))


INSERT_SESSION = f"INSERT INTO session ({', '.join(SESSION)}) VALUES ({_marks(SESSION)})"
UPDATE_SESSION = (
    f"UPDATE session SET {', '.join(f'{name} = ?' for name in MOVING)} WHERE id = ? AND version = ?"
)
MOVE_SESSION = (
    "UPDATE session SET step = ?, state = ?, attempt = ?, seq = ?, version = ?, updated_at = ?, "
    "last_activity_at = ? WHERE id = ? AND version = ?"
)
"""All that a step changes in a session that goes on: no indexed column is among it."""
SELECT_SESSION = f"SELECT {', '.join(SESSION)} FROM session"
INSERT_ROW = (
    f"INSERT INTO interaction ({', '.join((*ROW, *OWNER))}) VALUES ({_marks((*ROW, *OWNER))})"
)
CLOSE_ROW = (
    "UPDATE interaction SET status = ?, result = ?, submitted = ?, completed_at = ? "
    "WHERE session_id = ? AND seq = ?"
)
SELECT_ROW = f"SELECT {', '.join(ROW)} FROM interaction"
NEWEST = f"{SELECT_ROW} WHERE session_id = ? AND step = ? ORDER BY seq DESC LIMIT 1"
LAST = (
    f"{SELECT_ROW} WHERE session_id = ? AND step = ? AND status = 'done' ORDER BY seq DESC LIMIT 1"
)


def new_id() -> str:
    """A new UUIDv7: ids made later sort later."""
    return str(uuid7())


@frozen
class StoredHistory:
    """A session's log, looked up row by row; what was looked up or added is kept."""

    session_id: str
    known: dict[str, tuple[Interaction | None, Interaction | None]]
    """By step: its newest row, and the newest that has a result."""

    def newest(self, step: str) -> Interaction | None:
        """The newest row of a step, whatever became of it."""
        return self._look_up(step)[0]

    def last(self, step: str) -> Interaction | None:
        """The newest row of a step that has a result."""
        return self._look_up(step)[1]

    def add(self, *rows: Interaction) -> StoredHistory:
        """The same log with these rows written or, where they are there, rewritten."""
        known = self.known.copy()
        for row in rows:
            if row.status == "done":
                known[row.step] = (row, row)
            else:
                known[row.step] = (row, self._look_up(row.step)[1])
        return StoredHistory(self.session_id, known)

    def _look_up(self, step: str) -> tuple[Interaction | None, Interaction | None]:
        if step not in self.known:
            newest = one_row(NEWEST, (self.session_id, step))
            done = newest is None or newest.status == "done"
            self.known[step] = (
                newest,
                newest if done else one_row(LAST, (self.session_id, step)),
            )
        return self.known[step]


def insert(session: Session, now: datetime) -> Session:
    """The session as it was written for the first time, with its rows if it has any."""
    session = changed(
        session,
        version=1,
        inserted_at=now,
        updated_at=now,
        last_activity_at=now,
        log=StoredHistory(session.id, {}),
    )
    execute(INSERT_SESSION, _columns(session, SESSION))
    return session


def save(session: Session, now: datetime, submitted: Submitted | None = None) -> Session:
    """The session as saved, with its unsaved rows, if nobody else moved it since it was loaded.

    `submitted` is what the first unsaved row's result was read from. Raises StaleSession.
    """
    rows, opened = session.unsaved, session.open
    moved: dict[str, Any] = {"version": session.version + 1, "updated_at": now, "unsaved": ()}
    if rows:
        moved["last_activity_at"] = now
    if not session.active:
        moved["ended_at"] = session.ended_at or now
    elif session.ended_at is not None:
        moved["ended_at"] = None
    if opened is not None and rows and rows[-1] is opened and all(row.step for row in rows):
        _move(session, now)
    else:
        _update(changed(session, **moved))
    written = [_write(session, row, now, submitted) for row in rows]
    if opened is not None and written and written[-1].seq == opened.seq:
        moved["open"] = written[-1]
    return changed(session, log=session.log.add(*written), **moved)


def _move(session: Session, now: datetime) -> None:
    time = write_time(now)
    state = _payload(session.state)
    moved = (session.step, state, session.attempt, session.seq, session.version + 1, time, time)
    if execute(MOVE_SESSION, (*moved, session.id, session.version)).rowcount != 1:
        raise StaleSession


def _update(saved: Session) -> None:
    values = _columns(saved, MOVING)
    if execute(UPDATE_SESSION, (*values, saved.id, saved.version - 1)).rowcount != 1:
        raise StaleSession


def claim(session: Session, owner: str, until: datetime) -> Session:
    """The session with its lease given to an owner. Raises StaleSession."""
    cursor = execute(
        "UPDATE session SET lease_owner = ?, lease_until = ?, version = version + 1 "
        "WHERE id = ? AND version = ?",
        (owner, write_time(until), session.id, session.version),
    )
    if cursor.rowcount != 1:
        raise StaleSession
    return changed(session, lease_owner=owner, lease_until=until, version=session.version + 1)


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
    row = next(iter(_fetch(sql, (session_id, scope.account_id, version))), None)
    if row is None or scope.project_id not in (None, row[2]):
        return None
    return row[0], read_time(row[1])


def children(parent: Session) -> list[Session]:
    """Every child of a session, in the order they were made."""
    sql = f"{SELECT_SESSION} WHERE parent_id = ? AND account_id = ? ORDER BY id"
    return list(_sessions(sql, (parent.id, parent.account_id)))


def row_by_id(session: Session, interaction_id: str) -> Interaction | None:
    """The interaction with this id, or this number, if it is one of this session's."""
    owner, _, seq = interaction_id.rpartition(".")
    if owner not in ("", session.id) or not seq.isdecimal() or len(seq) > 18:
        return None
    return one_row(f"{SELECT_ROW} WHERE session_id = ? AND seq = ?", (session.id, int(seq)))


def one_row(sql: str, values: Sequence[Any]) -> Interaction | None:
    """The first interaction that a statement over SELECT_ROW finds."""
    return next(read_rows(_fetch(sql, values)), None)


def read_rows(found: Iterable[Sequence[Any]]) -> Iterator[Interaction]:
    """Interactions from rows of SELECT_ROW's columns."""
    for owner, seq, step, attempt, status, command, result, digest, *times in found:
        yield Interaction(
            seq=seq,
            step=step,
            attempt=attempt,
            command=codec.load_command(blobs.fetch(command)),
            status=status,
            result=None if result is None else codec.load_result(blobs.fetch(result)),
            session_id=owner,
            inserted_at=read_time(times[0]),
            completed_at=read_time(times[1]),
            due_at=read_time(times[2]),
            submitted=digest,
        )


def read_session(values: Sequence[Any]) -> Session:
    """The session in a row of SELECT_SESSION's columns, without its open interaction."""
    found = dict(zip(SESSION, values, strict=True))
    for name in PAYLOADS:
        text = found[name]
        found[name] = {} if text == "{}" else codec.load(blobs.fetch(text))
    for name in TIMES:
        found[name] = read_time(found[name])
    return Session(**found, log=StoredHistory(found["id"], {}))


def _fetch(sql: str, values: Sequence[Any]) -> list[Any]:
    with guard():
        return execute(sql, values).fetchall()


def _sessions(sql: str, values: Sequence[Any]) -> Iterator[Session]:
    for found in _fetch(sql, values):
        session = read_session(found)
        yield changed(
            session,
            open=one_row(f"{SELECT_ROW} WHERE session_id = ? AND status = 'open'", (session.id,)),
        )


def _write(
    session: Session, row: Interaction, now: datetime, submitted: Submitted | None
) -> Interaction:
    time, closed_at = write_time(now), None if row.status == "open" else now
    result, digest = _result(row, submitted)
    if row.inserted_at is not None:
        closed = (row.status, result, digest, closed_at and time, session.id, row.seq)
        execute(CLOSE_ROW, closed)
        return changed(row, completed_at=closed_at, submitted=digest)
    due = due_at(row.command, now)
    command = blobs.keep(codec.dump_command(row.command))
    facts = (session.id, row.seq, row.step, row.attempt, row.status, command, result, digest)
    owner = (session.account_id, session.project_id)
    execute(INSERT_ROW, (*facts, time, closed_at and time, due and write_time(due), *owner))
    return changed(
        row,
        session_id=session.id,
        inserted_at=now,
        completed_at=closed_at,
        due_at=due,
        submitted=digest,
    )


def _result(row: Interaction, submitted: Submitted | None) -> tuple[str | None, str | None]:
    """The text of a row's result; the digest of what was handed in, where it was read anew."""
    if row.result is None:
        return None, None
    if submitted is not None and submitted.result is row.result:
        return blobs.keep(submitted.text), None
    digest = None if submitted is None or row.step == "" else submitted.digest
    return blobs.keep(codec.dump_result(row.result)), digest


def due_at(command: Command, now: datetime) -> datetime | None:
    """When a Wait is over, or the time limit of an Ask or a Spawn; None: never by itself."""
    if isinstance(command, Wait) and command.until is not None:
        return command.until
    seconds = command.for_ if isinstance(command, Wait) else command.timeout
    if seconds is None or not isinstance(command, Wait | Ask | Spawn):
        return None
    return now + timedelta(seconds=seconds)


def _columns(session: Session, names: Sequence[str]) -> list[Any]:
    return [_column(getattr(session, name)) for name in names]


def _column(value: Any) -> Any:
    if isinstance(value, datetime):
        return write_time(value)
    return _payload(value) if isinstance(value, Mapping) else value


def _payload(value: Mapping[str, Any]) -> str:
    return blobs.keep(codec.dump(value)) if value else "{}"
