"""The chain over each log, linked from the rows as they are."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from peewee import Database, SqliteDatabase

ROWS = (
    "SELECT seq, step, attempt, command, inserted_at, due_at, status, result, submitted, "
    "completed_at FROM interaction WHERE session_id = ? ORDER BY seq"
)


def up(migrator: Any, db: Database) -> None:
    """Add both columns, then link every row that is there."""
    text = "TEXT" if isinstance(db, SqliteDatabase) else 'TEXT COLLATE "C"'
    db.execute_sql(f"ALTER TABLE session ADD COLUMN \"head\" {text} NOT NULL DEFAULT ''")
    db.execute_sql(f"ALTER TABLE interaction ADD COLUMN \"digest\" {text} NOT NULL DEFAULT ''")
    found = db.execute_sql("SELECT id, account_id, type, input FROM session").fetchall()
    for session_id, *facts in found:
        head = _link("", session_id, *facts)
        for seq, *rest in db.execute_sql(ROWS, (session_id,)).fetchall():
            head = _link(head, seq, *rest[:5])
            head = head if rest[5] == "open" else _link(head, *rest[5:])
            db.execute_sql(
                "UPDATE interaction SET digest = ? WHERE session_id = ? AND seq = ?",
                (head, session_id, seq),
            )
        db.execute_sql("UPDATE session SET head = ? WHERE id = ?", (head, session_id))


def _link(digest: str, *facts: object) -> str:
    told = "\0".join("\x01" if fact is None else str(fact) for fact in (digest, *facts))
    return sha256(told.encode()).hexdigest()


def down(migrator: Any, db: Database) -> None:
    """Drop both columns."""
    db.execute_sql("ALTER TABLE interaction DROP COLUMN digest")
    db.execute_sql("ALTER TABLE session DROP COLUMN head")
