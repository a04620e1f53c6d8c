"""The table of what was deleted."""

from __future__ import annotations

from typing import Any

from peewee import Database, DateTimeField, IntegerField, Model, TextField


class Tombstone(Model):
    session_id = TextField(primary_key=True)
    account_id = TextField()
    project_id = TextField(null=True)
    user_id = TextField(null=True)
    type = TextField()
    seq = IntegerField()
    head = TextField()
    deleted_at = DateTimeField()

    class Meta:
        legacy_table_names = False


def up(migrator: Any, db: Database) -> None:
    """Create the table."""
    with db.bind_ctx((Tombstone,), bind_refs=False, bind_backrefs=False):
        db.create_tables((Tombstone,), safe=False)


def down(migrator: Any, db: Database) -> None:
    """Drop the table."""
    db.execute_sql("DROP TABLE tombstone")
