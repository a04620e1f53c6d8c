"""What is done to a session as a whole: cancel, retry, reopen; and the fold of its whole log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from interlock.engine.commands import Call
from interlock.engine.decide import start
from interlock.engine.errors import InvalidInput, SessionActive
from interlock.engine.fold import advance, close, drop, require_active, write
from interlock.engine.session_type import SessionType
from interlock.engine.table import CANCELLED, FAILED
from interlock.engine.values import Interaction, Result, Session, changed

CANCEL, RETRY, REOPEN = "session.cancel", "session.retry", "session.reopen"


def cancel(session: Session, reason: str = "cancelled") -> Session:
    """The session cancelled for good; its open interaction too. Raises SessionEnded."""
    require_active(session)
    if session.open is not None:
        session = write(session, changed(session.open, status="cancelled"))
    return _note(session, Call(CANCEL, {"reason": reason or "cancelled"}))


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
    """An ended session active again at `step`, or where it ended, with all its limits anew.

    Raises SessionActive when it is active, InvalidInput when the type has no such step.
    """
    if session.active:
        raise SessionActive(f"session {session.id} is active; there is nothing to reopen")
    step = session.step if step is None else step
    if step not in kind.definition.steps:
        raise InvalidInput(
            f"{session.type} has no step {step!r}; reopen it at one of "
            f"{', '.join(kind.definition.steps)}"
        )
    return _note(session, Call(REOPEN, {"step": step}))


def replay(
    kind: SessionType,
    rows: Iterable[Interaction],
    *,
    input: Mapping[str, Any] | None = None,
    budget: int | None = None,
) -> Session:
    """The session that a log leads to: its step, status and state are the fold of the rows.

    Raises InvalidInput when a row cannot follow the ones before it by the type's table.
    """
    session = start(kind, input=input, budget=budget)
    for row in rows:
        _check_place(session, row)
        session = changed(_fold(kind, session, row), unsaved=())
    return session


def _check_place(session: Session, row: Interaction) -> None:
    if row.seq != session.seq + 1:
        raise InvalidInput(f"the log goes from row {session.seq} to row {row.seq}")
    if row.step == "":
        return
    if not session.active or session.open is not None:
        stands = "open" if session.active else session.status
        raise InvalidInput(f"row {row.seq} comes after one that left the session {stands}")
    if (row.step, row.attempt) != (session.step, session.attempt):
        raise InvalidInput(
            f"row {row.seq} is try {row.attempt} of {row.step}, but those before it lead to "
            f"try {session.attempt} of {session.step}"
        )


def _fold(kind: SessionType, session: Session, row: Interaction) -> Session:
    if row.status in ("superseded", "unknown"):
        return drop(session, row, row.status)
    if row.status == "cancelled":
        return write(session, row)
    if row.status == "open" or row.result is None:
        return write(session, row, open=row)
    if isinstance(row.command, Call) and row.step == "":
        return _apply(write(session, row), row.command)
    return advance(kind, changed(session, seq=row.seq, open=row), row.result)


def _note(session: Session, command: Call) -> Session:
    row = Interaction(seq=session.seq + 1, step="", attempt=0, command=command)
    return _apply(close(session, row, Result()), command)


def _apply(session: Session, command: Call) -> Session:
    if command.function == CANCEL:
        return changed(session, status=CANCELLED, reason=str(command.arguments["reason"]))
    step = str(command.arguments.get("step", session.step))
    return changed(session, status="active", reason=None, since=session.seq, step=step, attempt=1)
