"""The database as a whole: what is in it, whether it is sound, and a copy of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import apsw
from attrs import frozen

from interlock.engine.errors import Refused, StoreUnusable
from interlock.engine.values import Scope
from interlock.store import connection, migration
from interlock.store.acting import NOBODY, acting, scoped
from interlock.store.connection import Backend, backend, fetch, fetch_one
from interlock.store.sqlite import explaining
from interlock.store.tables import database

FILE_TABLES = (
    "SELECT t.name, (SELECT sum(d.pgsize) FROM dbstat d "
    "JOIN sqlite_schema s ON s.name = d.name WHERE s.tbl_name = t.name) "
    "FROM sqlite_schema t WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name"
)
SERVER_TABLES = (
    "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace "
    "AND has_table_privilege(oid, 'SELECT') ORDER BY relname"
)
FLUSHING = "SELECT name FROM pg_settings WHERE setting = 'off' AND name IN (?, ?) ORDER BY name"
DURABLE = ("fsync", "full_page_writes")
NOT_VALID = (
    "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid "
    "UNION ALL SELECT conname FROM pg_constraint WHERE NOT convalidated ORDER BY 1"
)


@frozen
class TableSize:
    """A table with its indexes."""

    name: str
    rows: int
    bytes: int
    """On disk."""


@frozen
class SessionSize:
    """A session and what its log takes."""

    id: str
    type: str
    interactions: int
    events: int
    bytes: int
    """Of the text of its log and events, without blobs."""


@scoped
def table_sizes(scope: Scope) -> list[TableSize]:
    """Every table, by name; with the rows of the scope's account alone where the database shows no
    others."""
    return [
        TableSize(str(name), int(fetch_one(f'SELECT count(*) FROM "{name}"')[0]), int(size))
        for name, size in fetch(FILE_TABLES if backend().is_file else SERVER_TABLES)
    ]


def size() -> int:
    """Bytes of the whole database on disk."""
    if backend().is_file:
        return Path(backend().location).stat().st_size
    with acting(NOBODY):
        return int(fetch_one("SELECT pg_database_size(current_database())")[0])


@scoped
def largest_sessions(scope: Scope, limit: int) -> list[SessionSize]:
    """The sessions in scope with most text, largest first."""
    where, values = "s.account_id = ?", [scope.account_id]
    if scope.project_id is not None:
        where, values = f"{where} AND s.project_id = ?", [*values, scope.project_id]
    rows = "SELECT sum(length(command) + coalesce(length(result), 0)) FROM interaction"
    told = "SELECT sum(length(data)) FROM event"
    sql = (
        "SELECT s.id, s.type, s.seq, (SELECT count(*) FROM event WHERE session_id = s.id), "
        f"coalesce(({rows} WHERE session_id = s.id), 0) + "
        f"coalesce(({told} WHERE session_id = s.id), 0) AS size "
        f"FROM session s WHERE {where} ORDER BY size DESC, s.id LIMIT ?"
    )
    return [SessionSize(*found) for found in fetch(sql, (*values, limit))]


def faults() -> list[str]:
    """What is wrong with a file: its pages and indexes, then rows whose owner is gone. With a
    server's database: its indexes and keys that it says are not valid."""
    if not backend().is_file:
        with acting(NOBODY):
            return [f"integrity: {name} is not valid" for (name,) in fetch(NOT_VALID)]
    told = [str(said) for (said,) in fetch("PRAGMA integrity_check")]
    orphans = fetch("PRAGMA foreign_key_check")
    return [f"integrity: {said}" for said in told if said != "ok"] + [
        f"row {row} of {table} belongs to a row of {parent} that is not there"
        for table, row, parent, _ in orphans
    ]


def every_session() -> Iterator[tuple[Scope, str]]:
    """Every session of the database, in its own account's scope. Raises Refused where this role
    is shown one account at a time."""
    require_all_accounts()
    after = ""
    while True:
        found = fetch(
            "SELECT id, account_id FROM session WHERE id > ? ORDER BY id LIMIT 500", (after,)
        )
        if not found:
            return
        for session_id, account_id in found:
            yield Scope(account_id), session_id
        after = found[-1][0]


def count_sessions() -> int:
    """How many sessions the database has. Raises as `every_session`."""
    require_all_accounts()
    return int(fetch_one("SELECT count(*) FROM session")[0])


def pending(url: str) -> list[str]:
    """The migrations that the database at a URL does not have yet. The file is not changed.

    Raises StoreUnusable.
    """
    chosen = connection.choose(url)
    if not chosen.is_file:
        return _pending_on(chosen)
    place = Path(chosen.location)
    if not place.exists():
        return migration.names()
    with explaining(place), closing(apsw.Connection(str(place), apsw.SQLITE_OPEN_READONLY)) as file:
        try:
            found = file.execute("SELECT name FROM schema_migration").fetchall()
        except apsw.SQLError as error:
            if "no such table" not in str(error):
                raise
            found = []
    have = {str(name) for (name,) in found}
    return [name for name in migration.names() if name not in have]


def _pending_on(chosen: Any) -> list[str]:
    with _opened(chosen):
        have = migration.applied(chosen)
    return [name for name in migration.names() if name not in have]


def keeps_apart(url: str) -> bool:
    """True where the database at a URL shows one account at a time. Raises StoreUnusable."""
    chosen = connection.choose(url)
    with _opened(chosen):
        return bool(chosen.is_walled)


def unsafe_settings(url: str) -> list[str]:
    """The settings without which the server at a URL loses commits when its machine crashes, and
    that are off. Raises StoreUnusable."""
    chosen = connection.choose(url)
    with _opened(chosen), acting(NOBODY):
        return [str(name) for (name,) in chosen.find(FLUSHING, DURABLE)]


@contextmanager
def _opened(chosen: Any) -> Iterator[None]:
    try:
        chosen.open()
        yield
    except chosen.failures as error:
        raise chosen.explain(error) from error
    finally:
        chosen.close_all()


def place_of(url: str) -> str:
    """What people call the database at a URL: a path, or where the server is, without a password.
    Raises StoreUnusable."""
    return str(connection.choose(url).location)


def is_file(url: str) -> bool:
    """True where a URL names a file, which need not exist. Raises StoreUnusable."""
    return bool(connection.choose(url).is_file)


def is_there(url: str) -> bool:
    """False of a file that is not there yet. Raises StoreUnusable."""
    chosen = connection.choose(url)
    return not chosen.is_file or Path(chosen.location).exists()


def require_all_accounts(opened: Backend | None = None) -> None:
    """Raise Refused where a database, else the open one, shows this role one account at a time."""
    opened = opened or backend()
    if opened.is_walled:
        raise Refused(
            f"this looks at every account, and this role is shown one at a time in "
            f"{opened.location}; name an administrator in its URL"
        )


def require_file() -> None:
    """Raise Refused where the open database is no file, which is what can be copied."""
    if not backend().is_file:
        raise Refused(
            f"{connection.location()} is copied and restored by PostgreSQL's own programs: "
            "pg_dump and pg_restore, and `interlock db restore` without a file after that"
        )


def back_up(target: Path) -> int:
    """The size in bytes of the new file, a copy of the open database as it is at one moment.

    Raises Refused when the file exists, StoreUnusable when it cannot be written.
    """
    require_file()
    try:
        target.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise Refused(f"{target} exists; name a file that does not") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreUnusable(f"{target} cannot be written: {reason}") from None
    try:
        with explaining(connection.location()), closing(apsw.Connection(str(target))) as copy:
            with copy.backup("main", database.connection(), "main") as backup:
                backup.step()
            copy.execute("PRAGMA journal_mode = delete")
        return target.stat().st_size
    except BaseException:
        target.unlink(missing_ok=True)
        raise
