"""Who runs a session now: a lease in its row, kept up by a thread while a command is executed."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from secrets import token_hex

from interlock import engine
from interlock.engine.errors import InterlockError, SessionBusy, StoreLost, StoreUnusable
from interlock.engine.session_type import SessionType
from interlock.engine.values import Interaction, Scope, Session
from interlock.sessions.admission import Meter, issue
from interlock.sessions.balances import bounds
from interlock.sessions.turns import settle, waits
from interlock.sessions.work import Work, kind_of, load, put
from interlock.store import connection, messages, records
from interlock.store.acting import acting
from interlock.store.times import clock

LEASE_SECONDS = 30.0
RENEW_SECONDS = 10.0
MARGIN_SECONDS = 8.0
"""So long before its lease is over a holder has its command ended, which takes up to 5."""
CLOCK_SECONDS = 60.0
WATCH_SECONDS = 1.0
"""How soon a running command is stopped after somebody cancelled its session."""


class Expiring(threading.Event):
    """An event that is set by itself, too, once something has expired: also in a process that was
    stopped meanwhile, and where the thread that would set it is held up."""

    def __init__(self, expired: Callable[[], bool]) -> None:
        super().__init__()
        self._expired = expired

    def is_set(self) -> bool:
        """True once it was set, or what it stands for has expired."""
        return super().is_set() or self._expired()

    @property
    def was_set(self) -> bool:
        """True once somebody set it."""
        return super().is_set()


class Lease:
    """The right to run one session, from claim to release.

    While a command is executed its meter is told to stop it when the session was cancelled or the
    lease was lost.
    """

    def __init__(self, scope: Scope, session_id: str) -> None:
        self.scope = scope
        self.session_id = session_id
        self.owner = f"{_process()}:{token_hex(16)}"
        self.executing = False
        self.bound = True
        """False while no budget bounds the session."""
        self._meter: Meter | None = None
        self._stop = Expiring(lambda: self.expired)
        self._lost = False
        self._acting = acting(scope.account_id)
        self._until = 0.0
        self.claimed_at: datetime
        self._kind: SessionType
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Lease:
        self._acting.__enter__()
        return self

    def claim(self, allow: Callable[[Session, datetime], None] | None = None) -> Session:
        """The session, held and ready: what an earlier holder left open is settled as unknown.

        One that has ended is returned as it is. `allow` may raise what prevents it: it is asked in
        the transaction, with the session as it is. Raises SessionBusy while another holder is
        alive; UnknownType, BrokenType.
        """
        asked = clock()
        with Work() as done:
            session = load(self.scope, self.session_id)
            self.claimed_at = done.now
            if not session.active:
                return session
            self._until = asked + LEASE_SECONDS - MARGIN_SECONDS
            if allow is not None:
                allow(session, done.now)
            self._kind = kind_of(session)  # nothing is executed whose result could not be handed in
            abandoned = _require_free(session, done.now)
            until = done.now + timedelta(seconds=LEASE_SECONDS)
            held = records.claim(session, self.owner, until)
            held = settle(done, held)
            held = _settle_abandoned(done, held) if abandoned else held
            self.bound = bounds(held, self._kind)
            return issue(done, held, bound=self.bound)

    def meter(self, session: Session, row: Interaction) -> Meter:
        """What follows the command that is executed from now on."""
        if self._meter is not None:
            self._meter.end()
        if self._stop.was_set:
            self._stop = Expiring(lambda: self.expired)
        self._meter = Meter(session, row, self._stop)
        if self._lost:
            self._meter.stop.set()
        return self._meter

    @property
    def expired(self) -> bool:
        """True when the lease may be another's soon: it was not renewed for too long, by a clock
        that nobody sets."""
        return clock() >= self._until

    def watch(self) -> None:
        """Begin to keep the lease up and to look out for a cancellation."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep_up, daemon=True)
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        try:
            self._let_go()
        finally:
            self._acting.__exit__()

    def _let_go(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        if not self._until:
            return  # it never held anything
        with contextlib.suppress(StoreUnusable), connection.tx():
            if self.executing:
                # Nobody saw how the command ended: a lease that is over tells the next holder so.
                records.renew(self.session_id, self.owner, connection.now())
            else:
                records.release(self.session_id, self.owner)
            messages.tell(self.session_id)

    def _keep_up(self) -> None:
        with acting(self.scope.account_id):
            self._watch()

    def _watch(self) -> None:
        try:
            renewed = clock()
            while not self._over.wait(WATCH_SECONDS):
                try:
                    if clock() - renewed >= RENEW_SECONDS:
                        renewed = self._renew()
                    if not self._look():
                        return
                except StoreLost:  # it may be back before the lease is over
                    if self.expired:
                        self._lose()
                        return
        except InterlockError:
            self._lose()
        finally:
            connection.disconnect()

    def _look(self) -> bool:
        """False when there is nothing to be held any more."""
        session = records.one(self.scope, self.session_id)
        if session is None or not session.active or session.lease_owner != self.owner:
            self._lose()
            return False
        self.bound = bounds(session, self._kind)
        if self.bound and self._meter is not None:
            self._meter.check()
        return True

    def _lose(self) -> None:
        self._lost = True  # before the meter is looked at: one that is made now sees it
        if self._meter is not None:
            self._meter.stop.set()

    def _renew(self) -> float:
        with connection.tx():
            asked, now = clock(), connection.now()
            records.renew(self.session_id, self.owner, now + timedelta(seconds=LEASE_SECONDS))
        self._until = asked + LEASE_SECONDS - MARGIN_SECONDS
        return asked


def running(session: Session, now: datetime) -> bool:
    """True when somebody alive holds the session's lease."""
    owner, until = session.lease_owner, session.lease_until
    return owner is not None and until is not None and holds(owner, until, now)


def holds(owner: str, until: datetime, now: datetime) -> bool:
    """True when the owner of a lease until that time is alive."""
    if until <= now:
        return False
    return is_alive(owner)


def is_alive(owner: str) -> bool:
    """False when the process of a lease's owner is known to have ended; of another host's nothing
    is known."""
    host, pid, born, _ = owner.split(":")
    return host != _host() or _lives(int(pid), float(born))


def _require_free(session: Session, now: datetime) -> bool:
    """True when an earlier holder died or was interrupted in the middle of a command."""
    if running(session, now):
        host, pid, *_ = str(session.lease_owner).split(":")
        raise SessionBusy(
            f"session {session.id} is being run by process {pid} on {host}; "
            "`interlock log --follow` shows what it does"
        )
    return session.lease_owner is not None


def _settle_abandoned(done: Work, session: Session) -> Session:
    if session.open is None or waits(session) or not session.active:
        return session
    return put(done, engine.settle_unknown(kind_of(session), session))


@cache
def _host() -> str:
    return socket.gethostname().replace(":", "-")


def _lives(pid: int, born: float) -> bool:
    import psutil

    try:
        process = psutil.Process(pid)
        # When it was born is told by the clock, which may have been set right since.
        same = abs(process.create_time() - born) < CLOCK_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _process() -> str:
    import psutil

    return f"{_host()}:{os.getpid()}:{psutil.Process().create_time():.2f}"
