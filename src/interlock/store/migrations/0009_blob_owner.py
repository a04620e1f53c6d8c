"""Each payload kept apart has an account: one that two have is kept for each of them."""

from __future__ import annotations

from typing import Any

from peewee import BlobField, CompositeKey, Database, IntegerField, Model, TextField

MARK = '{ "blob":'
REFERRING = (
    ("session", "input"),
    ("session", "state"),
    ("interaction", "command"),
    ("interaction", "result"),
    ("event", "data"),
)
OWNED = " UNION ".join(
    f"SELECT substr({column}, {len(MARK) + 2}, 64) AS digest, account_id FROM {table} "
    f"WHERE substr({column}, 1, {len(MARK)}) = '{MARK}'"
    for table, column in REFERRING
)
"""What no row refers to any more belongs to nobody."""


class Blob(Model):
    digest = TextField()
    account_id = TextField()
    size = IntegerField()
    content = BlobField()

    class Meta:
        legacy_table_names = False
        primary_key = CompositeKey("digest", "account_id")


class Before(Model):
    digest = TextField(primary_key=True)
    size = IntegerField()
    content = BlobField()

    class Meta:
        table_name = "blob"


def up(migrator: Any, db: Database) -> None:
    """Make the table anew, with a row for each account that refers to the payload."""
    _replace(db, Blob)
    db.execute_sql(
        "INSERT INTO blob (digest, account_id, size, content) SELECT b.digest, o.account_id, "
        f"b.size, b.content FROM blob_before b JOIN ({OWNED}) o ON o.digest = b.digest"
    )
    db.execute_sql("DROP TABLE blob_before")


def down(migrator: Any, db: Database) -> None:
    """Make the table as it was."""
    _replace(db, Before)
    db.execute_sql(
        "INSERT INTO blob (digest, size, content) SELECT digest, size, content FROM blob_before "
        "WHERE true ON CONFLICT DO NOTHING"
    )
    db.execute_sql("DROP TABLE blob_before")


def _replace(db: Database, model: type[Model]) -> None:
    # Not renamed: its constraints would keep names that the new one's are to have.
    db.execute_sql("CREATE TABLE blob_before AS SELECT * FROM blob")
    db.execute_sql("DROP TABLE blob")
    with db.bind_ctx((model,), bind_refs=False, bind_backrefs=False):
        db.create_tables((model,), safe=False)
