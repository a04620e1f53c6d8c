"""The one database of this process: opened, migrated, and the only place a transaction begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, Protocol, cast

from interlock.engine.errors import InterlockError, StoreUnusable
from interlock.store.dialect import Dialect
from interlock.store.migration import migrate
from interlock.store.tables import database


class Backend(Protocol):
    """What each kind of database is, beside being peewee's: one connection for each thread."""

    dialect: Dialect
    failures: tuple[type[BaseException], ...]
    location: str
    """What people call it; it has no password."""
    is_file: bool
    """True of a file of this machine, false of a server's database."""
    is_walled: bool
    """True where the database itself shows the rows of one account at a time."""
    is_within: bool
    """True within a transaction, on this thread's connection."""

    def open(self) -> None:
        """Connect. Raises StoreUnusable, and what `failures` names."""

    def close_all(self) -> None:
        """Close the connections that it knows of."""

    def alone(self) -> AbstractContextManager[Any]:
        """A transaction that nobody else is in, to change the schema."""

    def as_owner(self) -> AbstractContextManager[Any]:
        """Within a transaction: be the role that has the tables, and keep apart what it makes."""

    def start(self) -> None:
        """Begin a transaction, waiting for others where it must."""

    def end(self) -> None:
        """Commit: on the disk when it returns."""

    def undo(self) -> None:
        """Roll back, where there is something to undo."""

    def change(self, sql: str, values: Sequence[Any]) -> int:
        """How many rows a statement changed."""

    def find(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """All that a statement finds."""

    def hold(self, session_id: str) -> None:
        """Let nobody else change a session's family before this transaction ends."""

    def now(self) -> datetime:
        """The time by the database's clock."""

    def explain(self, error: Exception) -> InterlockError:
        """One of `failures` in words that a person can act on."""


def connect(url: str) -> Any:
    """Open the database at a URL for this process; a new one is migrated, a new file created. Of
    the folders only the data directory is made: any other path may be a typing error.

    Raises StoreUnusable with what to do about it.
    """
    opened = choose(url)
    try:
        opened.open()
        migrate(opened)
    except BaseException as error:
        opened.close_all()
        if isinstance(error, opened.failures):
            raise opened.explain(cast(Exception, error)) from error
        raise
    database.initialize(opened)
    return opened


def choose(url: str) -> Any:
    """The database at a URL, not open yet. Raises StoreUnusable."""
    scheme, found, _ = url.partition("://")
    if found and scheme == "sqlite":
        from interlock.store.sqlite import Sqlite

        return Sqlite(url)
    if found and scheme in ("postgresql", "postgres"):
        try:
            from interlock.store.postgres import Postgres
        except ImportError as error:
            raise StoreUnusable(
                f"PostgreSQL needs a driver: pip install 'interlock[postgres]' ({error})"
            ) from None
        return Postgres(url)
    raise StoreUnusable(
        f"the database URL {_without_secret(url)!r} is not understood; use "
        "sqlite:////absolute/path.db or postgresql://user@host/database"
    )


def _without_secret(url: str) -> str:
    scheme, found, rest = url.partition("://")
    return f"{scheme}{found}{rest.rpartition('@')[2]}"


def disconnect() -> None:
    """Close this thread's connection; the next use opens a new one."""
    if database.obj is not None and not database.is_closed():
        database.close()


@contextmanager
def using(opened: Any) -> Iterator[None]:
    """Have another database be the open one of this process for a while."""
    before = database.obj
    database.initialize(opened)
    try:
        yield
    finally:
        database.initialize(before)


def backend() -> Backend:
    """The open database."""
    opened: Backend = database.obj
    return opened


def location() -> str:
    """What people call the open database: the path of its file, or where its server is."""
    return backend().location


class tx:  # noqa: N801  read as `with tx():`, like a function
    """One write transaction: all of it is durable when the block ends, or nothing is.

    Raises StoreBusy or StoreUnusable. Inside another it is part of that one.
    """

    def __enter__(self) -> None:
        """Begin, waiting for other writers."""
        self.outer = False
        opened = database.obj
        try:
            if opened.is_within:
                return
            self.outer = True
            opened.start()
        except BaseException as error:
            if self.outer:
                opened.undo()  # Ctrl-C while it waited is raised when it has begun
            if isinstance(error, opened.failures):
                raise opened.explain(error) from error
            raise

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Commit, or undo all of it when the block raised."""
        if not self.outer:
            return
        opened = database.obj
        if error is not None:
            opened.undo()
            if isinstance(error, opened.failures):
                raise opened.explain(error) from error
            return
        try:
            opened.end()
        except BaseException as failed:
            opened.undo()
            if isinstance(failed, opened.failures):
                raise opened.explain(failed) from failed
            raise


def execute(sql: str, values: Sequence[Any] = ()) -> int:
    """How many rows one constant statement changed, its values bound, on this thread's
    connection. Raises what the database raises: it is for within `tx` or `guard`."""
    changed: int = database.obj.change(sql, values)
    return changed


def fetch(sql: str, values: Sequence[Any] = ()) -> list[Any]:
    """All that one constant statement finds. Raises as `guard` does."""
    opened = database.obj
    try:
        found: list[Any] = opened.find(sql, values)
    except opened.failures as error:
        raise opened.explain(error) from error
    return found


def fetch_one(sql: str, values: Sequence[Any] = ()) -> Any:
    """The first row that one constant statement finds; None for none. Raises as `guard` does."""
    return next(iter(fetch(sql, values)), None)


def hold(session_id: str) -> None:
    """Let nobody else change a session, or any other of its family, before this transaction
    ends."""
    database.obj.hold(session_id)


def now() -> datetime:
    """The time by the database's clock, which all who work on it share."""
    time: datetime = database.obj.now()
    return time


@contextmanager
def guard() -> Iterator[None]:
    """Turn what the open database says into an error in words that a person can act on: StoreBusy,
    StoreUnusable, Refused, InvalidInput."""
    try:
        yield
    except database.obj.failures as error:
        raise database.obj.explain(error) from error
