"""The store: the one place that knows the database, and that imports peewee and cattrs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

DRIVERS = ("psycopg2cffi", "psycopg2", "psycopg", "pymysql", "MySQLdb")


@contextmanager
def without_drivers() -> Iterator[None]:
    """Have peewee find no driver of a server that is not imported yet: it takes every one there is,
    needed or not, and they take longer than all of Interlock. `driver` brings the one it needs."""
    hidden = [name for name in DRIVERS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: there is none
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with without_drivers():
    import peewee  # noqa: F401
