"""Handing a session over to workers, or taking it back."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from interlock.engine.errors import InvalidInput
from interlock.engine.fold import require_active
from interlock.engine.values import Scope, Session, changed
from interlock.sessions.lease import holds, running
from interlock.sessions.turns import by_hand
from interlock.sessions.work import Work, load
from interlock.store import connection, records
from interlock.store import queue as store
from interlock.store.acting import scoped

MODES = ("manual", "auto", "agentic")
DEFAULT = "default"
"""The queue that is meant where none is named."""
PRIORITIES = range(-100, 101)
MAX_NAME = 100


@scoped
def enqueue(
    scope: Scope, session_id: str, queue: str | None = None, *, priority: int | None = None
) -> Session:
    """The session, with the active ones below it, in a queue of the workers; what is not given
    stays, or is `default` and 0. Raises SessionNotFound, SessionEnded, InvalidInput."""
    with Work() as done:
        session = load(scope, session_id)
        require_active(session)
        kept = session.priority if priority is None else priority
        named = queue or session.queue or DEFAULT
        return _assign(done, place(session, session.execution_mode, named, kept))


@scoped
def dequeue(scope: Scope, session_id: str) -> Session:
    """The session, with the active ones below it, for a person to run. A command that a worker
    executes ends first. Raises SessionNotFound, SessionEnded."""
    with Work() as done:
        session = load(scope, session_id)
        require_active(session)
        return _assign(done, changed(session, execution_mode="manual", queue=None))


@frozen
class Holder:
    """Who holds a session: a process as `host:pid`, since when the open command is so, and until
    when the lease runs."""

    process: str
    alive: bool
    session_id: str
    type: str
    project_id: str | None
    step: str
    since: datetime | None
    until: datetime


@scoped
def holders(scope: Scope) -> list[Holder]:
    """Who holds which session in scope, by its lease, alive or not."""
    now = connection.now()
    return [
        Holder(
            process=":".join(held.owner.split(":")[:2]),
            alive=holds(held.owner, held.until, now),
            session_id=held.session.id,
            type=held.session.type,
            project_id=held.session.project_id,
            step=held.step,
            since=held.since,
            until=held.until,
        )
        for held in store.leased_in(scope)
    ]


def place(session: Session, mode: str, queue: str | None, priority: int) -> Session:
    """The session with this execution mode, in this queue. A mode that is for workers means a
    queue, `default` where none is named, and a queue such a mode. Raises InvalidInput."""
    if mode not in MODES:
        raise InvalidInput(f"no execution mode {mode!r}; use {', '.join(MODES)}")
    if priority not in PRIORITIES:
        raise InvalidInput(
            f"a priority is {PRIORITIES[0]} to {PRIORITIES[-1]}, not {priority!r:.40}"
        )
    if queue is None and mode == "manual":
        return changed(session, execution_mode=mode, queue=None, priority=priority)
    queue = DEFAULT if queue is None else queue
    if not queue.strip() or len(queue) > MAX_NAME or not queue.isprintable():
        raise InvalidInput(
            f"a queue has a name of 1 to {MAX_NAME} printable characters, not {queue!r:.120}"
        )
    if by_hand(session):
        raise InvalidInput(
            f"workers execute nothing in the environment {session.environment}: its results are "
            "submitted by hand; name another environment"
        )
    mode = "auto" if mode == "manual" else mode
    return changed(session, execution_mode=mode, queue=queue, priority=priority)


def _assign(done: Work, session: Session) -> Session:
    store.assign(session)
    if not running(session, done.now):  # else a result that comes would find another version
        due = done.now if session.queue is not None else session.ready_at
        session = store.rest(session, due)  # to be looked at now, whatever it waits for
    mode = "manual" if session.queue is None else "agentic"
    for child in records.children(session):
        if child.active:
            placed = changed(child, queue=session.queue, priority=session.priority)
            _assign(done, changed(placed, execution_mode=mode))
    return session
