"""Where a result leads. A session's position is the fold of its log: `advance` moves it over one
result, alike for a result that just came and, in `replay`, for one that is already written."""

from __future__ import annotations

from interlock.engine.commands import Ask, Command, Wait
from interlock.engine.definition import ERRORS, GuardRaised
from interlock.engine.errors import Refused, SessionEnded
from interlock.engine.pause import AGAIN, is_pause
from interlock.engine.session_type import SessionType
from interlock.engine.table import COMPLETE, ENDS, FAILED
from interlock.engine.values import Interaction, InteractionStatus, Result, Session, changed


def advance(kind: SessionType, session: Session, result: Result) -> Session:
    """The session after a result that its step has read: result kept, values remembered, moved.

    A guard that raises makes the result an error, and the rows of `error` take it. Where one of
    theirs raises as well, the session fails: the kept result says so again when it is replayed.
    """
    row = require_open(session)
    closed = close(session, row, result)
    again = isinstance(row.command, Wait) or result.status in AGAIN
    if is_own(row.command) and again:
        return _afford(closed, closed)
    if is_pause(kind.definition, session.step, result):
        return _afford(closed, closed)
    try:
        dest = kind.definition.fire(kind, closed, result)
    except GuardRaised as raised:
        if GuardRaised.made(result):
            return _fail(closed, str(result.error))
        return advance(kind, session, result.failed(str(raised)))
    return _move(kind, closed, result, dest)


def close(session: Session, row: Interaction, result: Result) -> Session:
    """The session with this row done and what its result remembers in the state."""
    closed = write(session, changed(row, status="done", result=result))
    if not result.remember:
        return closed
    return changed(closed, state={**session.state, **result.remember})


def drop(session: Session, row: Interaction, status: InteractionStatus) -> Session:
    """The session without this open row, which is kept as superseded or unknown."""
    session = write(session, changed(row, status=status))
    return _afford(session, session)


def write(session: Session, row: Interaction, open: Interaction | None = None) -> Session:
    """The session with this row in its log, to be saved, and this one open."""
    before = [old for old in session.unsaved if old.seq != row.seq] if session.unsaved else ()
    seq, log = max(session.seq, row.seq), session.log.add(row)
    return changed(session, seq=seq, log=log, unsaved=(*before, row), open=open)


def is_own(command: Command) -> bool:
    """True when not the step asks or waits, but the engine: about an outcome nobody saw, or
    about what holds the step."""
    return isinstance(command, (Ask, Wait)) and command.about != ""


def require_active(session: Session) -> None:
    """Raise SessionEnded unless the session is active."""
    if not session.active:
        raise SessionEnded(
            f"session {session.id or session.type} is {session.status}; "
            "`interlock reopen` makes it active again"
        )


def require_open(session: Session) -> Interaction:
    """The open interaction of a session. Raises Refused."""
    if session.open is None:
        raise Refused(
            f"session {session.id or session.type} has no open interaction; "
            "ask for its next command"
        )
    return session.open


def _move(kind: SessionType, session: Session, result: Result, dest: str | None) -> Session:
    if dest is None:
        missing = f"no row takes {result.status!r} at {session.step}"
        told = result.error if result.status in ERRORS else None
        return _fail(session, told or missing)
    if dest in ENDS:
        why = None if dest == COMPLETE else result.error or f"{session.step}: {result.status}"
        return changed(session, status=ENDS[dest], reason=why)
    return _enter(kind, session, dest, result)


def _enter(kind: SessionType, session: Session, dest: str, result: Result) -> Session:
    tries = session.visits(dest)
    limit = kind.definition.steps[dest].attempts
    if limit is not None and tries >= limit:
        last = f": {result.error}" if result.error else ""
        return _fail(session, f"step {dest} was tried {tries} times, its limit{last}")
    return _afford(changed(session, step=dest, attempt=tries + 1), session)


def _afford(session: Session, before: Session) -> Session:
    if session.seq - session.since >= session.budget:
        return _fail(before, f"the budget of {session.budget} interactions is used up")
    return session


def _fail(session: Session, reason: str) -> Session:
    return changed(session, status=FAILED, reason=reason)
