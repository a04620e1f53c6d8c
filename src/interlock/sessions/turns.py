"""Taking turns with whoever executes: the next command out, its result in."""

from __future__ import annotations

import contextlib

from interlock import engine, plugins
from interlock.engine.commands import Ask, Awaited, Spawn, Wait
from interlock.engine.errors import (
    InteractionClosed,
    InterlockError,
    InvalidResult,
    NothingAsked,
    PluginUnusable,
    ResultConflict,
    SessionEnded,
    StaleSession,
)
from interlock.engine.fold import require_active
from interlock.engine.pause import NEEDS_INPUT, REPLY
from interlock.engine.values import Interaction, Result, Scope, Session
from interlock.secrets.inlet import take
from interlock.sessions import admission
from interlock.sessions.admission import acknowledge, asks, go_on, issue
from interlock.sessions.work import Work, find_row, join_children, kind_of, load, put
from interlock.store import codec, queries
from interlock.store.acting import scoped
from interlock.store.codec import Submitted


@scoped
def next_command(scope: Scope, session_id: str, *, reissue: bool = False) -> Interaction:
    """The open interaction of a session: what to do next. Asking twice changes nothing.

    `reissue` keeps the open one as superseded and makes it anew.
    Raises SessionNotFound, SessionEnded, UnknownType, BrokenType.
    """
    while True:
        session = load(scope, session_id)
        require_active(session)
        if session.open is not None and not reissue and not waits(session):
            return session.open
        with contextlib.suppress(StaleSession):  # somebody else asked too: look again
            return _next(session, reissue=reissue)


def _next(session: Session, *, reissue: bool) -> Interaction:
    with Work() as done:
        session = settle(done, session)
        if reissue and session.active and session.open is not None:
            session = put(done, admission.reissue(kind_of(session), session, done.now))
        session = issue(done, session)
    require_active(session)
    if session.open is None:
        raise SessionEnded
    return session.open


@scoped
def handle_result(scope: Scope, session_id: str, interaction_id: str, result: Result) -> Session:
    """The session moved on by the result of one interaction.

    The same result again is accepted once and answered the same. One that comes too late is kept
    as an event and moves nothing. Raises InvalidInput, InvalidResult, SessionNotFound,
    InteractionNotFound, SessionEnded, InteractionClosed, ResultConflict.
    """
    result = take(scope.account_id, result)
    submitted = Submitted.of(result)
    with Work() as done:
        session = load(scope, session_id)
        row = find_row(session, interaction_id)
        if row.status == "done" and submitted.is_of(row):
            return session
        refusal = _refusal(session, row)
        if refusal is None:
            _require_executable(row)
            acknowledge(done, session, row, result)
            return put(done, engine.handle_result(kind_of(session), session, result), submitted)
        late = {"result": codec.load(submitted.text), "because": str(refusal)}
        queries.add_event(session, row.seq, "late_result", late, done.now)
    raise refusal


@scoped
def answer(scope: Scope, session_id: str, choice: str, comment: str = "") -> Session:
    """The session moved on by a person's choice; a reply to an agent is in the comment.
    Raises NothingAsked, InvalidResult."""
    row = next_command(scope, session_id)
    if not isinstance(row.command, Ask):
        raise NothingAsked(
            f"session {session_id} is not waiting for an answer; it is at step {row.step}"
        )
    if choice not in row.command.choices:
        raise InvalidResult(
            f"{choice!r} is no choice here; choose {', '.join(row.command.choices)}"
        )
    if row.command.about == NEEDS_INPUT and choice == REPLY and not comment.strip():
        raise InvalidResult('the agent asked something: answer it with --comment "..."')
    return handle_result(scope, session_id, row.id, Result(choice, output=comment))


def settle(done: Work, session: Session) -> Session:
    """The session moved on where what it waits for is there: a time passed, children ended, a
    budget that was asked about allows more."""
    row = session.open
    if row is None or not session.active:
        return session
    if isinstance(row.command, Spawn):
        session = join_children(done, session)
    if asks(row):
        return go_on(done, session)
    result = overdue(row, done)
    if result is None or session.open != row:
        return session
    return put(done, engine.handle_result(kind_of(session), session, result))


def overdue(row: Interaction, done: Work) -> Result | None:
    """What the passing of its time makes of an open interaction; None while it is not over."""
    if row.due_at is None or row.due_at > done.now:
        return None
    if isinstance(row.command, Wait):
        return Result()
    if isinstance(row.command, Ask):
        return Result("expired", error=f"nobody answered by {row.due_at:%Y-%m-%d %H:%M:%S} UTC")
    return Result("timeout", error="the child sessions did not end in time")


def waits(session: Session) -> bool:
    """True when the open command is for a person, a time or children, and nothing to execute."""
    if session.open is None:
        return False
    return isinstance(session.open.command, Awaited) or by_hand(session)


def by_hand(session: Session) -> bool:
    """True when the session's environment executes nothing: results are submitted to it."""
    if session.environment is None:
        return False
    try:
        environment = plugins.load_environment(session.environment)
    except PluginUnusable:
        return False  # whoever executes it says what is wrong
    return bool(getattr(environment, "by_hand", False))


def _require_executable(row: Interaction) -> None:
    if isinstance(row.command, Wait | Spawn):
        what = "its time" if isinstance(row.command, Wait) else "its child sessions"
        raise InvalidResult(f"step {row.step} is answered by {what}, not by a submitted result")


def _refusal(session: Session, row: Interaction) -> InterlockError | None:
    if row.status == "done":
        return ResultConflict(
            f"interaction {row.id} already has another result; this one is kept as late"
        )
    if not session.active:
        return SessionEnded(
            f"session {session.id} is {session.status}; "
            "the result is kept as late and moves nothing"
        )
    if row.status != "open":
        return InteractionClosed(
            f"interaction {row.id} was {row.status}; the result is kept as late and moves nothing"
        )
    return None
