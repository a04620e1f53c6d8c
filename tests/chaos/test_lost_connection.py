"""A connection that is lost around COMMIT: who does the same again finds it done once."""

from collections.abc import Iterator

import pytest

from interlock import Result, Scope, accounts, sessions
from interlock.engine.errors import StoreUnusable
from interlock.store.connection import connect, disconnect
from tests.acceptance.user import User
from tests.chaos.scale import Chance, sizes
from tests.proxy import Cut, Proxy, is_commit
from tests.server import Server, close_connections

OFTEN = 0.5
"""How often a COMMIT is cut off."""


class Fate:
    """Draws what becomes of each COMMIT that passes."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self.seen = {"before": 0, "after": 0, "never": 0}
        self.active = False

    def __call__(self, sent: bytes) -> Cut:
        """Whether the connection is cut at this message."""
        if not self.active or not is_commit(sent):
            return "never"
        cut: Cut = "never"
        if self._chance.random() < OFTEN:
            cut = self._chance.choice(["before", "after"])
        self.seen[cut] += 1
        return cut


@pytest.fixture
def fate(chance: Chance) -> Fate:
    """What becomes of each COMMIT."""
    return Fate(chance)


@pytest.fixture
def scope(user: User, server: Server, fate: Fate) -> Iterator[Scope]:
    """Somebody whose connections go through a wire that is cut."""
    disconnect()
    with server.database() as url:
        proxy = Proxy(url, fate)
        try:
            connect(proxy.url)
            yield accounts.enter("acme", "site")
            close_connections()
        finally:
            proxy.close()


def insist(scope: Scope, session_id: str, seq: str, result: Result) -> int:
    """Hand in the same until it is accepted; how often that failed."""
    failed = 0
    while True:
        try:
            sessions.handle_result(scope, session_id, seq, result)
            return failed
        except StoreUnusable:
            failed += 1


@sizes(50, 2000)
def test_a_commit_whose_answer_is_lost_is_done_once(
    scope: Scope, fate: Fate, chance: Chance, size: int
) -> None:
    """The same result handed in again is the one there is: one row for each, none missing."""
    talk = sessions.create(scope, "talk")
    fate.active, failed = True, 0
    while fate.seen["before"] + fate.seen["after"] < size:
        while (row := sessions.get(scope, talk.id).open) is None:
            try:
                sessions.next_command(scope, talk.id)
            except StoreUnusable:
                failed += 1
        failed += insist(scope, talk.id, row.id, Result(output=f"said at {row.seq}"))
    fate.active = False
    rows = [row for row in sessions.history(scope, talk.id) if row.status == "done"]
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1)), chance.told
    assert all(row.result and row.result.output == f"said at {row.seq}" for row in rows)
    assert sessions.verify(scope, talk.id) == [], chance.told
    assert failed == fate.seen["before"] + fate.seen["after"], chance.told
    chance.report("cuts", fate.seen)
