"""Queues: which sessions workers take, when each is ready, and what finds those."""

from __future__ import annotations

from typing import Any

from peewee import Database, SqliteDatabase

COLUMNS = (
    '"queue" {text} CHECK (length(queue) > 0)',
    '"priority" {number} NOT NULL DEFAULT 0',
    '"ready_at" {time}',
)
SQLITE = {"text": "TEXT", "number": "INTEGER", "time": "DATETIME"}
POSTGRES = {"text": 'TEXT COLLATE "C"', "number": "BIGINT", "time": "TIMESTAMPTZ"}
QUEUED = (
    "CREATE INDEX session_queued ON session "
    "(json_array(queue, type, account_id, project_id, priority), ready_at) "
    "WHERE status = 'active' AND queue IS NOT NULL AND ready_at IS NOT NULL"
)
LEASED = "CREATE INDEX session_leased ON session (lease_owner) WHERE lease_owner IS NOT NULL"


def up(migrator: Any, db: Database) -> None:
    """Add the columns and the indexes. Sessions that are there are in no queue."""
    words = SQLITE if isinstance(db, SqliteDatabase) else POSTGRES
    for column in COLUMNS:
        db.execute_sql(f"ALTER TABLE session ADD COLUMN {column.format(**words)}")
    for index in (QUEUED, LEASED) if words is SQLITE else (LEASED,):  # 0007 makes the other anew
        db.execute_sql(index)


def down(migrator: Any, db: Database) -> None:
    """Drop both indexes and the columns."""
    for index in ("session_queued", "session_leased"):
        db.execute_sql(f"DROP INDEX {index}")
    for column in ("ready_at", "priority", "queue"):
        db.execute_sql(f"ALTER TABLE session DROP COLUMN {column}")
