"""No connection of the pool keeps an account, whatever was done on it before."""

import random
import threading
from collections import Counter
from typing import Any

from interlock.engine.errors import InterlockError
from interlock.store import acting
from interlock.store.connection import connect, disconnect, execute, fetch, tx
from interlock.store.tables import database
from tests.chaos.scale import Chance, sizes
from tests.server import Server, close_connections
from tests.store.samples import enter, new_session

THREADS = 8
LOOK = "SELECT coalesce(current_setting('interlock.account', true), ''), count(*) FROM session"
OWN = "SELECT account_id, count(*) FROM session GROUP BY account_id"


class Stop(Exception):
    """What somebody's own code raises in a transaction."""


def act(chance: random.Random) -> list[Any]:
    """What the account that acts finds, in one of the ways in which a connection is used."""
    way = chance.randrange(6)
    found = fetch(OWN)
    try:
        with tx():
            if way == 0:
                execute("UPDATE session SET title = ?", (str(chance.random()),))
            elif way == 1:
                execute("SELECT 1 / 0")
            elif way == 2:
                execute("INSERT INTO component (name) VALUES ('x')")
            elif way == 3:
                raise Stop
            elif way == 4:
                found += fetch(OWN)
        if way == 5:
            fetch("SELECT nothing FROM session")
    except (InterlockError, Stop):
        pass
    return found


@sizes(1_000, 10_000)
def test_who_is_given_a_connection_next_is_shown_nothing(
    server: Server, chance: Chance, size: int
) -> None:
    """Eight threads take connections and give them back. Between, a raw statement finds no account
    and no row on any of them; each account finds its own."""
    with server.walled_database() as url:
        connect(url)
        scopes = [enter(name) for name in ("acme", "other", "third")]
        for scope in scopes:
            with acting.acting(scope.account_id):
                new_session(scope)
        wrong: Counter[object] = Counter()
        used: set[int] = set()

        def work(seed: int) -> None:
            drawn = random.Random(seed)  # noqa: S311  no secret
            for _ in range(size // THREADS):
                scope = drawn.choice(scopes)
                with acting.acting(scope.account_id):
                    wrong.update(row for row in act(drawn) if row != (scope.account_id, 1))
                disconnect()
                wrong.update(row for row in database.execute_sql(LOOK).fetchall() if row != ("", 0))
                used.add(id(database.connection()))
                disconnect()

        threads = [
            threading.Thread(target=work, args=(chance.randrange(2**32),)) for _ in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        close_connections()
    assert wrong == Counter(), chance.told
    assert len(used) <= THREADS
    chance.report("connections given", size)
