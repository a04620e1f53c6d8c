"""A backup made the database again, so that whoever worked on what was there can write no more:
a file by us, the database of a server by the server's own programs."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw

from interlock.engine.errors import Refused, StoreUnusable
from interlock.store import connection, maintenance
from interlock.store.sqlite import explaining
from interlock.store.tables import database

EPOCH = 2**32
"""What is added to the version of every session: no holder of before can know such a version, and
no session reaches the next by itself."""

VOID = f"UPDATE session SET version = version + {EPOCH}, lease_owner = NULL, lease_until = NULL"


def restore(backup: Path, aside: Path) -> int:
    """How many sessions the open database has now, all of its content replaced by the backup's.

    What was there is copied to the new file `aside` first. Every lease is void, and every holder's
    next write finds another version. Raises Refused, StoreUnusable; nothing has changed then.
    """
    maintenance.require_file()
    require_database(backup)
    maintenance.back_up(aside)
    with TemporaryDirectory(dir=aside.parent, prefix=".restore-") as folder, explaining(backup):
        prepared = Path(folder) / "interlock.db"
        _copy(backup, prepared)
        with closing(apsw.Connection(str(prepared))) as source:
            source.execute(VOID)
            with database.connection().backup("main", source, "main") as copy:
                copy.step()
    url = f"sqlite:///{connection.location()}"
    connection.disconnect()
    connection.connect(url)  # a backup of an older version is brought up to date
    return maintenance.count_sessions()


def void_leases() -> int:
    """How many sessions the open database has, which its server's own programs restored: every
    lease is void from now on, as after `restore`. Raises Refused."""
    opened = connection.backend()
    if opened.is_file:
        raise Refused(f"name the backup that {opened.location} shall be again")
    maintenance.require_all_accounts()
    with connection.tx():
        connection.execute(VOID)
    return maintenance.count_sessions()


def require_database(file: Path) -> None:
    """Raise Refused when a file is not there, StoreUnusable when it is no sound database of
    Interlock's."""
    if not file.is_file():
        raise Refused(f"there is no file {file}; `interlock db backup` makes one")
    with (
        explaining(file),
        closing(apsw.Connection(str(file), apsw.SQLITE_OPEN_READONLY)) as source,
    ):
        tables = source.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        if not {("session",), ("interaction",), ("schema_migration",)} <= {*tables}:
            raise StoreUnusable(f"{file} is no database of Interlock's; name a backup")
        told = source.execute("PRAGMA integrity_check").fetchall()
        if told != [("ok",)]:
            raise StoreUnusable(f"{file} is damaged ({told[0][0]}); name another backup")


def _copy(file: Path, target: Path) -> None:
    with (
        closing(apsw.Connection(str(file), apsw.SQLITE_OPEN_READONLY)) as source,
        closing(apsw.Connection(str(target))) as copy,
        copy.backup("main", source, "main") as backup,
    ):
        backup.step()
