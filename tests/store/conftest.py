"""One suite for every database: each test runs on an empty one of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database

from interlock.store.connection import connect, disconnect

KINDS = ("sqlite",)


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that is not there yet."""
    return {"sqlite": f"sqlite:///{tmp_path / 'interlock.db'}"}[request.param]


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The open database of this process, empty, with the schema of today."""
    opened = connect(url)
    yield opened
    disconnect()
