"""A database that keeps accounts apart by itself, with rows of two, and ways past the store to
ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from attrs import frozen

from interlock import Scope, Session
from interlock.store import acting, walls
from interlock.store.connection import connect, disconnect
from interlock.store.tables import database
from tests.server import Server, close_connections
from tests.store.samples import enter, fill

TABLES = [
    name
    for name, rights in walls.RIGHTS.items()
    if name != "schema_migration" and not rights.by_workers
]
"""Those that have something of an account."""


@frozen
class Walled:
    """Open as the application's role."""

    server: Server
    url: str
    administrator: str
    """The URL of somebody who is shown all."""
    scope: Scope
    stranger: Scope
    session: Session
    """Of the scope, with an open row."""
    foreign: Session
    """The stranger's."""

    def url_as(self, role: str) -> str:
        """The URL for the role `app` or `worker`."""
        return self.server.url_as(role, self.administrator)

    def ask(self, sql: str) -> list[Any]:
        """What a statement of an administrator finds, outside Interlock."""
        return ask(self.administrator, sql)

    def count(self) -> dict[str, int]:
        """How many rows each table has."""
        return {name: self.ask(f'SELECT count(*) FROM "{name}"')[0][0] for name in TABLES}

    def turn_to(self, url: str) -> None:
        """Have another database, or role, be the open one."""
        close_connections()
        connect(url)


def ask(url: str, sql: str) -> list[Any]:
    """What a statement finds, committed by itself."""
    with psycopg.connect(url, autocommit=True) as other:
        done = other.execute(sql.encode())
        return done.fetchall() if done.description else []


def raw(sql: str, values: Sequence[Any] = ()) -> list[Any]:
    """What a statement finds on a connection of the pool, past all that names an account."""
    done = database.execute_sql(sql, values)
    return list(done.fetchall()) if done.description else []


def shown() -> dict[str, int]:
    """How many rows of each table such a statement finds."""
    return {name: raw(f'SELECT count(*) FROM "{name}"')[0][0] for name in TABLES}


def asked_by(scope: Scope, question: Callable[[], Any]) -> Any:
    """What a question finds for an account."""
    with acting.acting(scope.account_id):
        return question()


@contextmanager
def keeping_apart(server: Server) -> Iterator[Walled]:
    """A database with a row of every kind in both accounts."""
    with server.walled_database() as url:
        connect(url)
        scope, stranger = enter(), enter("other")
        session, foreign = fill(scope), fill(stranger)
        administrator = server.url_of(url.partition("?")[0].rpartition("/")[2])
        yield Walled(server, url, administrator, scope, stranger, session, foreign)
        disconnect()
