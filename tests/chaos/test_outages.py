"""A PostgreSQL server that fails: it dies and comes back, or ends its connections; who works on it
goes on by itself, and nothing is lost."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, TypeVar

import psutil
import psycopg
import pytest

from interlock import Scope, accounts, plugins
from interlock.engine.errors import StoreLost
from interlock.sessions import recent
from interlock.store.connection import connect, disconnect
from tests.acceptance.user import User, wait_until
from tests.chaos import ledger
from tests.chaos.conftest import URL
from tests.chaos.scale import Chance, sizes
from tests.chaos.test_kills import yard_of
from tests.server import Server, close_connections, start

BACK_SECONDS = 10.0
"""After so long all is at work again."""
T = TypeVar("T")
NUMBERS = count(1)

OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


class Outages:
    """A server of its own, which can be made to fail."""

    def __init__(self) -> None:
        self._started = start(f"outages-{os.getpid()}-{next(NUMBERS)}")
        self.server = Server(self._started.get_uri(), "outages")
        self.url = self.server.url_of(self.server.create())

    def end_connections(self) -> None:
        """End every connection but its own."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(OTHERS)

    def die(self) -> None:
        """kill -9 of all of it, then start it again: it recovers from its log."""
        postmaster = psutil.Process(self._started.get_pid())
        processes = [postmaster, *postmaster.children()]
        os.kill(postmaster.pid, signal.SIGKILL)
        for process in processes[1:]:
            process.kill()
        psutil.wait_procs(processes, timeout=60)
        self._started.ensure_postgres_running()

    def stop(self) -> None:
        """Have it end in good order and start it again."""
        self._started.stop()
        self._started.ensure_postgres_running()

    def close(self) -> None:
        """Take it away."""
        self._started.cleanup()


@pytest.fixture
def outages() -> Iterator[Outages]:
    """A server that can fail."""
    made = Outages()
    yield made
    close_connections()
    made.close()


@pytest.fixture
def scope(user: User, outages: Outages) -> Scope:
    """Somebody whose database is on that server."""
    disconnect()
    user.environ[URL] = outages.url
    recent.forget()
    plugins.forget()
    connect(outages.url)
    return accounts.enter("acme", "site")


def insist(ask: Callable[[], T]) -> T:
    """What is answered once the server is there again."""
    while True:
        try:
            return ask()
        except StoreLost:
            time.sleep(0.1)


@sizes(3, 120)
def test_who_works_goes_on_when_the_server_is_back(
    user: User, scope: Scope, outages: Outages, chance: Chance, size: int
) -> None:
    """As with kills: what was acknowledged is there, nothing is there twice, and all of it ends."""
    longest, acts = 0.0, [outages.end_connections, outages.die, outages.stop]
    with yard_of(user, scope) as yard:
        yard.stock()
        wait_until(lambda: bool(ledger.lines(yard.effects) and ledger.lines(yard.acks)))
        for number in range(size):
            insist(yard.stock)
            time.sleep(chance.uniform(0, 1))
            acts[number % len(acts) if size <= len(acts) else chance.randrange(len(acts))]()
            insist(yard.stock)
            yard.has_moved()
            began = time.monotonic()
            wait_until(yard.has_moved)
            longest = max(longest, time.monotonic() - began)
        assert all(process.poll() is None for process in _lasting(yard.running)), chance.told
        yard.settle(chance)
    chance.report("outages", size)
    chance.report("longest_until_work_s", round(longest, 2))
    if size > len(acts):
        assert longest <= BACK_SECONDS, chance.told


def _lasting(running: dict[str, Any]) -> list[Any]:
    """All but the runner of one session, which ends with it."""
    return [process for name, process in running.items() if name != "runner"]
