"""A SQLite file as the database, through a library that brings a SQLite of its own along."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import Any, cast

import apsw
import peewee
from playhouse.apsw_ext import APSWDatabase

from interlock.config import settings
from interlock.engine.errors import InterlockError, InvalidInput, Refused, StoreBusy, StoreUnusable
from interlock.store import dialect
from interlock.store.disk import prepare_ground

FAILURES = (
    *(apsw.Error, peewee.PeeweeException, OSError),
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
    """A SQLite file. One writes at a time, so a transaction sees nothing change."""

    dialect = dialect.SQLITE
    failures = FAILURES
    is_file = True
    is_walled = False

    def __init__(self, url: str) -> None:
        """Raises StoreUnusable for a URL that names no file."""
        super().__init__(path_of(url), pragmas=PRAGMAS, timeout=BUSY_SECONDS)

    @property
    def location(self) -> str:
        """The path of the file."""
        return str(self.database)

    def open(self) -> None:
        """Connect, and see to it that what is committed is on the disk. Raises StoreUnusable, and
        what `failures` names."""
        prepare_ground(Path(self.location), settings(os.environ))
        _patiently(self.connect)
        self._require_durable()

    def close_all(self) -> None:
        """Close this thread's connection, the only one that it knows of."""
        self.close()

    def alone(self) -> AbstractContextManager[Any]:
        """A transaction that nobody else is in, to change the schema."""
        return cast(AbstractContextManager[Any], self.atomic("IMMEDIATE"))

    def as_owner(self) -> AbstractContextManager[Any]:
        """Nothing: a file has no roles."""
        return nullcontext()

    @property
    def is_within(self) -> bool:
        """True within one, on this thread's connection."""
        return self._live().in_transaction

    def start(self) -> None:
        """Begin a transaction, waiting for other writers."""
        _patiently(lambda: self._live().execute("BEGIN IMMEDIATE"))

    def end(self) -> None:
        """Commit: on the disk when it returns."""
        self._live().execute("COMMIT")

    def undo(self) -> None:
        """Roll back, where there is something to undo: on a full disk SQLite has done it."""
        connection = self._live()
        if connection.in_transaction:
            connection.execute("ROLLBACK")

    def change(self, sql: str, values: Sequence[Any]) -> int:
        """How many rows a statement changed."""
        connection = self._live()
        connection.execute(sql, values)
        return connection.changes()

    def find(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """All that a statement finds."""
        return self._live().execute(sql, values).fetchall()

    def hold(self, session_id: str) -> None:
        """Nothing: who writes, writes alone."""

    def now(self) -> datetime:
        """The time by the clock of the machine that the file is on."""
        return datetime.now(UTC)

    def explain(self, error: Exception) -> InterlockError:
        """One of `failures` in words that a person can act on."""
        return _explain(error, self.location)

    def _live(self) -> apsw.Connection:
        # What `connection()` does, without its locks: this is asked six times a step.
        if self._state.conn is None:
            self.connect()
        connection: apsw.Connection = self._state.conn
        return connection

    def _add_conn_hooks(self, conn: apsw.Connection) -> None:
        conn.convert_binding = _write_time
        super()._add_conn_hooks(conn)
        conn.set_busy_handler(Turn())

    def _require_durable(self) -> None:
        told = [self.execute_sql(f"PRAGMA {name}").fetchone()[0] for name in DURABLE]
        if told != [*DURABLE.values()]:
            raise StoreUnusable(
                f"{self.location} cannot be kept in WAL mode with every commit on the disk "
                f"(it says {told}); put it on another disk"
            )


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
        pause = 0.002 if count < QUICK_LOOKS else max(0.002, 0.02 - 0.001 * count)
        time.sleep(random.uniform(0.5, 1.5) * pause)  # noqa: S311  jitter, not a secret
        return True


def path_of(url: str) -> str:
    """The absolute path of the file that a URL names. Raises StoreUnusable."""
    path = url.removeprefix("sqlite://")
    if path == url or not path.startswith("/"):
        raise StoreUnusable(f"the database URL {url!r} names no file; use sqlite:////path.db")
    path = path.removeprefix("/")
    if not path or path == ":memory:":
        raise StoreUnusable(f"the database URL {url!r} names no file; use sqlite:////path.db")
    try:
        return str(Path(path).expanduser().absolute())
    except RuntimeError:
        raise StoreUnusable(
            f"the database URL {url!r} names a user there is not; write the path in full"
        ) from None


@contextmanager
def explaining(path: Path | str) -> Iterator[None]:
    """Turn what SQLite says of one file into an error in words: StoreBusy, StoreUnusable, Refused,
    InvalidInput."""
    try:
        yield
    except FAILURES as error:
        raise _explain(error, str(path)) from error


def _write_time(cursor: object, number: int, value: object) -> str:
    """A time as text: the runner of migrations writes one that has passed no field of ours."""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    raise TypeError(f"value {number} is {type(value).__name__}, which no column can hold")


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


def _explain(error: Exception, where: str) -> InterlockError:
    if isinstance(error, UnicodeEncodeError | OverflowError):
        return InvalidInput(f"the database cannot keep this value: {error}")
    kind, error = _kind(error), _cause(error)
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
