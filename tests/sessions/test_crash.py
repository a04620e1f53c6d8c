"""A process may die at any moment: nothing that was acknowledged is lost, nothing happens twice
unseen, and the next run goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from interlock import Ask, Command, Result, Scope, Session, Shell, sessions
from interlock.engine.errors import SessionBusy
from interlock.store import connection
from interlock.store.connection import disconnect, execute, tx
from tests.sessions.moves import children, log, ok, restart, story
from tests.sessions.processes import Runner, wait_for

LONGEST = 200
"""More statements than any of these runs makes."""


class Killed(BaseException):
    """The process is gone: from here on it says nothing more to the database."""


class Life:
    """So many statements of a process, before the next of which it dies."""

    def __init__(self, statements: int) -> None:
        self.left = statements

    def spend(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """The same act, while it lives."""

        def statement(*values: Any) -> Any:
            self.left -= 1
            if self.left <= 0:
                raise Killed
            return act(*values)

        return statement


@contextmanager
def dying_after(statements: int) -> Iterator[None]:
    """A process that dies before so many statements were made; then another takes its place."""
    opened, life = connection.backend(), Life(statements)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("start", "end", "change", "find", "undo"):
            patch.setattr(opened, name, life.spend(getattr(opened, name)))
        yield
    opened.undo()
    disconnect()
    restart()
    with tx():  # its lease ends with it: a real one is told by its process id
        execute("UPDATE session SET lease_until = '2000-01-01T00:00:00.000000+00:00'")


def test_a_killed_run_goes_on(scope: Scope) -> None:
    """kill -9 in the middle of a command: its outcome is unknown, the next run does the rest."""
    session = sessions.create(scope, "pair")
    runner = Runner(session)
    assert runner.hear() == "execute first 0"
    runner.say("one")
    assert runner.hear() == "execute second one"
    runner.kill()
    ended = sessions.run(scope, session.id, ok)
    assert ended.status == "complete"
    assert story(scope, session) == [("first", "done"), ("second", "unknown"), ("second", "done")]
    assert [row.attempt for row in log(scope, session)] == [1, 1, 1]
    assert log(scope, session)[0].result == Result(output="one")
    assert sessions.check(scope, session.id) == []


def test_a_session_that_ends_its_worker_time_after_time_is_parked(scope: Scope) -> None:
    """Three killed processes, then a person is asked; the answer runs it, or says how it ended."""
    session = sessions.create(scope, "pair")
    for _ in range(3):
        runner = Runner(session)
        assert runner.hear() == "execute first 0"
        runner.kill()
    parked = sessions.run(scope, session.id, ok)
    assert parked.open is not None
    assert isinstance(parked.open.command, Ask)
    assert parked.open.command.about == "parked"
    assert story(scope, session) == [*[("first", "unknown")] * 3, ("first", "open")]
    assert sessions.run(scope, session.id, ok).open == parked.open
    sessions.answer(scope, session.id, "retry")
    assert sessions.run(scope, session.id, ok).status == "complete"
    assert sessions.check(scope, session.id) == []


def test_a_session_that_another_process_runs_is_busy(scope: Scope) -> None:
    """While that process lives nobody else runs the session; when it is done it is free."""
    session = sessions.create(scope, "pair")
    runner = Runner(session)
    assert runner.hear() == "execute first 0"
    with pytest.raises(SessionBusy, match=f"run by process {runner.process.pid} on"):
        sessions.run(scope, session.id, ok)
    second = Runner(session)
    assert second.hear().startswith("session_busy: ")
    second.close()
    runner.say("one")
    assert runner.hear() == "execute second one"
    runner.say("two")
    assert runner.hear() == "complete second"
    runner.close()
    assert sessions.get(scope, session.id).lease_owner is None
    assert story(scope, session) == [("first", "done"), ("second", "done")]


def test_a_process_that_is_dead_and_not_yet_buried_holds_nothing(scope: Scope) -> None:
    """A killed process that nobody waited for is still listed, and does not count."""
    session = sessions.create(scope, "pair")
    runner = Runner(session)
    assert runner.hear() == "execute first 0"
    runner.process.kill()
    try:
        wait_for(lambda: psutil.Process(runner.process.pid).status() == psutil.STATUS_ZOMBIE)
        assert sessions.run(scope, session.id, ok).status == "complete"
    finally:
        runner.close()


def test_a_killed_run_may_be_finished_by_hand(scope: Scope) -> None:
    """The open interaction is still there for whoever knows its result."""
    session = sessions.create(scope, "pair")
    runner = Runner(session)
    runner.hear()
    runner.kill()
    row = sessions.next_command(scope, session.id)
    assert (row.seq, row.status) == (1, "open")
    sessions.handle_result(scope, session.id, row.id, Result(output="I saw it"))
    assert sessions.run(scope, session.id, ok).state == {"seen": "second I saw it"}
    assert story(scope, session) == [("first", "done"), ("second", "done")]


def test_a_run_that_dies_at_any_statement_goes_on(scope: Scope) -> None:
    """Whichever statement is the last of a process: the next run ends as it would have, and what
    was not seen is in the log as unknown."""
    for statements in range(1, LONGEST):
        session = sessions.create(scope, "pair", input={"n": statements})
        executed: list[Command] = []

        def execute(command: Command, executed: list[Command] = executed) -> Result:
            executed.append(command)
            return ok(command)

        died = True
        with dying_after(statements):
            try:
                sessions.run(scope, session.id, execute)
                died = False
            except Killed:
                pass
        before = len(executed)
        ended = sessions.run(scope, session.id, execute)
        assert ended.status == "complete"
        assert ended.state == {"seen": f"second first {statements}"}
        assert sessions.check(scope, session.id) == []
        lost = [status for _, status in story(scope, session)].count("unknown")
        assert lost <= 1
        assert len(executed) - 2 <= lost  # a command that ran twice is told as unknown
        assert (len(executed) == 2) or died
        if not died:
            assert before == 2
            return
    raise AssertionError(f"a run of two commands made {LONGEST} statements")


def test_a_family_that_dies_at_any_statement_goes_on(scope: Scope) -> None:
    """The same with children: none is lost, none is made twice, the parent is woken."""

    given = {"children": [{"input": {"n": 1}}, {"type": "loop"}]}
    for statements in range(1, LONGEST, 5):
        parent = sessions.create(scope, "family", input=given)
        died = True
        with dying_after(statements):
            try:
                _drive_family(scope, parent)
                died = False
            except Killed:
                pass
        _drive_family(scope, parent)
        ended = sessions.get(scope, parent.id)
        assert ended.status == "complete"
        made = children(scope, parent)
        assert [child.type for child in made] == ["pair", "loop"]
        assert {child.status for child in made} == {"complete"}
        for session in (ended, *made):
            assert sessions.check(scope, session.id) == []
        if not died:
            return
    raise AssertionError(f"a family made {LONGEST} statements")


def _drive_family(scope: Scope, parent: Session) -> None:
    def perform(session: Session, interaction: Any, **_: Any) -> Result:
        if interaction.command == Shell(("work", "1")):
            return Result("done")
        return ok(interaction.command)

    sessions.drive(scope, parent.id, perform)
