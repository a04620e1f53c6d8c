"""Those who have lost a session, by the thousand: whatever they try, nothing of it is written."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from interlock import Result, Scope, Session, accounts, sessions
from interlock.engine.errors import SessionNotFound, StaleSession
from interlock.sessions import lease, recent
from interlock.sessions.lease import Lease
from interlock.sessions.runner import proceed
from interlock.store import connection
from interlock.store.connection import connect, disconnect, fetch
from tests.chaos.scale import SHARE, Chance, sizes
from tests.sessions.moves import spare_the_disk

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
KEPT = {
    "session": "id",
    "interaction": "session_id",
    "usage": "session_id",
    "tombstone": "session_id",
}
"""Tables, and the column that names the session."""
STOPPED = Result("error", error="stopped on request", data={"stopped": True})


class Holder:
    """Somebody who has claimed a session. All of them are one process: what tells them apart is
    the word that each lease draws."""

    def __init__(self, scope: Scope, session_id: str) -> None:
        self.lease = Lease(scope, session_id)
        self.session = self.lease.claim()

    def work(self, *results: Result) -> None:
        """Execute so many commands, each with an event and its result."""
        left = [*results]

        def perform(*_: Any, emit: Callable[..., None], **__: Any) -> Result:
            emit("note", {"text": "something was done"})
            return left.pop(0)

        self.session = proceed(self.lease, self.session, perform, lambda: bool(left))

    def leave(self, *, midway: bool) -> None:
        """Give the lease back, in the middle of a command or between two."""
        self.lease.executing = midway
        self.lease.__exit__(None, None, None)


class Ground:
    """A database whose time passes when it is told to."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0
        patch.setattr(connection, "now", lambda: BEGIN + timedelta(seconds=self.seconds))
        patch.setattr(lease, "clock", lambda: self.seconds)
        patch.setattr(Lease, "watch", lambda held: None)  # its thread would run by itself
        self.scope = accounts.enter("acme", "site")

    def begin(self, chance: Chance) -> Holder:
        """Who will be a zombie; it may have done some commands, and its own clock may stand."""
        given = {"agent": "none", "file": "none"}
        session = sessions.create(self.scope, "errand", input=given)
        zombie = Holder(self.scope, session.id)
        zombie.work(*[Result(output="of a zombie to be")] * chance.randrange(3))
        if chance.random() < 0.5:
            zombie.lease._until = float("inf")
        return zombie

    def expire(self) -> None:
        """Let every lease be over."""
        self.seconds += lease.LEASE_SECONDS + 1
        recent.forget()  # who comes now is another process

    def take_over(self, session_id: str, how: str) -> None:
        """Have another take the session, and go so far with it."""
        self.expire()
        taker = Holder(self.scope, session_id)
        if how == "a step on":
            taker.work(Result(output="of the taker"))
        elif how == "at its end":
            taker.work(*[Result(output="of the taker")] * 3)
        elif how == "given back":
            taker.leave(midway=False)
        elif how == "taken over again":
            self.expire()
            Holder(self.scope, session_id)
        elif how in ("cancelled", "deleted"):
            sessions.cancel(self.scope, session_id)
        if how == "deleted":
            sessions.delete(self.scope, session_id)

    def finish(self, session_id: str) -> Session:
        """The session at its end, whoever had it."""
        self.expire()
        return sessions.run(self.scope, session_id, lambda command: Result(output="of the last"))


TAKEN = (
    *("claimed", "a step on", "at its end", "given back"),
    *("taken over again", "cancelled", "deleted"),
)


def kept(session_id: str) -> list[Any]:
    """All that is kept of a session, but for its events."""
    return [
        sorted(map(repr, fetch(f"SELECT * FROM {table} WHERE {key} = ?", (session_id,))))  # noqa: S608
        for table, key in KEPT.items()
    ]


def notes(session_id: str) -> list[tuple[int, str]]:
    """The row and the type of each event of a session."""
    found = fetch("SELECT seq, type FROM event WHERE session_id = ? ORDER BY id", (session_id,))
    return [(int(seq), str(what)) for seq, what in found]


def attempts(zombie: Holder) -> dict[str, Callable[[], object]]:
    """What a zombie may try, by what it is."""
    return {
        "renew": zombie.lease._renew,
        "hand in": lambda: zombie.work(Result(output="of a zombie")),
        "say that it stopped": lambda: zombie.work(STOPPED),
        "give back": lambda: zombie.leave(midway=False),
        "give up": lambda: zombie.leave(midway=True),
    }


def haunt(zombie: Holder, how: str, chance: Chance) -> Counter[str]:
    """How often it tried what, after another took its session so far; nothing was written but
    events of its own row."""
    session_id, row = zombie.session.id, zombie.session.open
    assert row is not None
    before, said = kept(session_id), len(notes(session_id))
    tried: Counter[str] = Counter()
    for _ in range(chance.randrange(1, 5)):
        name, act = chance.choice([*attempts(zombie).items()])
        with suppress(StaleSession, SessionNotFound):
            act()
        assert kept(session_id) == before, (how, name, chance.told)
        tried[name] += 1
    own = {(row.seq, "note"), (row.seq, "late_result")}
    assert own.issuperset(notes(session_id)[said:]), (how, chance.told)
    return tried


@sizes(40, 10_000)
def test_no_zombie_writes_anything(url: str, chance: Chance, size: int) -> None:
    """Its lease was over and another took the session, and has gone so far with it: what it then
    tries changes no row, but for events of its own, and the session comes to its end."""
    connect(url)
    spare_the_disk()
    tried: Counter[str] = Counter()
    with pytest.MonkeyPatch.context() as patch:
        ground = Ground(patch)
        for number in range(size // SHARE[url.partition(":")[0]]):
            zombie = ground.begin(chance)
            how = TAKEN[number % len(TAKEN)]
            ground.take_over(zombie.session.id, how)
            tried += haunt(zombie, how, chance)
            if how != "deleted":
                ground.finish(zombie.session.id)
                assert sessions.verify(ground.scope, zombie.session.id) == []
    disconnect()
    assert len(tried) == 5, chance.told
    chance.report("tried", dict(tried))
