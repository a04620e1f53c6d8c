"""The loop: ask for the command, execute it, hand the result back, until it ends or waits."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

from interlock import engine
from interlock.engine.commands import Command, Spawn
from interlock.engine.errors import (
    InvalidInput,
    InvalidResult,
    SessionBusy,
    StaleSession,
    StoreLost,
    StoreUnusable,
)
from interlock.engine.payload import describe
from interlock.engine.session_type import SessionType
from interlock.engine.values import Interaction, Result, Scope, Session, changed
from interlock.secrets.inlet import take, take_data
from interlock.sessions.admission import Emit as Emit
from interlock.sessions.admission import Perform as Perform
from interlock.sessions.admission import issue
from interlock.sessions.ladder import climb
from interlock.sessions.lease import Lease
from interlock.sessions.turns import waits
from interlock.sessions.work import Work, find_row, kind_of, load, put
from interlock.store import codec, connection, queries, records
from interlock.store.acting import acting, scoped
from interlock.store.codec import Submitted
from interlock.store.connection import tx


@scoped
def run(scope: Scope, session_id: str, execute: Callable[[Command], Result]) -> Session:
    """The session after its commands were executed until it ended or waits.

    What `execute` raises becomes an error result. Killed at any moment, it goes on where it stood
    when called again. Raises SessionBusy while another process runs it, StaleSession when another
    took it over.
    """

    def perform(
        session: Session, interaction: Interaction, *, emit: Emit, stop: threading.Event
    ) -> Result:
        return execute(interaction.command)

    return _run(scope, session_id, perform)


@scoped
def drive(scope: Scope, session_id: str, perform: Perform) -> Session:
    """As `run`, with an executor that sees session and interaction; at a Spawn it runs the children
    one after the other, until they have done enough, and then goes on."""
    session = _run(scope, session_id, perform)
    while session.active and session.open is not None and isinstance(session.open.command, Spawn):
        before = session.version
        for child in records.children(session):
            if child.active and load(scope, session_id).version == before:
                with contextlib.suppress(SessionBusy):
                    drive(scope, child.id, perform)
        session = load(scope, session_id)
        if session.version == before:
            return session
        session = _run(scope, session_id, perform)
    return session


@scoped
def record(
    scope: Scope, session_id: str, interaction_id: str, type: str, data: Mapping[str, Any]
) -> None:
    """Append an event to an interaction. Raises SessionNotFound, InteractionNotFound,
    InvalidInput."""
    with Work() as done:
        session = load(scope, session_id)
        row = find_row(session, interaction_id)
        queries.add_event(session, row.seq, type, take_data(scope.account_id, data), done.now)


def _run(scope: Scope, session_id: str, perform: Perform) -> Session:
    with Lease(scope, session_id) as lease:
        session = proceed(lease, lease.claim(), perform)
    if session.lease_owner != lease.owner:
        return session
    return changed(session, lease_owner=None, lease_until=None)


def proceed(
    lease: Lease, session: Session, perform: Perform, goes_on: Callable[[], bool] = lambda: True
) -> Session:
    """The session as claimed by this lease after its commands were executed, as long as `goes_on`
    is true before each."""

    def is_bound() -> bool:
        return lease.bound

    lease.watch()
    while session.active and session.open is not None and not waits(session) and goes_on():
        lease.executing = True
        meter = lease.meter(session, session.open)
        metered = meter.over(perform, is_bound)
        result = _execute(session, session.open, metered, meter.stop)
        if result.data.get("stopped") and lease.expired:
            raise StaleSession(
                f"session {session.id} could not be held: its lease was not renewed in time, so "
                "the command was ended and its outcome is unknown; run it again"
            )
        session = _insist(lease.scope, session, session.open, result, lease)
        lease.executing = False
    return session


def _execute(session: Session, row: Interaction, perform: Perform, stop: threading.Event) -> Result:
    def emit(kind: str, data: Mapping[str, Any]) -> None:
        told = take_data(session.account_id, data)
        try:
            _add_event(session, row.seq, kind, told)
        except StoreLost:  # it may be there twice now, which is less harm than none or an end
            _add_event(session, row.seq, kind, told)

    try:
        result = climb(session, row, perform, emit=emit, stop=stop)
        if isinstance(result, Result):
            return take(session.account_id, result)
        reason = f"the executor returned {type(result).__name__} and no Result"
    except InvalidInput as error:
        reason = f"what came back cannot be kept: {error}"
    except StoreUnusable:
        raise
    except Exception as error:
        reason = f"the executor raised {describe(error)}"
    return take(session.account_id, Result().failed(reason))


def _add_event(session: Session, seq: int, kind: str, data: dict[str, Any]) -> None:
    with acting(session.account_id), tx():  # whoever reads output may do so in a thread
        queries.add_event(session, seq, kind, data, connection.now())


def _handle(kind: SessionType, session: Session, result: Result) -> Session:
    try:
        return engine.handle_result(kind, session, result)
    except InvalidResult as error:
        return engine.handle_result(kind, session, result.failed(str(error)))


def _insist(
    scope: Scope, session: Session, row: Interaction, result: Result, lease: Lease
) -> Session:
    """Hand back a result, again where the database's server was lost meanwhile: it is there once,
    whether the first was done or not."""
    while True:
        try:
            return _hand_back(scope, session, row, result, lease)
        except StoreLost:
            if lease.expired:
                raise


def _hand_back(
    scope: Scope, session: Session, row: Interaction, result: Result, lease: Lease
) -> Session:
    """One transaction: the result, the move, and the next command's row."""
    kind = kind_of(session)
    submitted = Submitted.of(result)
    try:
        with Work() as done:
            connection.hold(session.id)
            moved = _handle(kind, session, result)
            if moved.active and not lease.bound:  # else what the result used is summed first
                moved = engine.next_command(kind, moved)
            return issue(done, put(done, moved, submitted), bound=lease.bound)
    except StaleSession:
        pass
    with Work() as done:
        current = load(scope, session.id)
        if current.lease_owner == lease.owner and submitted.is_of(find_row(current, str(row.seq))):
            return issue(done, current, bound=lease.bound) if current.active else current
        late = {
            "result": codec.load(submitted.text),
            "because": "the session was moved on meanwhile",
        }
        queries.add_event(current, row.seq, "late_result", late, done.now)
        if current.active and current.lease_owner == lease.owner:
            return issue(done, current, bound=lease.bound)
    if not current.active:
        return current
    raise StaleSession(f"session {session.id} was taken over by {current.lease_owner}")
