"""The store: the one place that knows the database, and that imports peewee and cattrs."""

from __future__ import annotations

import sys

DRIVERS = ("psycopg2cffi", "psycopg2", "psycopg", "pymysql", "MySQLdb")


def _import_peewee() -> None:
    """Import peewee without the drivers of servers: it takes every one it finds, needed or not,
    and they take longer than all of Interlock. `postgres` brings the one it needs."""
    hidden = [name for name in DRIVERS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: there is none
    try:
        import peewee  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]


_import_peewee()
