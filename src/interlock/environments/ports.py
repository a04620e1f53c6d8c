"""Ports for parallel sessions: each has a block of its own, so that their servers do not collide.

The table is a file in the data directory, written under a lock. A session keeps its block until it
has ended; the block of one that has is given to the next that asks.
"""

from __future__ import annotations

import fcntl
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from interlock.engine import Scope, Session
from interlock.engine.errors import StoreUnusable
from interlock.environments import workspace
from interlock.environments.results import Refusal

VARIABLE = "INTERLOCK_PORT_BASE"
FIRST, SIZE, BLOCKS = 21_000, 10, 1_000  # up to 30,999: below what systems give out by themselves
TABLE = "ports.json"

Table = dict[str, dict[str, str]]
"""The first port of a block -> whose it is: `session` and `account`."""


def lease(session: Session) -> int:
    """The first port of the session's own block of ten. Raises Refusal."""
    with _table() as table:
        for base, holder in table.items():
            if holder["session"] == session.id:
                return int(base)
        for base, holder in list(table.items()):
            if _is_over(holder):
                del table[base]
        for first in range(FIRST, FIRST + SIZE * BLOCKS, SIZE):
            if str(first) not in table and _is_free(first):
                table[str(first)] = {"session": session.id, "account": session.account_id}
                return first
    raise Refusal("every block of ports is in use: end sessions that nobody needs")


def release(session_id: str) -> None:
    """The session has no ports any more."""
    with _table() as table:
        for base in [base for base, holder in table.items() if holder["session"] == session_id]:
            del table[base]


@contextmanager
def _table() -> Iterator[Table]:
    place = workspace.root().parent
    place.mkdir(parents=True, exist_ok=True)
    with (place / f"{TABLE}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        table = _read(place / TABLE)
        before = dict(table)
        yield table
        if table != before:
            new = place / f"{TABLE}.new"
            new.write_text(json.dumps(table, indent=1))
            new.replace(place / TABLE)


def _read(file: Path) -> Table:
    try:
        told = json.loads(file.read_text())
        return {
            str(int(base)): {"session": str(one["session"]), "account": str(one["account"])}
            for base, one in told.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refusal(f"{file} cannot be read: {error}; delete it when no session runs") from None


def _is_over(holder: dict[str, str]) -> bool:
    from interlock.store import connection, records
    from interlock.store.acting import acting
    from interlock.store.tables import database

    if database.obj is None:
        return False
    try:
        scope = Scope(holder["account"] or "nobody")
        with acting(scope.account_id), connection.guard():
            session = records.one(scope, holder["session"])
    except StoreUnusable:
        return False
    if session is None:  # of another database, or gone with its workspace
        return not workspace.place(holder["session"]).exists()
    return not session.active


def _is_free(base: int) -> bool:
    """Whether nobody listens there now, on this machine's own addresses."""
    for port in range(base, base + SIZE):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def variables(session: Session) -> dict[str, str]:
    """What the session's commands are told of its ports. Raises Refusal."""
    return {VARIABLE: str(lease(session))}
