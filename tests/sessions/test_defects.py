"""What went wrong in the system this one follows cannot happen here; each test is named after one
of its defects."""

import pytest

from interlock import Command, Result, Scope, sessions
from interlock.engine.errors import ResultConflict, SessionEnded, UnknownType
from interlock.store.connection import execute, tx
from tests.sessions.moves import children, fail, family, finish, log, ok, restart, submit


def test_cancelled_sessions_advance(scope: Scope) -> None:
    """A cancelled session has no next command, takes no result and executes nothing."""
    session = sessions.create(scope, "pair")
    row = sessions.next_command(scope, session.id)
    cancelled = sessions.cancel(scope, session.id)
    with pytest.raises(SessionEnded):
        sessions.next_command(scope, session.id)
    with pytest.raises(SessionEnded):
        sessions.handle_result(scope, session.id, row.id, Result())

    executed: list[Command] = []

    def execute(command: Command) -> Result:
        executed.append(command)
        return ok(command)

    assert sessions.run(scope, session.id, execute).status == "cancelled"
    assert executed == []
    assert sessions.get(scope, session.id) == cancelled


def test_finalize_fails_into_nowhere(scope: Scope) -> None:
    """An error that no row takes ends the session failed, with the reason."""
    session = submit(scope, sessions.create(scope, "pair"), Result())
    failed = submit(scope, session, Result("error", error="nothing to commit"))
    assert (failed.status, failed.reason) == ("failed", "nothing to commit")
    assert failed.ended_at is not None


def test_unbounded_loops(scope: Scope) -> None:
    """A loop that never gets anywhere ends at its budget, however it is run."""
    session = sessions.create(scope, "loop", budget=9)
    ended = sessions.run(scope, session.id, ok)
    assert (ended.status, ended.seq) == ("failed", 9)
    assert ended.reason == "the budget of 9 interactions is used up"


def test_a_result_accepted_twice(scope: Scope) -> None:
    """The second time it moves nothing; another one is refused."""
    session = sessions.create(scope, "loop")
    row = sessions.next_command(scope, session.id)
    for _ in range(3):
        moved = sessions.handle_result(scope, session.id, row.id, Result(output="a"))
        assert (moved.step, moved.state) == ("check", {"count": 1})
    with pytest.raises(ResultConflict):
        sessions.handle_result(scope, session.id, row.id, Result(output="b"))
    assert len(log(scope, session)) == 1


def test_an_executor_error_leaves_it_pending_for_ever(scope: Scope) -> None:
    """What an executor raises is the result of the interaction."""
    session = sessions.create(scope, "pair")

    def execute(command: Command) -> Result:
        raise OSError("no such program")

    ended = sessions.run(scope, session.id, execute)
    assert (ended.status, ended.open) == ("failed", None)
    assert ended.reason == "the executor raised OSError: no such program"
    assert [row.status for row in log(scope, session)] == ["done"]


def test_a_failed_child_cannot_be_reopened(scope: Scope) -> None:
    """It can, and its parent that had failed for it waits again and ends well."""
    parent = family(scope, {})
    (child,) = children(scope, parent)
    fail(scope, child)
    assert sessions.get(scope, parent.id).status == "failed"
    sessions.reopen(scope, child.id, "first")
    finish(scope, child)
    assert finish(scope, parent).status == "complete"
    assert len(children(scope, parent)) == 1


def test_unknown_types_break_loading(scope: Scope) -> None:
    """A list with a session of an unknown type is read whole; only that one cannot go on."""
    lost, well = sessions.create(scope, "loop"), sessions.create(scope, "pair")
    sessions.next_command(scope, lost.id)
    with tx():
        execute("UPDATE session SET type = 'no_longer_there' WHERE id = ?", (lost.id,))
    restart()
    found = sessions.find(scope).sessions
    assert [session.type for session in found] == ["pair", "no_longer_there"]
    assert [row.step for row in log(scope, lost)] == ["work"]
    with pytest.raises(UnknownType):
        sessions.handle_result(scope, lost.id, "1", Result())
    assert finish(scope, well).status == "complete"
