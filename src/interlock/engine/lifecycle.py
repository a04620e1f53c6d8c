"""What is done to a session as a whole: cancel, retry, reopen; and the fold of its whole log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve

from interlock.engine.commands import Call
from interlock.engine.decide import advance, close, drop, require_active, start, write
from interlock.engine.errors import InvalidInput, SessionActive
from interlock.engine.session_type import CANCELLED, FAILED, SessionType
from interlock.engine.values import Interaction, Result, Session

CANCEL, RETRY, REOPEN = "session.cancel", "session.retry", "session.reopen"


def cancel(session: Session, reason: str = "cancelled") -> Session:
    """The session cancelled for good; its open interaction too. Raises SessionEnded."""
    require_active(session)
    if session.open is not None:
        row = evolve(session.open, status="cancelled")
        session = evolve(write(session, row), open=None)
    return _note(session, Call(CANCEL, {"reason": reason}))


def retry(session: Session) -> Session:
    """A failed session active again at the step it failed at, with all its limits anew.

    Raises SessionActive when it is active, InvalidInput when it ended otherwise.
    """
    if session.active:
        raise SessionActive(f"session {session.id} is active; there is nothing to retry")
    if session.status != FAILED:
        raise InvalidInput(f"session {session.id} is {session.status}, not failed; reopen it")
    return _note(session, Call(RETRY))


def reopen(kind: SessionType, session: Session, step: str | None = None) -> Session:
    """An ended session active again at `step`, or where it ended, with all its limits anew."""
    if session.active:
        raise SessionActive(f"session {session.id} is active; there is nothing to reopen")
    if step is not None and step not in kind.definition.steps:
        raise InvalidInput(
            f"{session.type} has no step {step!r}; it has {', '.join(kind.definition.steps)}"
        )
    return _note(session, Call(REOPEN, {"step": step or session.step}))


def replay(
    kind: SessionType,
    rows: Iterable[Interaction],
    *,
    input: Mapping[str, Any] | None = None,
    budget: int | None = None,
) -> Session:
    """The session that a log leads to: its step, status and state are the fold of the rows."""
    session = start(kind, input=input, budget=budget)
    for row in rows:
        session = _fold(kind, session, row)
    return evolve(session, unsaved=())


def _fold(kind: SessionType, session: Session, row: Interaction) -> Session:
    if row.status in ("superseded", "unknown"):
        return drop(session, row, row.status)
    if row.status == "cancelled":
        return write(session, row)
    if row.status == "open" or row.result is None:
        return evolve(write(session, row), open=row)
    if isinstance(row.command, Call) and row.step == "":
        return _apply(write(session, row), row.command)
    return advance(kind, evolve(session, seq=row.seq, open=row), row.result)


def _note(session: Session, command: Call) -> Session:
    row = Interaction(seq=session.seq + 1, step="", attempt=0, command=command)
    return _apply(close(session, row, Result()), command)


def _apply(session: Session, command: Call) -> Session:
    if command.function == CANCEL:
        return evolve(session, status=CANCELLED, reason=str(command.arguments["reason"]))
    step = str(command.arguments.get("step", session.step))
    return evolve(session, status="active", reason=None, since=session.seq, step=step, attempt=1)
