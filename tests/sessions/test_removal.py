"""Deleting is final: nothing is left of a session but that it was, and nothing brings it back."""

import pytest

from interlock import Result, Scope, Session, accounts, sessions
from interlock.engine.errors import Refused, SessionActive, SessionNotFound
from interlock.store import maintenance
from interlock.store.connection import fetch, fetch_one
from tests.sessions.moves import children, family, finish, restart, submit

LONG = "x" * 100_000


def left() -> dict[str, int]:
    """How many rows each table has that a session has rows in."""
    tables = ("session", "interaction", "event", "context", "usage", "budget", "blob", "tombstone")
    return {name: fetch_one(f"SELECT count(*) FROM {name}")[0] for name in tables}  # noqa: S608


def busy(scope: Scope, output: str = LONG) -> Session:
    """An ended session with a row in every table."""
    session = sessions.create(scope, "pair", input={"n": 1})
    sessions.set_budget(scope, session.id, limits={"tokens": 1000})
    sessions.add_context(scope, session.id, "a text")
    submit(scope, session, Result(output=output, usage={"input_tokens": 5}))
    sessions.record(scope, session.id, f"{session.id}.1", "output", {"text": "x"})
    return finish(scope, session)


def test_nothing_is_left_but_a_tombstone(scope: Scope) -> None:
    """It says what was told before, and keeps the digest of the log."""
    session = busy(scope)
    told = sessions.preview_deletion(scope, session.id)
    assert (told.sessions, told.interactions, told.events) == (1, 2, 1)
    assert all(left()[name] for name in ("usage", "budget", "context", "blob"))
    assert sessions.delete(scope, session.id) == told
    assert left() == dict.fromkeys(left(), 0) | {"tombstone": 1}
    assert fetch("SELECT session_id, type, seq, head FROM tombstone") == [
        (session.id, "pair", 2, session.head)
    ]
    assert maintenance.faults() == []


def test_a_late_result_finds_no_session(scope: Scope) -> None:
    """Whoever asks for it is told when it was deleted; a stranger, that there is none."""
    session = busy(scope)
    sessions.delete(scope, session.id)
    restart()
    for act in (
        lambda: sessions.handle_result(scope, session.id, f"{session.id}.1", Result()),
        lambda: sessions.reopen(scope, session.id),
        lambda: sessions.delete(scope, session.id),
    ):
        with pytest.raises(SessionNotFound, match=f"{session.id} was deleted at 20"):
            act()
    for stranger in (accounts.enter("other", "site"), accounts.enter("acme", "another")):
        with pytest.raises(SessionNotFound, match="there is no session"):
            sessions.get(stranger, session.id)
    assert left()["session"] == 0


def test_what_others_have_too_stays(scope: Scope) -> None:
    """A payload that two sessions share goes with the last of them."""
    first, second = busy(scope), busy(scope)
    shared = left()["blob"]
    assert shared > 0
    sessions.delete(scope, first.id)
    assert left()["blob"] == shared
    assert sessions.verify(scope, second.id) == []
    sessions.delete(scope, second.id)
    assert left()["blob"] == 0


def test_an_active_session_stays(scope: Scope) -> None:
    """It is cancelled first; so are its children."""
    session = sessions.create(scope, "pair")
    with pytest.raises(SessionActive, match="cancel it before deleting it"):
        sessions.delete(scope, session.id)
    assert sessions.get(scope, session.id).active
    sessions.cancel(scope, session.id)
    assert sessions.delete(scope, session.id).sessions == 1


def test_children_go_with_their_parent_and_not_alone(scope: Scope) -> None:
    """The parent's log tells of them."""
    parent = family(scope, {"n": 1}, {"n": 2})
    child = children(scope, parent)[0]
    sessions.cancel(scope, parent.id)
    with pytest.raises(Refused, match=f"is a child of {parent.id}: delete that"):
        sessions.delete(scope, child.id)
    assert sessions.delete(scope, parent.id).sessions == 3
    assert left()["session"] == 0
    assert left()["tombstone"] == 3


def test_the_session_in_use_is_in_use_no_more(scope: Scope) -> None:
    """Its project has none then."""
    session = busy(scope)
    accounts.use(scope, session.id)
    sessions.delete(scope, session.id)
    assert accounts.current(scope) is None
