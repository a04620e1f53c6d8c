"""Running a session: it goes on from wherever it stands, and whatever happens in a command is a
result."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from interlock import Ask, Command, Interaction, Prompt, Result, Scope, Session, Shell, sessions
from interlock.engine.errors import SessionBusy, SessionEnded, SessionNotFound, StaleSession
from interlock.sessions import lease
from interlock.store.connection import disconnect, execute, tx
from tests.sessions.moves import let_time_pass, log, ok, restart, story, submit


def interrupt_at(number: int) -> Callable[[Command], Result]:
    """An executor that is interrupted in the middle of its n-th command."""
    seen: list[Command] = []

    def execute(command: Command) -> Result:
        seen.append(command)
        if len(seen) == number:
            raise KeyboardInterrupt
        return ok(command)

    return execute


def test_a_run_goes_to_the_end(scope: Scope) -> None:
    """Every command is executed once, in order, and its result decides the next."""
    session = sessions.create(scope, "pair", input={"n": 3})
    executed: list[Command] = []

    def execute(command: Command) -> Result:
        executed.append(command)
        return ok(command)

    ended = sessions.run(scope, session.id, execute)
    assert executed == [Shell(("first", "3")), Shell(("second", "first 3"))]
    assert (ended.status, ended.state) == ("complete", {"seen": "second first 3"})
    assert ended == sessions.get(scope, session.id)
    assert not sessions.running(ended, datetime.now(UTC))
    assert story(scope, session) == [("first", "done"), ("second", "done")]


def test_running_an_ended_session_executes_nothing(scope: Scope) -> None:
    """It is returned as it is."""
    session = sessions.create(scope, "pair")
    ended = sessions.run(scope, session.id, ok)
    assert sessions.run(scope, session.id, interrupt_at(1)) == sessions.get(scope, session.id)
    assert len(log(scope, ended)) == 2


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_a_run_goes_on_where_somebody_else_stopped(scope: Scope, steps: int) -> None:
    """After so many turns by hand `run` does the rest, an open interaction first."""
    session = sessions.create(scope, "pair")
    if steps >= 1:
        sessions.next_command(scope, session.id)
    if steps >= 2:
        session = submit(scope, session, Result(output="by hand"))
    if steps >= 3:
        sessions.next_command(scope, session.id)
    assert sessions.run(scope, session.id, ok).status == "complete"
    assert story(scope, session) == [("first", "done"), ("second", "done")]
    assert sessions.check(scope, session.id) == []


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_an_interrupted_run_can_be_run_again(scope: Scope, number: int) -> None:
    """Ctrl-C in any command leaves a session that goes on; what was open is unknown."""
    session = sessions.create(scope, "loop")
    execute = interrupt_at(number)
    with pytest.raises(KeyboardInterrupt):
        sessions.run(scope, session.id, execute)
    left = sessions.get(scope, session.id)
    assert left.open is not None
    assert left.open.seq == number
    restart()
    finished: list[Command] = []

    def finish(command: Command) -> Result:
        finished.append(command)
        return Result("done") if command == Shell(("work", "1")) else ok(command)

    sessions.run(scope, session.id, finish if number < 3 else lambda _: Result("done"))
    rows = log(scope, session)
    assert [row.status for row in rows].count("unknown") == 1
    assert rows[number - 1].status == "unknown"
    assert (rows[number].step, rows[number].attempt) == (left.step, left.open.attempt)
    assert rows[number].command == left.open.command
    assert sessions.check(scope, session.id) == []


def test_what_nobody_saw_is_settled_by_the_steps_own_policy(scope: Scope) -> None:
    """A Shell runs again, an agent goes on with its conversation, and where the step wants it a
    person is asked; none of that costs an attempt, though each step has only one."""
    session = sessions.create(scope, "unseen")
    told: list[Command] = []

    def execute(command: Command) -> Result:
        told.append(command)
        if len(told) in (1, 3, 5):
            raise KeyboardInterrupt
        return Result()

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            sessions.run(scope, session.id, execute)
    waiting = sessions.run(scope, session.id, execute)
    shell, again, prompt, resumed, deploy = told
    assert shell == again == Shell(("shell",))
    assert isinstance(prompt, Prompt)
    assert isinstance(resumed, Prompt)
    assert (prompt.resume, resumed.resume) == (False, True)
    assert resumed.text.endswith(prompt.text)
    assert "interrupted" in resumed.text
    assert deploy == Shell(("deploy",))
    assert waiting.open is not None
    question = waiting.open.command
    assert isinstance(question, Ask)
    assert question.choices == ("retry", "ok", "skip", "error")
    assert [row.status for row in log(scope, session)] == [
        "unknown", "done", "unknown", "done", "unknown", "open",
    ]  # fmt: skip
    assert sessions.run(scope, session.id, execute) == sessions.get(scope, session.id)
    done = sessions.answer(scope, session.id, "ok", "I looked: it is deployed")
    assert done.status == "complete"
    assert sessions.check(scope, session.id) == []


def test_a_person_may_have_the_unknown_run_again(scope: Scope) -> None:
    """The answer `retry` runs the step's command again, at no cost."""
    session = sessions.create(scope, "unseen")
    for _ in range(2):
        session = submit(scope, session, Result())
    with pytest.raises(KeyboardInterrupt):
        sessions.run(scope, session.id, interrupt_at(1))
    sessions.run(scope, session.id, interrupt_at(1))
    sessions.answer(scope, session.id, "retry")
    assert sessions.run(scope, session.id, ok).status == "complete"
    assert sessions.check(scope, session.id) == []


def test_one_session_is_run_by_one_at_a_time(scope: Scope) -> None:
    """Who runs it a second time meanwhile is refused, in words that name the process."""
    session = sessions.create(scope, "pair")
    refused: list[str] = []

    def execute(command: Command) -> Result:
        with pytest.raises(SessionBusy) as caught:
            sessions.run(scope, session.id, ok)
        refused.append(str(caught.value))
        return ok(command)

    assert sessions.run(scope, session.id, execute).status == "complete"
    assert len(refused) == 2
    assert "is being run by process" in refused[0]
    assert not sessions.running(sessions.get(scope, session.id), datetime.now(UTC))


def test_a_waiting_session_is_not_held(scope: Scope) -> None:
    """A run that ends because a person must answer gives the session back at once."""
    session = sessions.create(scope, "approval")
    waiting = sessions.run(scope, session.id, ok)
    assert waiting.open is not None
    assert isinstance(waiting.open.command, Ask)
    assert sessions.get(scope, session.id).lease_owner is None
    assert sessions.run(scope, session.id, ok).open == waiting.open


def test_the_command_of_a_cancelled_session_is_told_to_stop(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who executes sees `stop` soon; what it still returns is kept as late and moves nothing."""
    monkeypatch.setattr(lease, "WATCH_SECONDS", 0.02)
    session = sessions.create(scope, "pair")
    begun = threading.Event()

    def cancel() -> None:
        begun.wait(60)
        sessions.cancel(scope, session.id, "changed my mind")
        disconnect()

    def perform(
        session: Session, interaction: Interaction, *, stop: threading.Event, **_: Any
    ) -> Result:
        begun.set()
        assert stop.wait(60)
        return Result(output="half done")

    thread = threading.Thread(target=cancel)
    thread.start()
    ended = sessions.drive(scope, session.id, perform)
    thread.join()
    assert (ended.status, ended.reason) == ("cancelled", "changed my mind")
    assert story(scope, session) == [("first", "cancelled"), ("session.cancel", "done")]
    (late,) = sessions.events(scope, session.id)
    assert (late.seq, late.type) == (1, "late_result")
    assert late.data["result"]["output"] == "half done"


def test_who_lost_the_lease_changes_nothing_more(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A runner that was taken for dead sees `stop`, and its result moves nothing."""
    monkeypatch.setattr(lease, "WATCH_SECONDS", 0.02)
    session = sessions.create(scope, "pair")

    def perform(
        session: Session, interaction: Interaction, *, stop: threading.Event, **_: Any
    ) -> Result:
        with tx():
            execute("UPDATE session SET lease_owner = 'elsewhere:1:2:3', version = version + 1")
        assert stop.wait(60)
        return Result(output="of a zombie")

    with pytest.raises(StaleSession, match="was taken over by elsewhere"):
        sessions.drive(scope, session.id, perform)
    restart()
    assert story(scope, session) == [("first", "open")]
    assert [event.type for event in sessions.events(scope, session.id)] == ["late_result"]
    assert sessions.get(scope, session.id).lease_owner == "elsewhere:1:2:3"


def test_a_run_passes_a_time_that_is_over(scope: Scope) -> None:
    """A Wait that is due needs nobody; one that is not due leaves the session waiting."""
    session = sessions.create(scope, "pause")
    assert sessions.run(scope, session.id, ok).step == "pause"
    let_time_pass(session)
    assert sessions.run(scope, session.id, ok).status == "complete"


def test_a_run_of_a_missing_session_is_not_found(scope: Scope) -> None:
    """And one that ended in the meantime is simply over."""
    with pytest.raises(SessionNotFound):
        sessions.run(scope, "nobody", ok)
    session = sessions.create(scope, "pair")
    sessions.cancel(scope, session.id)
    assert sessions.run(scope, session.id, ok).status == "cancelled"
    with pytest.raises(SessionEnded):
        sessions.next_command(scope, session.id)
