"""A process that works with sessions on a disk whose every write is written down.

    python -m tests.chaos.traced_process FOLDER TRACE SEED TURNS [--unflushed]

Each commit that has returned is noted with a digest of all that is then in the database, and each
result that was accepted.
"""

import os
import random
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from interlock import Ask, Command, Result, accounts, sessions
from interlock.sessions import lease
from interlock.store import sqlite
from interlock.store.connection import connect, disconnect, fetch, tx
from tests.chaos.tracing import Trace, TracingDisk

PAGES = 20
"""So many pages of the WAL are put into the database's file as soon as they are there."""
MOST = 10
"""Sessions that are there at once."""
BIG = 40_000
"""Bytes of a result that is kept apart."""


def main(folder: str, file: str, seed: str, turns: str, how: str = "") -> None:
    """Work, and keep the trace; unflushed, no commit is flushed before the next checkpoint."""
    trace = Trace(Path(folder))
    disk = TracingDisk(trace)
    sqlite.PRAGMAS["wal_autocheckpoint"] = PAGES
    if how == "--unflushed":
        sqlite.PRAGMAS["synchronous"], sqlite.DURABLE["synchronous"] = "normal", 1
    lease.RENEW_SECONDS = 1e9  # no thread but this one writes
    note_commits(trace)
    connect(f"sqlite:///{folder}/interlock.db")
    trace.note("commit", fingerprint())
    work = Work(trace, random.Random(int(seed)))  # noqa: S311  no secret
    for _ in range(int(turns)):
        work.turn()
    disconnect()
    trace.save(Path(file))
    disk.unregister()


def note_commits(trace: Trace) -> None:
    """Have each transaction noted once its commit has returned."""
    leave = tx.__exit__

    def leave_and_note(self: tx, *why: object) -> None:
        leave(self, *why)  # type: ignore[arg-type]
        if self.outer and why[0] is None:
            trace.note("commit", fingerprint())

    tx.__exit__ = leave_and_note  # type: ignore[method-assign]


def fingerprint() -> str:
    """A digest of all rows of all tables."""
    named = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    digest = sha256()
    for (table,) in sorted(fetch(named)):
        rows = fetch(f'SELECT * FROM "{table}"')  # noqa: S608  a name of our own schema
        digest.update(repr((table, sorted(map(repr, rows)))).encode())
    return digest.hexdigest()


class Work:
    """Sessions, and what is done with them one thing after the other."""

    def __init__(self, trace: Trace, chance: random.Random) -> None:
        self.trace, self.chance = trace, chance
        self.scope = accounts.enter("acme", "site")
        self.ids: list[str] = []
        self.moves: dict[Callable[[], None], int] = {
            self.create: 4,
            self.submit: 12,
            self.run: 4,
            self.tell: 3,
            self.end: 2,
            self.check_point: 2,
            self.come_back: 1,
        }

    def turn(self) -> None:
        """The next thing."""
        (move,) = self.chance.choices([*self.moves], [*self.moves.values()])
        move()

    def create(self) -> None:
        """One more session; the oldest goes where there are enough."""
        if len(self.ids) >= MOST:
            oldest = self.ids.pop(0)
            if sessions.get(self.scope, oldest).active:
                sessions.cancel(self.scope, oldest)
            self.trace.note("deleting", oldest)
            sessions.delete(self.scope, oldest)
            self.trace.note("deleted", oldest)
        kind = self.chance.choice(["talk", "errand"])
        given = {"agent": "none", "file": "none"} if kind == "errand" else {}
        self.ids.append(sessions.create(self.scope, kind, input=given).id)

    def submit(self) -> None:
        """The result of the next command of a session."""
        session_id = self._active()
        if session_id is None:
            return
        row = sessions.next_command(self.scope, session_id)
        if isinstance(row.command, Ask):  # it was lost three times in a row
            sessions.answer(self.scope, session_id, "retry")
            return
        result = self._result()
        sessions.handle_result(self.scope, session_id, row.id, result)
        self.trace.note("accepted", session_id, row.seq, result.output)

    def run(self) -> None:
        """Commands of a session, one after the other, until it is interrupted or ends."""
        session_id = self._active()
        if session_id is None or sessions.get(self.scope, session_id).type != "errand":
            return
        results = [self._result() for _ in range(self.chance.randrange(4))]

        def execute(command: Command) -> Result:
            if not results:
                raise KeyboardInterrupt
            return results.pop()

        try:
            sessions.run(self.scope, session_id, execute)
        except KeyboardInterrupt:
            return

    def tell(self) -> None:
        """An event or a text of a session."""
        session_id = self._active()
        if session_id is None:
            return
        if self.chance.random() < 0.5:
            sessions.add_context(self.scope, session_id, self._token())
            return
        row = sessions.next_command(self.scope, session_id)
        sessions.record(self.scope, session_id, row.id, "note", {"text": self._token()})

    def end(self) -> None:
        """Cancel a session, or open an ended one again."""
        if not self.ids:
            return
        session_id = self.chance.choice(self.ids)
        if sessions.get(self.scope, session_id).active:
            sessions.cancel(self.scope, session_id)
        else:
            sessions.reopen(self.scope, session_id)

    def check_point(self) -> None:
        """Put the WAL into the database's file, in one of the ways there are."""
        fetch(f"PRAGMA wal_checkpoint({self.chance.choice(['PASSIVE', 'RESTART', 'TRUNCATE'])})")

    def come_back(self) -> None:
        """Close the database; the last who does so deletes the WAL."""
        disconnect()

    def _active(self) -> str | None:
        found = [one for one in self.ids if sessions.get(self.scope, one).active]
        return self.chance.choice(found) if found else None

    def _result(self) -> Result:
        size = BIG if self.chance.random() < 0.1 else 8
        return Result("ok", output=self._token(size))

    def _token(self, size: int = 8) -> str:
        return self.chance.randbytes(size).hex()


if __name__ == "__main__":
    os.umask(0o077)
    main(*sys.argv[1:])
