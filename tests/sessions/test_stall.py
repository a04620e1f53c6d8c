"""A stored session that goes in circles waits for a person; its log is looked back at in parts."""

from interlock import Ask, Command, Prompt, Result, Scope, sessions
from interlock.store.rows import CHUNK


def fail(command: Command) -> Result:
    """An agent that changes nothing, and a check that fails in the same way."""
    if isinstance(command, Prompt):
        return Result(output="Done.")
    return Result("error", output="1 failed", error="exit code 1", data={"tree": "t"})


def begin(scope: Scope) -> str:
    """A session whose check never passes."""
    return sessions.create(scope, "mending").id


def test_a_session_in_circles_waits_for_a_person(scope: Scope) -> None:
    """It names the row that it repeats; after a `retry` it goes round once more before it asks."""
    id_ = begin(scope)
    held = sessions.run(scope, id_, fail)
    assert held.open is not None
    assert isinstance(held.open.command, Ask)
    assert held.open.command.about == "stalled"
    (*_, row) = sessions.history(scope, id_, step="check", limit=3)
    assert row.result is not None
    assert (row.seq, row.result.status, row.result.data["was"]) == (5, "stalled", "error")
    assert row.result.error is not None
    assert row.result.error.startswith("as row 3: ")
    sessions.answer(scope, id_, "retry")
    again = sessions.run(scope, id_, fail)
    assert (again.status, again.seq) == ("active", 12)
    assert sessions.check(scope, id_) == []


def test_a_log_is_read_backwards(scope: Scope) -> None:
    """Newest first, however many parts it takes, and only as far as it is asked for."""
    id_ = begin(scope)
    for _ in range(4):
        sessions.run(scope, id_, fail)
        sessions.answer(scope, id_, "retry")
    rows = [*sessions.history(scope, id_)]
    assert len(rows) > 2 * CHUNK
    log = sessions.get(scope, id_).log
    assert [*log.recent()] == rows[::-1]
    assert next(log.recent()) == rows[-1]
