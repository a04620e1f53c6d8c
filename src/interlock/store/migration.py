"""Numbered migrations: which there are, and bringing a database up to the newest."""

from __future__ import annotations

from pathlib import Path

from peewee import Database, PeeweeException

from interlock.engine.errors import StoreUnusable

DIRECTORY = Path(__file__).parent / "migrations"


def names() -> list[str]:
    """Every migration of this version of Interlock, in order."""
    return sorted(path.stem for path in DIRECTORY.glob("[0-9]*.py"))


def applied(database: Database) -> list[str]:
    """The migrations a database already has, in order; none in a new one."""
    try:
        rows = database.execute_sql("SELECT name FROM schema_migration ORDER BY name").fetchall()
    except PeeweeException as error:
        if "no such table" not in str(error):
            raise
        return []
    return [str(name) for (name,) in rows]


def migrate(database: Database) -> list[str]:
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
    from playhouse.migrations import Runner

    with database.atomic("IMMEDIATE"):
        done: list[str] = Runner(database, str(DIRECTORY)).up()
    return done
