"""The database as a whole: opening it, and looking after its file."""

from __future__ import annotations

from pathlib import Path

from interlock.store import connection
from interlock.store.disk import is_sound, sqlite_version
from interlock.store.maintenance import (
    SessionSize,
    TableSize,
    back_up,
    count_sessions,
    every_session,
    faults,
    largest_sessions,
    pending,
    place_of,
    table_sizes,
)
from interlock.store.restoration import require_database, restore

__all__ = [
    "SessionSize",
    "TableSize",
    "back_up",
    "count_sessions",
    "every_session",
    "faults",
    "is_sound",
    "largest_sessions",
    "open_database",
    "pending",
    "place_of",
    "require_database",
    "restore",
    "sqlite_version",
    "table_sizes",
]


def open_database(url: str) -> Path:
    """The file of the database at a URL, open for this process; it is made and brought up to date
    where it must be. Raises StoreUnusable."""
    connection.connect(url)
    return Path(connection.location())
