"""The database as a whole: opening it, and looking after its file."""

from __future__ import annotations

from interlock.store import connection
from interlock.store.connection import now
from interlock.store.disk import is_sound, sqlite_version
from interlock.store.maintenance import (
    SessionSize,
    TableSize,
    back_up,
    count_sessions,
    every_session,
    faults,
    is_file,
    is_there,
    keeps_apart,
    largest_sessions,
    pending,
    place_of,
    require_file,
    size,
    table_sizes,
    unsafe_settings,
)
from interlock.store.restoration import require_database, restore, void_leases
from interlock.store.roles import set_up as set_up_roles
from interlock.store.transfer import Carried, Move, move

__all__ = [
    "Carried",
    "Move",
    "SessionSize",
    "TableSize",
    "back_up",
    "count_sessions",
    "every_session",
    "faults",
    "is_file",
    "is_sound",
    "is_there",
    "keeps_apart",
    "largest_sessions",
    "move",
    "now",
    "open_database",
    "pending",
    "place_of",
    "require_database",
    "require_file",
    "restore",
    "set_up_roles",
    "size",
    "sqlite_version",
    "table_sizes",
    "unsafe_settings",
    "void_leases",
]


def open_database(url: str) -> str:
    """Where the database at a URL is, open for this process; it is made and brought up to date
    where it must be. Raises StoreUnusable."""
    connection.connect(url)
    return connection.location()
