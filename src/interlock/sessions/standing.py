"""How a session stands right now: told from its lease and its open row, and kept nowhere, so that
it is true after any crash."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from attrs import frozen

from interlock.engine.commands import Ask, Command, Prompt, Spawn, Wait
from interlock.engine.errors import TypeUnusable
from interlock.engine.values import Session
from interlock.sessions.lease import running
from interlock.sessions.turns import by_hand
from interlock.sessions.work import kind_of

State = Literal[
    "ended", "running", "interrupted", "ready", "asks", "parked", "waits", "due", "children", "hand"
]

INTERRUPTED = {
    "retry": "its command runs again",
    "continue": "its agent goes on with what it began",
    "ask": "a person is asked how it ended",
}


@frozen
class Standing:
    """What holds a session up now."""

    state: State
    told: str
    """In words, as in `waits until 2026-01-01 12:00:00`; behind the session's name."""
    next: str
    """What happens next, and by what."""

    @property
    def goes_on(self) -> bool:
        """True when running the session now moves it on."""
        return self.state in ("interrupted", "ready", "due")


def standing(session: Session, now: datetime) -> Standing:
    """How a session stands at a time."""
    if not session.active:
        return Standing("ended", f"is {session.status}", "nothing")
    if running(session, now):
        host, pid, *_ = str(session.lease_owner).split(":")
        return Standing("running", f"is run by process {pid} on {host}", "its runner goes on")
    row = session.open
    if row is None:
        return READY
    if row.due_at is not None and row.due_at <= now:
        return Standing("due", "waited for a time that has come", "it goes on")
    return _waiting(row.command) or _to_execute(session)


READY = Standing("ready", "is active", "its command runs")


def _waiting(command: Command) -> Standing | None:
    match command:
        case Ask(about="parked"):
            return Standing("parked", "is parked", "a person says whether to run it again")
        case Ask():
            return Standing("asks", "waits for a person", "a person answers")
        case Wait():
            return Standing("waits", "waits for a time", "it goes on when that has come")
        case Spawn():
            return Standing("children", "waits for its child sessions", "they run, then it goes on")
    return None


def _to_execute(session: Session) -> Standing:
    if by_hand(session):
        return Standing("hand", "waits for a result", "somebody hands its result in")
    if session.lease_owner is not None:
        return Standing("interrupted", "was interrupted", _after_interruption(session))
    return READY


def _after_interruption(session: Session) -> str:
    try:
        step = kind_of(session).definition.steps.get(session.step)
    except TypeUnusable as error:
        return f"nothing before its type is there again: {error}"
    policy = None if step is None else step.on_unknown
    prompt = session.open is not None and isinstance(session.open.command, Prompt)
    return INTERRUPTED[policy or ("continue" if prompt else "retry")]
