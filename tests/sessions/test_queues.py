"""Handing sessions over to workers: which they may take, and who holds what."""

from typing import Any

import pytest

from interlock import Scope, Session, sessions
from interlock.engine.errors import InvalidInput, SessionEnded
from interlock.sessions.lease import Lease
from tests.sessions.conftest import WALLED_TOO

pytestmark = WALLED_TOO


def where(session: Session) -> tuple[str, str | None, int]:
    """How it is run, in which queue, how urgent it is."""
    return session.execution_mode, session.queue, session.priority


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ({}, ("manual", None, 0)),
        ({"queue": "nightly"}, ("auto", "nightly", 0)),
        ({"queue": "default", "priority": -100}, ("auto", "default", -100)),
        ({"execution_mode": "auto"}, ("auto", "default", 0)),
        ({"execution_mode": "agentic", "queue": "q"}, ("agentic", "q", 0)),
        ({"priority": 3}, ("manual", None, 3)),
    ],
)
def test_a_session_is_for_a_person_or_for_workers(
    scope: Scope, asked: dict[str, Any], got: tuple[str, str | None, int]
) -> None:
    """A queue, or a mode that is for workers, hands it to them; nothing else does."""
    session = sessions.create(scope, "pair", **asked)
    assert where(session) == got
    assert where(sessions.get(scope, session.id)) == got


@pytest.mark.parametrize(
    "asked",
    [
        {"queue": ""},
        {"queue": " "},
        {"queue": "a\nb"},
        {"queue": "x" * 101},
        {"queue": "q", "priority": 101},
        {"priority": -101},
        {"queue": "q", "environment": "vscode"},
    ],
)
def test_what_no_worker_can_take_is_refused(scope: Scope, asked: dict[str, Any]) -> None:
    """A queue without a name, a priority out of bounds, an environment that executes nothing: also
    for a session that is there, which stays as it was."""
    with pytest.raises(InvalidInput) as caught:
        sessions.create(scope, "pair", **asked)
    assert str(caught.value)
    assert sessions.find(scope).sessions == ()
    there = sessions.create(scope, "pair", environment=asked.get("environment"))
    with pytest.raises(InvalidInput):
        sessions.enqueue(scope, there.id, asked.get("queue") or " ", priority=asked.get("priority"))
    assert where(sessions.get(scope, there.id)) == ("manual", None, 0)


def test_a_session_is_handed_over_and_taken_back(scope: Scope) -> None:
    """What is not named stays as it is, or is the queue `default`."""
    session = sessions.create(scope, "pair")
    assert where(sessions.enqueue(scope, session.id)) == ("auto", "default", 0)
    assert where(sessions.enqueue(scope, session.id, "q", priority=4)) == ("auto", "q", 4)
    assert where(sessions.enqueue(scope, session.id, priority=5)) == ("auto", "q", 5)
    assert where(sessions.dequeue(scope, session.id)) == ("manual", None, 5)
    assert where(sessions.get(scope, session.id)) == ("manual", None, 5)


def test_a_session_that_has_ended_is_not_handed_over(scope: Scope) -> None:
    """Nor taken back."""
    session = sessions.cancel(scope, sessions.create(scope, "pair").id)
    for change in (sessions.enqueue, sessions.dequeue):
        with pytest.raises(SessionEnded):
            change(scope, session.id)


def test_children_go_where_their_parent_goes(scope: Scope) -> None:
    """Those it has and those it will have; those that have ended stay as they are."""
    parent = sessions.create(scope, "family", input={"children": [{}, {"type": "approval"}]})
    sessions.next_command(scope, parent.id)
    first, second = sessions.find(scope, parent=parent.id).sessions
    assert where(first) == ("agentic", None, 0)
    sessions.cancel(scope, second.id)
    sessions.enqueue(scope, parent.id, "q", priority=2)
    assert where(sessions.get(scope, first.id)) == ("agentic", "q", 2)
    assert where(sessions.get(scope, second.id)) == ("agentic", None, 0)
    sessions.dequeue(scope, parent.id)
    assert where(sessions.get(scope, first.id)) == ("manual", None, 2)
    queued = sessions.create(scope, "family", input={"children": [{}]}, queue="q", priority=2)
    sessions.next_command(scope, queued.id)
    (child,) = sessions.find(scope, parent=queued.id).sessions
    assert where(child) == ("agentic", "q", 2)


def test_a_change_of_the_queue_loses_no_result(scope: Scope) -> None:
    """Whoever runs the session hands his result in as if nothing had been."""
    session = sessions.create(scope, "pair", queue="q")
    with Lease(scope, session.id) as lease:
        held = lease.claim()
        sessions.dequeue(scope, session.id)
        sessions.enqueue(scope, session.id, priority=1)
        assert sessions.get(scope, session.id).version == held.version


def test_who_holds_a_session_is_told_in_scope(scope: Scope, stranger: Scope) -> None:
    """The process that holds it, its step, and that it is alive; a stranger is told of nothing."""
    session = sessions.create(scope, "pair")
    assert sessions.holders(scope) == []
    with Lease(scope, session.id) as lease:
        lease.claim()
        (one,) = sessions.holders(scope)
        assert sessions.holders(scope.account_wide) == [one]
        assert sessions.holders(stranger) == []
    assert one.process == ":".join(lease.owner.split(":")[:2])
    assert (one.alive, one.session_id, one.type, one.step) == (True, session.id, "pair", "first")
    assert one.since is not None
    assert one.since < one.until
    assert sessions.holders(scope) == []
