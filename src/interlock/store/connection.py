"""The one database of this process: opened, migrated, and the only place a transaction begins."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import Any, cast

import apsw
import peewee
from playhouse.apsw_ext import APSWDatabase

from interlock.config import settings
from interlock.engine.errors import (
    InterlockError,
    InvalidInput,
    Refused,
    StoreBusy,
    StoreUnusable,
)
from interlock.store.disk import prepare_ground
from interlock.store.migration import migrate
from interlock.store.tables import database

FAILURES = (
    *(apsw.Error, peewee.PeeweeException),
    *(UnicodeEncodeError, OverflowError),  # of a value that no column can hold
)

BUSY_SECONDS = 60.0
"""How long a writer waits for others before it gives up."""
QUICK_LOOKS = 3
"""So often a writer looks again at once: most wait for one other."""

PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    "journal_size_limit": 64 * 1024 * 1024,
}


DURABLE = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
"""What a database that was opened must answer to the pragmas."""


class Sqlite(APSWDatabase):  # type: ignore[misc]  # playhouse has no types
    """A SQLite file, through a library that brings a SQLite of its own along."""

    def _add_conn_hooks(self, conn: apsw.Connection) -> None:
        conn.convert_binding = _write_time
        super()._add_conn_hooks(conn)
        conn.set_busy_handler(Turn())


class Turn:
    """Waits for other writers. Who has waited long looks more often, so that none of many waits
    for seconds while others come and go; SQLite's own waiting does the opposite."""

    def __init__(self) -> None:
        self._began = 0.0

    def __call__(self, count: int) -> bool:
        """True to look again, after `count` looks; False after BUSY_SECONDS."""
        now = time.monotonic()
        if count == 0:
            self._began = now
        if now > self._began + BUSY_SECONDS:
            return False
        pause = 0.002 if count < QUICK_LOOKS else max(0.002, 0.02 - 0.0005 * count)
        time.sleep(random.uniform(0.5, 1.5) * pause)  # noqa: S311  jitter, not a secret
        return True


def _write_time(cursor: object, number: int, value: object) -> str:
    """A time as text: the runner of migrations writes one that has passed no field of ours."""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    raise TypeError(f"value {number} is {type(value).__name__}, which no column can hold")


def connect(url: str) -> Sqlite:
    """Open the database at a URL for this process; a new file is created and migrated. Of the
    folders only the data directory is made: any other path may be a typing error.

    Raises StoreUnusable with what to do about it.
    """
    path = path_of(url)
    opened = Sqlite(path, pragmas=PRAGMAS, timeout=BUSY_SECONDS)
    with guard(path):
        try:
            prepare_ground(Path(path), settings(os.environ))
            _patiently(opened.connect)
            _require_durable(opened)
            _patiently(lambda: migrate(opened))
        except (OSError, peewee.PeeweeException, StoreUnusable):
            opened.close()
            raise
    database.initialize(opened)
    return opened


def _require_durable(opened: Sqlite) -> None:
    told = [opened.execute_sql(f"PRAGMA {name}").fetchone()[0] for name in DURABLE]
    if told != [*DURABLE.values()]:
        raise StoreUnusable(
            f"{opened.database} cannot be kept in WAL mode with every commit on the disk "
            f"(it says {told}); put it on another disk"
        )


def disconnect() -> None:
    """Close this thread's connection; the next use opens a new one."""
    if database.obj is not None and not database.is_closed():
        database.close()


def location() -> str:
    """The path of the open database file."""
    return str(database.database)


class tx:  # noqa: N801  read as `with tx():`, like a function
    """One write transaction: all of it is durable when the block ends, or nothing is.

    Raises StoreBusy or StoreUnusable. Inside another it is part of that one.
    """

    def __enter__(self) -> None:
        """Begin, waiting for other writers."""
        self.outer = False
        try:
            if _connection().in_transaction:
                return
            self.outer = True
            _patiently(_begin)
        except BaseException as error:
            if self.outer:
                _roll_back()  # Ctrl-C while it waited is raised when it has begun
            if isinstance(error, FAILURES):
                raise _explain(error) from error
            raise

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Commit, or undo all of it when the block raised."""
        if not self.outer:
            return
        if error is not None:
            _roll_back()
            if isinstance(error, FAILURES):
                raise _explain(error) from error
            return
        try:
            execute("COMMIT")
        except BaseException as failed:
            _roll_back()
            if isinstance(failed, FAILURES):
                raise _explain(failed) from failed
            raise


def execute(sql: str, values: Sequence[Any] = ()) -> int:
    """How many rows one constant statement changed, its values bound, on this thread's
    connection. Raises what SQLite raises: it is for within `tx` or `guard`."""
    connection = _connection()
    connection.execute(sql, values)
    return connection.changes()


def fetch(sql: str, values: Sequence[Any] = ()) -> list[Any]:
    """All that one constant statement finds. Raises as `guard` does."""
    try:
        return _connection().execute(sql, values).fetchall()
    except (*FAILURES, OSError) as error:
        raise _explain(error, None) from error


def fetch_one(sql: str, values: Sequence[Any] = ()) -> Any:
    """The first row that one constant statement finds; None for none. Raises as `guard` does."""
    return next(iter(fetch(sql, values)), None)


@contextmanager
def guard(path: str | None = None) -> Iterator[None]:
    """Turn what the database at `path`, or the open one, says into an error in words that a person
    can act on: StoreBusy, StoreUnusable, Refused, InvalidInput."""
    try:
        yield
    except (*FAILURES, OSError) as error:
        raise _explain(error, path) from error


def _connection() -> apsw.Connection:
    # What `database.connection()` does, without its proxy: this is asked six times a step.
    state = database.obj._state
    if state.closed:
        database.obj.connect()
    return cast(apsw.Connection, state.conn)


def _begin() -> None:
    execute("BEGIN IMMEDIATE")


def _roll_back() -> None:
    # SQLite may have rolled back already (a full disk does that): then there is nothing to undo.
    if _connection().in_transaction:
        execute("ROLLBACK")


def _patiently(act: Any) -> None:
    began = time.monotonic()
    while True:
        try:
            act()
            return
        except (peewee.OperationalError, apsw.Error) as error:
            if not _is_locked(error) or time.monotonic() > began + BUSY_SECONDS:
                raise
            time.sleep(random.uniform(0.005, 0.05))  # noqa: S311  jitter, not a secret


def _is_locked(error: Exception) -> bool:
    return _kind(error) in ("BUSY", "LOCKED")


def path_of(url: str) -> str:
    """The absolute path of the file that a URL names. Raises StoreUnusable."""
    scheme, found, rest = url.partition("://")
    if not found or scheme != "sqlite" or not rest.startswith("/"):
        raise StoreUnusable(
            f"the database URL {url!r} is not understood; use sqlite:////absolute/path.db"
        )
    path = rest.removeprefix("/")
    if not path or path == ":memory:":
        raise StoreUnusable(f"the database URL {url!r} names no file; use sqlite:////path.db")
    try:
        return str(Path(path).expanduser().absolute())
    except RuntimeError:
        raise StoreUnusable(
            f"the database URL {url!r} names a user there is not; write the path in full"
        ) from None


def _cause(error: Exception) -> Exception:
    """What SQLite's own module raised, where peewee wrapped it."""
    cause = getattr(error, "orig", None)
    return cause if isinstance(cause, Exception) else error


def _kind(error: Exception) -> str:
    """What went wrong by SQLite's name for it, such as BUSY; empty where SQLite did not say."""
    cause = _cause(error)
    if isinstance(cause, OSError):
        return "FULL" if cause.errno in (ENOSPC, EDQUOT) else ""
    if not isinstance(cause, apsw.Error):
        return ""
    return type(cause).__name__.removesuffix("Error").upper()


def _explain(error: Exception, path: str | None = None) -> InterlockError:
    if isinstance(error, UnicodeEncodeError | OverflowError):
        return InvalidInput(f"the database cannot keep this value: {error}")
    where, kind, error = path or location(), _kind(error), _cause(error)
    if kind == "CONSTRAINT":
        return Refused(f"the database refused the change: {error}")
    if kind in ("BUSY", "LOCKED"):
        return StoreBusy(f"the database {where} stayed locked for {BUSY_SECONDS:g} s; try again")
    if kind == "FULL":
        return StoreUnusable(f"the disk of {where} is full; make room and do it again")
    if kind in ("NOTADB", "CORRUPT"):
        return StoreUnusable(
            f"{where} is not a database Interlock can read ({error}); "
            "set INTERLOCK_DATABASE_URL to another file, or restore a backup"
        )
    if kind in ("READONLY", "CANTOPEN"):
        return StoreUnusable(
            f"{where} cannot be opened and written ({error}); check the path and its permissions"
        )
    told = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
    return StoreUnusable(f"the database {where} cannot be used: {told}")
