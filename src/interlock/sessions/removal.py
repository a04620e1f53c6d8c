"""Deleting a session: final, and with its children."""

from __future__ import annotations

from interlock.engine.errors import Refused, SessionActive
from interlock.engine.values import Scope, Session
from interlock.sessions import recent
from interlock.sessions.work import Work, load
from interlock.store import deletion, records
from interlock.store.acting import scoped
from interlock.store.deletion import Deletion


@scoped
def preview_deletion(scope: Scope, session_id: str) -> Deletion:
    """What goes when a session is deleted. Raises as `delete` does."""
    return deletion.weigh(_family(load(scope, session_id)))


@scoped
def delete(scope: Scope, session_id: str) -> Deletion:
    """What went with a session and its children, for good. Late results find no session.

    Raises SessionNotFound; SessionActive while one of them is active; Refused for a child, whose
    parent's log tells of it.
    """
    with Work() as done:
        family = _family(load(scope, session_id))
        gone = deletion.weigh(family)
        deletion.delete(family, scope.user_id, done.now)
    recent.forget()
    return gone


def _family(session: Session) -> list[Session]:
    """A session after its children, and they after theirs."""
    if session.parent_id is not None:
        raise Refused(
            f"session {session.id} is a child of {session.parent_id}: delete that, with all its "
            "children"
        )
    return [*_below(session), session]


def _below(session: Session) -> list[Session]:
    if session.active:
        raise SessionActive(f"session {session.id} is active; cancel it before deleting it")
    found: list[Session] = []
    for child in records.children(session):
        found += [*_below(child), child]
    return found
