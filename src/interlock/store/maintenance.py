"""The database file as a whole: what is in it, whether it is sound, and a copy of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
from attrs import frozen

from interlock.engine.errors import Refused, StoreUnusable
from interlock.engine.values import Scope
from interlock.store import connection, migration
from interlock.store.connection import fetch, fetch_one, guard
from interlock.store.tables import database


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


def table_sizes() -> list[TableSize]:
    """Every table, by name."""
    sql = (
        "SELECT name FROM sqlite_schema WHERE type = 'table' "
        "AND name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    sizes = _bytes_by_table()
    return [
        TableSize(
            str(name), int(fetch_one(f'SELECT count(*) FROM "{name}"')[0]), sizes.get(str(name), 0)
        )
        for (name,) in fetch(sql)
    ]


def largest_sessions(scope: Scope, limit: int) -> list[SessionSize]:
    """The sessions in scope with most text, largest first."""
    where, values = "s.account_id = ?", [scope.account_id]
    if scope.project_id is not None:
        where, values = f"{where} AND s.project_id = ?", [*values, scope.project_id]
    rows = "SELECT sum(length(command) + ifnull(length(result), 0)) FROM interaction"
    told = "SELECT sum(length(data)) FROM event"
    sql = (
        "SELECT s.id, s.type, s.seq, (SELECT count(*) FROM event WHERE session_id = s.id), "
        f"ifnull(({rows} WHERE session_id = s.id), 0) + "
        f"ifnull(({told} WHERE session_id = s.id), 0) AS size "
        f"FROM session s WHERE {where} ORDER BY size DESC, s.id LIMIT ?"
    )
    return [SessionSize(*found) for found in fetch(sql, (*values, limit))]


def faults() -> list[str]:
    """What is wrong with the file: its pages and indexes, then rows whose owner is gone."""
    told = [str(said) for (said,) in fetch("PRAGMA integrity_check")]
    orphans = fetch("PRAGMA foreign_key_check")
    return [f"integrity: {said}" for said in told if said != "ok"] + [
        f"row {row} of {table} belongs to a row of {parent} that is not there"
        for table, row, parent, _ in orphans
    ]


def every_session() -> Iterator[tuple[Scope, str]]:
    """Every session of the file, in its own account's scope."""
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
    """How many sessions the file has."""
    return int(fetch_one("SELECT count(*) FROM session")[0])


def pending(url: str) -> list[str]:
    """The migrations that the database at a URL does not have yet. The file is not changed.

    Raises StoreUnusable.
    """
    place = Path(connection.path_of(url))
    if not place.exists():
        return migration.names()
    with guard(str(place)), closing(apsw.Connection(str(place), apsw.SQLITE_OPEN_READONLY)) as file:
        try:
            found = file.execute("SELECT name FROM schema_migration").fetchall()
        except apsw.SQLError as error:
            if "no such table" not in str(error):
                raise
            found = []
    have = {str(name) for (name,) in found}
    return [name for name in migration.names() if name not in have]


def place_of(url: str) -> Path:
    """The file of the database at a URL, which need not exist. Raises StoreUnusable."""
    return Path(connection.path_of(url))


def back_up(target: Path) -> int:
    """The size in bytes of the new file, a copy of the open database as it is at one moment.

    Raises Refused when the file exists, StoreUnusable when it cannot be written.
    """
    try:
        target.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise Refused(f"{target} exists; name a file that does not") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreUnusable(f"{target} cannot be written: {reason}") from None
    try:
        with guard(), closing(apsw.Connection(str(target))) as copy:
            with copy.backup("main", database.connection(), "main") as backup:
                backup.step()
            copy.execute("PRAGMA journal_mode = delete")
        return target.stat().st_size
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _bytes_by_table() -> dict[str, int]:
    found = fetch(
        "SELECT s.tbl_name, sum(d.pgsize) FROM dbstat d "
        "JOIN sqlite_schema s ON s.name = d.name GROUP BY s.tbl_name"
    )
    return {str(name): int(size) for name, size in found}
