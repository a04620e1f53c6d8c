"""One suite for every database: each test runs on an empty one of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database

from interlock.store.connection import connect, disconnect
from tests.server import Server
from tests.store.kinds import KINDS
from tests.store.walled import Walled, keeping_apart


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that has nothing in it: a file that is not there yet, or one with
    tables on a server."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'interlock.db'}"
        return
    server: Server = request.getfixturevalue("server")
    with server.database(again=True) as made:
        yield made


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The open database of this process, empty, with the schema of today."""
    opened = connect(url)
    yield opened
    disconnect()


@pytest.fixture
def walled(server: Server) -> Iterator[Walled]:
    """A database that keeps accounts apart, open as the application's role."""
    with keeping_apart(server) as made:
        yield made
