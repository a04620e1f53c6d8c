"""The one database of this process: opened, migrated, and the only place a transaction begins."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import peewee
from peewee import SqliteDatabase

from interlock.engine.errors import InterlockError, Refused, StoreBusy, StoreUnusable
from interlock.store.migration import migrate
from interlock.store.tables import database

BUSY_SECONDS = 60.0
"""How long a writer waits for others before it gives up."""

PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    "journal_size_limit": 64 * 1024 * 1024,
}


def connect(url: str) -> SqliteDatabase:
    """Open the database at a URL for this process; a new file is created and migrated.

    Raises StoreUnusable with what to do about it.
    """
    path = _path(url)
    opened = SqliteDatabase(path, pragmas=PRAGMAS, timeout=BUSY_SECONDS)
    with guard():
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            _patiently(opened.connect)
            _patiently(lambda: migrate(opened))
        except (OSError, peewee.PeeweeException):
            opened.close()
            raise
    database.initialize(opened)
    return opened


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
        with guard():
            if _connection().in_transaction:
                return
            _patiently(lambda: execute("BEGIN IMMEDIATE"))
        self.outer = True

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Commit, or undo all of it when the block raised."""
        if not self.outer:
            return
        if error is not None:
            _roll_back()
            if isinstance(error, sqlite3.Error):
                raise _explain(error) from error
            return
        try:
            execute("COMMIT")
        except BaseException as failed:
            _roll_back()
            if isinstance(failed, sqlite3.Error):
                raise _explain(failed) from failed
            raise


def execute(sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
    """The cursor of one constant statement with its values bound, on this thread's connection."""
    return _connection().execute(sql, values)


@contextmanager
def guard() -> Iterator[None]:
    """Turn what the database says into StoreBusy or StoreUnusable, in words a person can act on."""
    try:
        yield
    except (peewee.DatabaseError, sqlite3.Error, OSError) as error:
        raise _explain(error) from error


def _connection() -> sqlite3.Connection:
    return cast(sqlite3.Connection, database.obj.connection())


def _roll_back() -> None:
    # SQLite may have rolled back already (a full disk does that): then there is nothing to undo.
    if _connection().in_transaction:
        execute("ROLLBACK")


def _patiently(act: Any) -> None:
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            act()
            return
        except (peewee.OperationalError, sqlite3.OperationalError) as error:
            if not _is_locked(error) or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.005, 0.05))  # noqa: S311  jitter, not a secret


def _is_locked(error: Exception) -> bool:
    return "locked" in str(error) or "busy" in str(error)


def _path(url: str) -> str:
    scheme, found, rest = url.partition("://")
    if not found or scheme != "sqlite":
        raise StoreUnusable(
            f"the database URL {url!r} is not understood; use sqlite:////absolute/path.db"
        )
    path = unquote(rest.removeprefix("/"))
    if not path or path == ":memory:":
        raise StoreUnusable(f"the database URL {url!r} names no file; use sqlite:////path.db")
    return str(Path(path).expanduser().absolute())


def _explain(error: Exception) -> InterlockError:
    text, where = str(error), _where()
    if isinstance(error, peewee.IntegrityError | sqlite3.IntegrityError):
        return Refused(f"the database refused the change: {text}")
    if _is_locked(error):
        return StoreBusy(f"the database {where} stayed locked for {BUSY_SECONDS:g} s; try again")
    if "full" in text or getattr(error, "errno", None) == 28:
        return StoreUnusable(f"the disk of {where} is full; make room and do it again")
    if "not a database" in text or "malformed" in text:
        return StoreUnusable(
            f"{where} is not a database Interlock can read ({text}); "
            "set INTERLOCK_DATABASE_URL to another file, or restore a backup"
        )
    if "readonly" in text or "read-only" in text or "unable to open" in text:
        return StoreUnusable(f"{where} cannot be written ({text}); check its permissions")
    return StoreUnusable(f"the database {where} cannot be used: {text}")


def _where() -> str:
    return location() if database.obj is not None else "file"
