"""A PostgreSQL database, through psycopg 3 and a pool of connections."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

import peewee
import psycopg
from playhouse.pool import MaxConnectionsExceeded, PooledPostgresqlDatabase
from psycopg import errors, pq
from psycopg.conninfo import conninfo_to_dict

from interlock.engine.errors import (
    InterlockError,
    InvalidInput,
    Refused,
    StoreBusy,
    StoreLost,
    StoreUnusable,
)
from interlock.store import dialect, walls
from interlock.store.driver import CLOCK, FIELD_TYPES, MIGRATING, Adapter, NotConnected

FAILURES = (
    *(psycopg.Error, peewee.PeeweeException, MaxConnectionsExceeded),
    *(UnicodeEncodeError, OverflowError),  # of a value that no column can hold
)

MOST_CONNECTIONS = 100
"""Of one process: one for each of its threads."""
POOL_SECONDS = 60
"""How long a thread waits for one."""
RETURN_SECONDS = 30.0
"""How long a process that was connected waits for a server that is away."""
PAUSES = {"wait_initial": 0.05, "wait_max": 1.0, "wait_jitter": 0.5}
"""Seconds between two tries: they grow, and have a share of chance, so not all come at once."""
HOLD = (
    "WITH RECURSIVE above(id, parent_id) AS (SELECT id, parent_id FROM session WHERE id = ? "
    "UNION ALL SELECT s.id, s.parent_id FROM session s JOIN above a ON s.id = a.parent_id) "
    "SELECT pg_advisory_xact_lock(hashtextextended(id, 0)), clock_timestamp() "
    "FROM above WHERE parent_id IS NULL"
)

UNKNOWN = pq.TransactionStatus.UNKNOWN
WITHIN = (pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR, pq.TransactionStatus.ACTIVE)


class Transaction(threading.local):
    """The one of each thread."""

    open: bool = False
    """It goes on until it ends, also where its connection was lost: no other may take its place."""
    time: str | None = None
    """Since when it holds a session."""


class Postgres(PooledPostgresqlDatabase):  # type: ignore[misc]  # playhouse has no types
    """A database of a PostgreSQL server. Many write at a time: a transaction holds what it must
    not see change by its name."""

    dialect = dialect.POSTGRES
    failures = FAILURES
    is_file = False
    field_types = FIELD_TYPES
    psycopg3_adapter = Adapter

    def __init__(self, url: str) -> None:
        """Raises StoreUnusable for a URL that cannot be read."""
        try:
            told = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            raise StoreUnusable(
                "the database URL cannot be read; use postgresql://user@host:port/database"
            ) from None
        where = f"{told.get('host') or ''}{':' if told.get('port') else ''}{told.get('port') or ''}"
        self.location = f"postgresql://{where}/{told.get('dbname') or told.get('user') or ''}"
        self._own = Transaction()
        super().__init__(url, max_connections=MOST_CONNECTIONS, timeout=POOL_SECONDS)

    def init(self, database: str, **options: Any) -> None:
        """What peewee does, with our adapter: it looks for a driver when it is imported."""
        super().init(database, **options)
        self._adapter = Adapter()

    def create_tables(self, models: Any, **options: Any) -> None:
        """Create them without what only SQLite has."""
        plain = [model for model in models if model._meta.without_rowid]
        try:
            for model in plain:
                model._meta.without_rowid = False
            super().create_tables(models, **options)
        finally:
            for model in plain:
                model._meta.without_rowid = True

    def open(self) -> None:
        """Connect. Raises what `failures` names."""
        self.connect()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A transaction that nobody else is in, to change the schema."""
        with self.atomic():
            self._run(MIGRATING, ())
            yield

    @contextmanager
    def as_owner(self) -> Iterator[None]:
        """Be the role that has the tables, where accounts are kept apart, so that what is made is
        its own; it is kept apart too in the end."""
        roles = walls.raised(self)
        if roles is None:
            yield
            return
        self.change(f"SET LOCAL ROLE {roles.owner}", ())
        yield
        walls.raise_walls(self, roles)
        self.change("SET LOCAL ROLE NONE", ())

    @property
    def is_walled(self) -> bool:
        """True where this role sees the rows of one account at a time."""
        if self._state.closed:
            self.connect()
        return bool(self._state.conn.walled)

    @property
    def is_within(self) -> bool:
        """True within one, on this thread's connection."""
        state = self._state
        begun = not state.closed and state.conn.pgconn.transaction_status in WITHIN
        return begun or self._own.open

    def start(self) -> None:
        """Begin a transaction, waiting for a server that is away for a while."""
        self._patiently("BEGIN", None)
        self._own.open, self._own.time = True, None

    def end(self) -> None:
        """Commit: on the server's disk when it returns. Where the connection is lost before it
        does, nobody knows whether it was done. Raises where a statement of it has failed: then the
        server undoes all of it, and says so with no more than a word."""
        done = self._state.conn.execute("COMMIT", prepare=False)
        if done.statusmessage != "COMMIT":
            raise errors.InFailedSqlTransaction("a statement failed, so nothing was changed")
        self._own.open = False

    def undo(self) -> None:
        """Roll back, where there is something to undo; a connection that is lost is given up."""
        state, self._own.open = self._state, False
        if state.closed or self._give_up_lost():
            return
        if state.conn.pgconn.transaction_status in WITHIN:
            try:
                state.conn.execute("ROLLBACK")
            except psycopg.Error:
                self.manual_close()

    def change(self, sql: str, values: Sequence[Any]) -> int:
        """How many rows a statement changed."""
        changed: int = self._run(sql, values).rowcount
        return changed

    def find(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """All that a statement finds."""
        run = self._run if self.is_within else self._patiently
        try:
            return cast(list[Any], run(sql, values).fetchall())
        except psycopg.DataError as error:
            if error.sqlstate is None and "NUL" in str(error):
                return []  # no text that is kept has one
            raise

    def hold(self, session_id: str) -> None:
        """Wait until nobody else changes a session's family, and let nobody do so before this
        transaction ends: two siblings that end at once would each find the other active, and
        neither would wake their parent."""
        if self.is_within:
            found = self.find(HOLD, (session_id,))
            self._own.time = found[0][1] if found else None

    def now(self) -> datetime:
        """The time by the server's clock; in a transaction, since when it holds a session."""
        told = self._own.time if self.is_within else None
        return datetime.fromisoformat(told or self.find(CLOCK, ())[0][0])

    def explain(self, error: Exception) -> InterlockError:
        """One of `failures` in words that a person can act on."""
        return _explain(error, self.location)

    def _run(self, sql: str, values: Sequence[Any] | None) -> Any:
        state = self._state
        if state.closed:
            self.connect()
        return state.conn.run(sql, values)

    def _patiently(self, sql: str, values: Sequence[Any] | None) -> Any:
        """Run what can be run again: on a new connection where the old one is lost."""
        try:
            return self._run(sql, values)
        except (psycopg.OperationalError, peewee.OperationalError) as error:
            if not self._is_away(error):
                raise
        from stamina import RetryingCaller  # only an outage needs it

        logging.getLogger("stamina").addHandler(logging.NullHandler())  # errors are told by us
        insist = RetryingCaller(attempts=None, timeout=RETURN_SECONDS, **PAUSES)
        return insist(self._is_away, self._run, sql, values)

    def _is_away(self, error: Exception) -> bool:
        if not isinstance(error, psycopg.OperationalError | peewee.OperationalError):
            return False
        if not self._state.closed:
            return self._give_up_lost()
        return _sqlstate(error) in (None, *STARTING)

    def _give_up_lost(self) -> bool:
        """True when this thread's connection was lost; the next use makes another."""
        connection = self._state.conn
        if connection.pgconn.transaction_status != UNKNOWN and not connection.closed:
            return False
        self.manual_close()
        return True


STARTING = ("57P03", "57P01", "57P02", "53300")
"""The server is starting or stopping, or has too many connections."""


def _cause(error: Exception) -> Exception:
    cause = getattr(error, "orig", None)
    return cause if isinstance(cause, Exception) else error


def _sqlstate(error: Exception) -> str | None:
    return getattr(_cause(error), "sqlstate", None)


def _explain(error: Exception, where: str) -> InterlockError:
    if isinstance(error, MaxConnectionsExceeded):
        return StoreBusy(f"all {MOST_CONNECTIONS} connections to {where} are in use; try again")
    cause, state = _cause(error), _sqlstate(error)
    said = str(getattr(getattr(cause, "diag", None), "message_primary", None) or cause)
    told = " ".join(said.split())
    if isinstance(cause, UnicodeEncodeError | OverflowError | errors.DataError):
        return InvalidInput(f"the database cannot keep this value: {told}")
    if isinstance(cause, errors.IntegrityError):
        return Refused(f"the database refused the change: {told}")
    if state in ("40P01", "40001", "55P03"):
        return StoreBusy(f"others were writing to {where} at the same time; try again")
    if state == "53100":
        return StoreUnusable(f"the disk of {where} is full; make room and do it again")
    if state == "42501":
        return StoreUnusable(f"the role is not allowed this in {where}: {told}; see `interlock db`")
    if state in ("28000", "28P01", "3D000"):
        return StoreUnusable(f"{where} cannot be opened: {told}; correct INTERLOCK_DATABASE_URL")
    if isinstance(cause, NotConnected):
        return StoreLost(
            f"the server of {where} cannot be reached: {told}; see that it runs, and that "
            "INTERLOCK_DATABASE_URL names a database and a role that it has"
        )
    if isinstance(cause, psycopg.OperationalError) and state in (None, *STARTING):
        return StoreLost(
            f"the server of {where} cannot be reached, or was lost ({told}); whether the last "
            "change was made is not known: once it is back, do it again"
        )
    return StoreUnusable(f"the database {where} cannot be used: {told}")
