"""Clients of a model server, closed in the end."""

from collections.abc import Iterator

import pytest

from tests.testing.http_client import Client


@pytest.fixture
def clients() -> Iterator[list[Client]]:
    """Clients to be closed."""
    opened: list[Client] = []
    yield opened
    for client in opened:
        client.connection.close()
