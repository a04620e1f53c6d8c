"""Whether a command may be carried out: asked before it is issued, before it begins and while it
runs. Where a budget is used up a person is asked instead, and a command that runs is stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from attrs import evolve

from interlock import engine
from interlock.engine.commands import Ask, Executed
from interlock.engine.decide import fault
from interlock.engine.errors import TypeUnusable
from interlock.engine.limits import Limits
from interlock.engine.pause import BUDGET, NO_BUDGET, RETRY
from interlock.engine.session_type import SessionType
from interlock.engine.values import Interaction, Result, Session
from interlock.sessions import balances
from interlock.sessions.work import Work, kind_of, put
from interlock.store import budgets, connection
from interlock.store.acting import acting

NOT_BEGUN = {"begun": False}
"""In the data of a result: the command was not carried out."""

Emit = Callable[[str, Mapping[str, Any]], None]


class Perform(Protocol):
    """Executes the open interaction of a session."""

    def __call__(
        self, session: Session, interaction: Interaction, *, emit: Emit, stop: threading.Event
    ) -> Result:
        """What came back. `emit(type, data)` appends an event; `stop` set means: end it now."""


def issue(done: Work, session: Session, *, bound: bool = True) -> Session:
    """The session with a command that somebody can execute, or ended, or waiting; where a budget
    is used up it waits for a person. `bound` is false where it is known that it has none."""
    while session.active and session.open is None:
        kind = kind_of(session)
        decided = engine.next_command(kind, session)
        why = _refuse(kind, session, decided.open, done.now) if bound else None
        session = put(done, decided if why is None else engine.hold(kind, session, why))
    return session


def reissue(kind: SessionType, session: Session, now: datetime) -> Session:
    """The session with its open command made anew; where a budget is used up that is its result,
    and a person is asked next."""
    why = _refuse(kind, session, session.open, now)
    if why is None:
        return engine.reissue(kind, session)
    return engine.handle_result(kind, session, Result(BUDGET, error=why, data=NOT_BEGUN))


def asks(row: Interaction | None) -> bool:
    """True when an open row is the engine's question about a budget."""
    return row is not None and isinstance(row.command, Ask) and row.command.about in _QUESTIONS


def go_on(done: Work, session: Session, *, renew: bool = False) -> Session:
    """The session moved on where it asks about a budget and none is in the way any more. `renew`:
    where another is in the way than the one it asks about, it asks about that."""
    if not session.active or not asks(session.open):
        return session
    try:
        kind = kind_of(session)
        answered = engine.handle_result(kind, session, Result(RETRY, output="the budget allows it"))
        if not answered.active:
            return session
        decided = engine.next_command(kind, answered)
    except TypeUnusable:
        return session
    why = _refuse(kind, session, decided.open, done.now)
    if why is None:
        return put(done, answered)
    asked = session.open.command if session.open is not None else None
    stale = isinstance(asked, Ask) and why not in asked.question
    return issue(done, put(done, answered)) if renew and stale else session


def acknowledge(done: Work, session: Session, row: Interaction, result: Result) -> None:
    """Remember that a person lets a session go on without a price for what it spent."""
    if not asks(row) or result.status != RETRY or not balances.asks_once(row.command):
        return
    for budget in balances.unpriced(session, kind_of(session), done.now):
        kept = budgets.find(budget) or evolve(budget, limits=Limits())
        budgets.save(evolve(kept, asked=True), done.now)


class Meter:
    """Follows what one command uses while it is executed, and stops it when a budget is used up.

    `stop` is what the command is told with; whoever gives the session up sets it as well.
    """

    def __init__(self, session: Session, row: Interaction, stop: threading.Event) -> None:
        self.stop = stop
        self.why: str | None = None
        """What is used up, in words; None while nothing is."""
        self._session = session
        self._row = row
        self._began: float | None = None
        self._over = False
        self._lock = threading.Lock()

    def end(self) -> None:
        """Set `stop` no more: it may be another command's from now on."""
        with self._lock:
            self._over = True

    def check(self) -> None:
        """Set `stop` when a budget is used up. Any thread may ask."""
        if self.why is not None or not self._lock.acquire(blocking=False):
            return
        try:
            if self._over:
                return
            took = None if self._began is None else time.monotonic() - self._began
            with acting(self._session.account_id):
                self.why = balances.shortage(
                    self._session,
                    kind_of(self._session),
                    self._row.command,
                    connection.now(),
                    but=(self._session.id, self._row.seq),
                    took=took,
                )
            if self.why is not None:
                self.stop.set()
        finally:
            self._lock.release()

    def over(self, perform: Perform, bound: Callable[[], bool]) -> Perform:
        """The same executor, metered while `bound` is true. A command that nothing is left for
        is not begun."""

        def metered(
            session: Session, interaction: Interaction, *, emit: Emit, stop: threading.Event
        ) -> Result:
            def tell(kind: str, data: Mapping[str, Any]) -> None:
                emit(kind, data)
                if kind == "usage" and bound():
                    self.check()

            if bound():
                self.check()
            if self.why is not None:
                return Result(BUDGET, error=self.why, data={} if self._began else NOT_BEGUN)
            self._began = self._began or time.monotonic()  # of the first run, where it takes more
            judged: Result = self._judge(perform(session, interaction, emit=tell, stop=stop))
            return judged

        return metered

    def _judge(self, result: Any) -> Any:
        """The result; `budget` where it tells only of having been stopped."""
        if self.why is None or not isinstance(result, Result) or result.ok:
            return result  # what is no Result is told of by whoever asked for one
        if result.data.get("stopped") or result.code is None:
            return evolve(result, status=BUDGET, error=self.why)
        return result


_QUESTIONS = (BUDGET, NO_BUDGET)


def _refuse(
    kind: SessionType, session: Session, row: Interaction | None, now: datetime
) -> str | None:
    """Why the command of a row that was decided may not be issued."""
    if row is None or not isinstance(row.command, Executed):
        return None
    if fault(row.command) is not None:
        return None
    return balances.shortage(session, kind, row.command, now, but=(session.id, row.seq))
