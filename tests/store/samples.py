"""Rows to keep: a small session type and what makes sessions of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from interlock import (
    COMPLETE,
    Command,
    Result,
    Scope,
    Session,
    SessionType,
    Shell,
    engine,
    sessions,
    step,
)
from interlock.engine.errors import StaleSession
from interlock.engine.limits import Limits
from interlock.engine.values import changed
from interlock.store import budgets, deletion, owners, queries, records
from interlock.store.acting import acting
from interlock.store.budgets import Budget
from interlock.store.codec import Submitted
from interlock.store.connection import backend, connect, disconnect, fetch_one, tx

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
LONG = "x" * 100_000
ODD = "\U0001f600 \u2028 \\ \t \\N \\. '\" é"


class Sample(SessionType):
    """Works until it is told to stop."""

    transitions = (
        ("ok", "work", "work"),
        ("done", "work", COMPLETE),
    )

    @step
    def work(self, session: Session) -> Command:
        return Shell(("true", str(session.seq)))


KIND = Sample()


def enter(account: str = "acme", project: str | None = "site") -> Scope:
    """The scope of an account and a project, with a person."""
    return owners.enter(account, project, None, "ann", NOW)


def new_session(scope: Scope, **fields: Any) -> Session:
    """A session that was just written."""
    session = changed(
        engine.start(KIND, input=fields.pop("input", {})),
        id=records.new_id(),
        account_id=scope.account_id,
        project_id=scope.project_id,
        user_id=scope.user_id,
        **fields,
    )
    with tx():
        return records.insert(session, NOW)


def issue(session: Session) -> Session:
    """The session with an open interaction, as saved."""
    with tx():
        return records.save(engine.next_command(KIND, session), NOW)


def settle(session: Session, result: Result) -> Session:
    """The session after a result, as saved."""
    with tx():
        moved = engine.handle_result(KIND, session, result)
        return records.save(moved, NOW, Submitted.of(result))


def step_once(session: Session, result: Result) -> Session:
    """The session one interaction further."""
    return settle(issue(session), result)


def reopen(url: str) -> None:
    """Open the database at a URL as another process does: on connections of its own."""
    disconnect()
    backend().close_all()
    connect(url)


def value(sql: str, *values: Any) -> Any:
    """The first column of the first row that a statement finds."""
    row = fetch_one(sql, values)
    return None if row is None else row[0]


def fill(scope: Scope) -> Session:
    """A session of an account, with all that can go with one, and one that was deleted."""
    with acting(scope.account_id):
        return _fill(scope)


def _fill(scope: Scope) -> Session:
    session = new_session(scope, component_id=owners.add_component(scope, "part", NOW))
    usage = {"entries": [{"model": "m", "input_tokens": 7, "output_tokens": 2}]}
    session = step_once(session, Result(output=ODD, usage=usage))
    session = step_once(session, Result(output=LONG, remember={"much": LONG, "odd": ODD}))
    held = issue(session)
    child = new_session(scope, parent_id=held.id, spawn_key="work/one")
    gone = new_session(scope, status="complete")
    with tx():
        for number in range(3):
            queries.add_event(held, 3, "output", {"text": f"{number} {ODD}"}, NOW)
        queries.add_event(child, None, "output", {"text": LONG}, NOW)
        queries.add_context(held, "user", ODD, NOW)
        budgets.save(Budget(account_id=scope.account_id, limits=Limits(tokens=9, seconds=0.1)), NOW)
        deletion.delete([gone], scope.user_id, NOW)
        return records.claim(held, "host:1:1:word", NOW)


def require_void(held: Session) -> None:
    """Whoever holds a session as it was before a restore can neither move it nor keep it."""
    with pytest.raises(StaleSession):
        settle(held, Result(output="late"))
    with tx():
        records.renew(held.id, str(held.lease_owner), NOW)
    assert sessions.get(enter(), held.id).lease_until is None
    assert sessions.verify(enter(), held.id) == []
