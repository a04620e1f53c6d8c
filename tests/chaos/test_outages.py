"""A PostgreSQL server that fails: it dies and comes back, or ends its connections; who works on it
goes on by itself, and nothing is lost."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
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
from tests.chaos.test_kills import Yard, yard_of
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
        postmaster.suspend()  # so that it starts no more of them
        processes = [*postmaster.children(), postmaster]
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # it has just ended by itself
                process.kill()
        psutil.wait_procs(processes)
        self._begin()

    def stop(self) -> None:
        """Have it end in good order and start it again."""
        self._started.stop()
        self._begin()

    def _begin(self) -> None:
        """Start it; whoever starts it gives up after ten seconds, which a slow machine may need."""

        def is_up() -> bool:
            try:
                self._started.ensure_postgres_running()
            except (subprocess.SubprocessError, AssertionError):
                return False
            return True

        wait_until(is_up)

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


@sizes(0, 1800)
def test_who_works_goes_on_when_the_server_is_back(
    user: User, scope: Scope, outages: Outages, chance: Chance, size: int
) -> None:
    """One outage of each kind, and then any for so many seconds. As with kills: what was
    acknowledged is there, nothing is there twice, and all of it ends."""
    took: list[float] = []
    acts = [outages.end_connections, outages.die, outages.stop]
    with yard_of(user, scope) as yard:
        yard.stock()
        wait_until(lambda: bool(ledger.lines(yard.effects) and ledger.lines(yard.acks)))
        end = time.monotonic() + size
        while len(took) < len(acts) or time.monotonic() < end:
            insist(yard.stock)
            _run_another(yard)
            time.sleep(chance.uniform(0, 1))
            act = acts[len(took)] if len(took) < len(acts) else chance.choice(acts)
            act()
            insist(yard.stock)
            yard.has_moved()
            began = time.monotonic()
            wait_until(yard.has_moved)
            took.append(time.monotonic() - began)
        assert all(process.poll() is None for process in _lasting(yard.running)), chance.told
        yard.settle(chance)
    chance.report("outages", len(took))
    chance.report("longest_until_work_s", round(max(took), 2))
    if size:
        assert max(took) <= BACK_SECONDS, chance.told


def _run_another(yard: Yard) -> None:
    """A session is always run by somebody who does nothing else: by another one, once it is done,
    or once its run was told that the server is lost."""
    if yard.running["runner"].poll() is not None:
        yard.kill("runner")
        yard.begin("runner")


def _lasting(running: dict[str, Any]) -> list[Any]:
    """All but the runner of one session, which ends with it."""
    return [process for name, process in running.items() if name != "runner"]
