"""One attempt to carry a session on: claim it, execute its commands until it ends or waits, give it
back. Whoever names the session, a poll or a message of a queue, only gives a hint: the claim
decides."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from attrs import frozen

from interlock import plugins
from interlock.engine.errors import (
    InterlockError,
    SessionBusy,
    SessionNotFound,
    StaleSession,
    StoreLost,
    TypeUnusable,
)
from interlock.engine.payload import describe
from interlock.engine.values import Interaction, Result, Scope, Session, changed
from interlock.environments.options import secrets_of
from interlock.secrets import vault
from interlock.sessions.admission import Emit, Perform
from interlock.sessions.fairness import Caps, count
from interlock.sessions.lease import Lease, holds
from interlock.sessions.runner import proceed
from interlock.sessions.turns import waits
from interlock.store import queue
from interlock.store.acting import acting
from interlock.store.connection import tx
from interlock.store.queue import Candidate

Kind = Literal["began", "ended", "waits", "left", "stopped", "taken", "skipped", "failed"]


@frozen
class Note:
    """What became of an attempt. `taken`: somebody else was first; `left`: it was given back
    between two commands; `stopped`: its command was stopped, and its outcome is unknown, or the
    session was lost to somebody else meanwhile."""

    kind: Kind
    candidate: Candidate | None
    """None where it tells of no session, but of the database."""
    session: Session | None = None
    why: str = ""
    by_type: bool = False
    """True when no session of its type can be carried on here."""


class Stopped(BaseException):
    """A command was stopped with its worker: what came back is no result of it."""


class Taken(Exception):
    """The session is not, or no longer, one to take."""


class Attempts:
    """Carries sessions on, in any number of threads, until it is told to stop."""

    def __init__(self, perform: Perform, tell: Callable[[Note], None], caps: Caps) -> None:
        self._execute = perform
        self._tell = tell
        self._caps = caps
        self._lock = threading.Lock()
        self._commands: dict[str, threading.Event] = {}
        self._drains = False
        self._stops = False

    def drain(self) -> None:
        """Begin no command from now on."""
        self._drains = True

    def stop(self) -> None:
        """Stop every command; each outcome is unknown."""
        self._drains = self._stops = True
        with self._lock:
            for stop in self._commands.values():
                stop.set()

    def make(self, candidate: Candidate) -> Note:
        """What became of an attempt; it never raises."""
        scope = Scope(candidate.account_id, candidate.project_id, candidate.user_id)
        try:
            with acting(scope.account_id):
                note = self._carry(scope, candidate)
        except Stopped:
            note = Note("stopped", candidate)
        except (SessionBusy, StaleSession, SessionNotFound, StoreLost, Taken):
            note = Note("taken", candidate)
        except TypeUnusable as error:
            note = Note("skipped", candidate, why=str(error), by_type=True)
        except InterlockError as error:
            note = Note("skipped", candidate, why=str(error))
        except Exception as error:
            note = Note("failed", candidate, why=f"a fault in Interlock: {describe(error)}")
        return note

    def _carry(self, scope: Scope, candidate: Candidate) -> Note:
        require_usable(candidate)
        with Lease(scope, candidate.id) as lease:
            session = lease.claim(lambda session, now: self._allow(candidate, session, now))
            if session.lease_owner != lease.owner:
                return Note("taken", candidate)
            self._tell(Note("began", candidate, session))
            try:
                session = proceed(lease, session, self._perform, lambda: self._goes_on(session.id))
            except StaleSession as error:
                return Note("stopped", candidate, why=str(error))
            if session.active and session.open is not None and waits(session):
                _rest(session, lease.claimed_at)
                kind: Kind = "waits"
            else:
                kind = "left" if session.active else "ended"
        return Note(kind, candidate, changed(session, lease_owner=None, lease_until=None))

    def _goes_on(self, session_id: str) -> bool:
        return not self._drains and queue.is_queued(session_id)

    def _allow(self, candidate: Candidate, session: Session, now: datetime) -> None:
        """Raise Taken unless the session is still to be taken: asked in the claim's transaction,
        so that of two workers not both can take the last place."""
        if session.ready_at is None or session.ready_at > now or not queue.is_queued(session.id):
            raise Taken
        if not self._caps.limit_any:
            return
        queue.count_alone()  # so that of two claims at once the second sees the first
        held = (one for one in queue.leased() if holds(one.owner, one.until, now))
        if not self._caps.allow(candidate, count(one.session for one in held)):
            raise Taken

    def _perform(
        self, session: Session, interaction: Interaction, *, emit: Emit, stop: threading.Event
    ) -> Result:
        with self._lock:
            self._commands[session.id] = stop  # from now on `stop` reaches it
        try:
            self._require_going()
            result = self._execute(session, interaction, emit=emit, stop=stop)
            self._require_going()
        finally:
            with self._lock:
                del self._commands[session.id]
        return result

    def _require_going(self) -> None:
        if self._stops:
            raise Stopped


def require_usable(candidate: Candidate) -> None:
    """Raise TypeUnusable or PluginUnusable before a command runs whose result nobody could read,
    and SecretNotFound or StoreUnusable before one that lacks a secret."""
    plugins.load_type(candidate.type)()
    plugins.load_environment(candidate.environment or "local")
    vault.choose(candidate.account_id, secrets_of(candidate.environment))


def execute(
    session: Session, interaction: Interaction, *, emit: Emit, stop: threading.Event
) -> Result:
    """What came back of a command in the session's environment."""
    environment = plugins.load_environment(session.environment or "local")
    result: Result = environment.execute(session, interaction, emit=emit, stop=stop)
    return result


def _rest(session: Session, claimed_at: datetime) -> None:
    """Have the session looked at when its time comes, or when somebody moves it."""
    row = session.open
    due = row.due_at if row is not None else None
    if due is not None and due <= claimed_at and _was_open(session, claimed_at):
        due = None  # the claim looked at its passing, which moved nothing
    if session.ready_at != due:
        with contextlib.suppress(StaleSession), tx():
            queue.rest(session, due)


def _was_open(session: Session, at: datetime) -> bool:
    row = session.open
    return row is not None and row.inserted_at is not None and row.inserted_at < at
