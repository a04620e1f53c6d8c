"""Sessions this process committed lately, so that its next question need not read them again.

One is used only where the database says that it still has that version: whoever else moved the
session on made another.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from interlock.engine.values import Scope, Session, changed
from interlock.store import records

MOST = 16

_lock = Lock()
_kept: OrderedDict[str, Session] = OrderedDict()


def find(scope: Scope, session_id: str) -> Session | None:
    """The session in scope as it is in the database; None where the scope has none."""
    kept = _kept.get(session_id)
    if kept is not None:
        lease = records.lease_of(scope, session_id, kept.version)
        if lease == (kept.lease_owner, kept.lease_until):
            return kept
        if lease is not None:
            return changed(kept, lease_owner=lease[0], lease_until=lease[1])
    return records.one(scope, session_id)


def keep(session: Session) -> None:
    """Keep a session whose transaction is durable."""
    with _lock:
        _kept[session.id] = session
        _kept.move_to_end(session.id)
        while len(_kept) > MOST:
            _kept.popitem(last=False)


def forget() -> None:
    """Keep none: the next question reads from the database."""
    with _lock:
        _kept.clear()
