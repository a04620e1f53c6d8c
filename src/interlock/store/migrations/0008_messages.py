"""The tables of Procrastinate, which has the messages of queues on PostgreSQL."""

from __future__ import annotations

from typing import Any

from peewee import Database, SqliteDatabase

from interlock.store import messages

# Without it each message that is received is compared with all others: Procrastinate's own index
# begins with another column.
BY_LOCK = (
    "CREATE INDEX interlock_message_lock ON procrastinate_jobs (lock) "
    "WHERE status IN ('todo', 'doing')"
)


def up(migrator: Any, db: Database) -> None:
    """Create them as the library that is installed brings them, and note which it was."""
    if isinstance(db, SqliteDatabase):
        return  # workers look for themselves there
    note = f"COMMENT ON TABLE procrastinate_jobs IS '{messages.SCHEMA}'"
    for statement in (messages.schema(), BY_LOCK, note):
        db.connection().execute(statement)


def down(migrator: Any, db: Database) -> None:
    """Nothing: messages are hints, and tables that nobody reads do no harm."""
