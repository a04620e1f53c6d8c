"""What tells sessions in queues apart, in words that every kind of database understands."""

from __future__ import annotations

from typing import Any

from peewee import Database

BETWEEN = "\x1f"
LANE = (
    f"queue || '{BETWEEN}' || type || '{BETWEEN}' || account_id || '{BETWEEN}' || "
    f"coalesce(project_id, '') || '{BETWEEN}' || CAST(priority AS TEXT)"
)
QUEUED = (
    f"CREATE INDEX session_queued ON session (({LANE}), ready_at) "
    "WHERE status = 'active' AND queue IS NOT NULL AND ready_at IS NOT NULL"
)
PLACE = (
    "CREATE UNIQUE INDEX budget_place ON budget "
    "(account_id, coalesce(project_id, ''), coalesce(session_id, ''), coalesce(step, ''))"
)
BEFORE = (
    "CREATE INDEX session_queued ON session "
    "(json_array(queue, type, account_id, project_id, priority), ready_at) "
    "WHERE status = 'active' AND queue IS NOT NULL AND ready_at IS NOT NULL"
)


def up(migrator: Any, db: Database) -> None:
    """Make both indexes anew."""
    db.execute_sql("DROP INDEX IF EXISTS session_queued")
    db.execute_sql(QUEUED)
    db.execute_sql("DROP INDEX IF EXISTS budget_place")
    db.execute_sql(PLACE)


def down(migrator: Any, db: Database) -> None:
    """Make the first as it was."""
    db.execute_sql("DROP INDEX session_queued")
    db.execute_sql(BEFORE)
