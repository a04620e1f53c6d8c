"""Numbered migrations: which there are, and bringing a database up to the newest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from peewee import Database

from interlock.engine.errors import StoreUnusable
from interlock.store import without_drivers

DIRECTORY = Path(__file__).parent / "migrations"


def names() -> list[str]:
    """Every migration of this version of Interlock, in order."""
    return sorted(path.stem for path in DIRECTORY.glob("[0-9]*.py"))


def applied(database: Database) -> list[str]:
    """The migrations a database already has, in order; none in a new one."""
    if not database.table_exists("schema_migration"):
        return []
    rows = database.execute_sql("SELECT name FROM schema_migration ORDER BY name").fetchall()
    return [str(name) for (name,) in rows]


def migrate(database: Any) -> list[str]:
    """Apply what is missing, all in one transaction, and return the names of what was applied.

    Raises StoreUnusable for a database of a newer version.
    """
    have, known = applied(database), names()
    if have == known:
        return []
    if set(have) - set(known):
        raise StoreUnusable(
            f"the database was made by a newer Interlock (it has {have[-1]}); upgrade this one"
        )
    if database.is_walled:
        raise StoreUnusable(
            f"{database.location} is to be brought up to date, which this role may not do: "
            "`interlock db migrate` does it with the URL of an administrator"
        )
    with without_drivers():
        from playhouse.migrations import Runner

    with database.alone(), database.as_owner():
        done: list[str] = Runner(database, str(DIRECTORY)).up()
    return done
