"""What the tests do with sessions, in a word each."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from interlock import Command, Interaction, Result, Scope, Session, Shell, sessions
from interlock.sessions import recent
from interlock.store.connection import backend, execute, tx
from interlock.store.times import write_time

Execute = Callable[[Command], Result]


def ok(command: Command) -> Result:
    """An executor that does at once, and says, what it is told."""
    assert isinstance(command, Shell), command
    return Result(output=" ".join(command.argv))


def submit(scope: Scope, session: Session, result: Result) -> Session:
    """The session after the result of its next command."""
    row = sessions.next_command(scope, session.id)
    return sessions.handle_result(scope, session.id, row.id, result)


def finish(scope: Scope, session: Session) -> Session:
    """A session that ended, complete."""
    ended = sessions.run(scope, session.id, ok)
    assert ended.status == "complete", ended.reason
    return ended


def fail(scope: Scope, session: Session, reason: str = "no luck") -> Session:
    """A session that ended, failed."""
    ended = submit(scope, session, Result("error", error=reason))
    assert ended.status == "failed"
    return ended


def log(scope: Scope, session: Session) -> list[Interaction]:
    """Every interaction of a session."""
    return list(sessions.history(scope, session.id))


def story(scope: Scope, session: Session) -> list[tuple[str, str]]:
    """Step and status of every interaction; a row of the session itself by its function."""
    return [
        (row.step or getattr(row.command, "function", ""), row.status)
        for row in log(scope, session)
    ]


def family(scope: Scope, *told: dict[str, Any], **given: Any) -> Session:
    """A parent that waits for a child for each of these."""
    parent = sessions.create(scope, "family", input={"children": list(told), **given})
    sessions.next_command(scope, parent.id)
    return sessions.get(scope, parent.id)


def children(scope: Scope, parent: Session) -> list[Session]:
    """A parent's children, oldest first."""
    found = sessions.find(scope, parent=parent.id, archived=True, limit=1000).sessions
    return sorted(found, key=lambda child: child.id)


def let_time_pass(session: Session) -> None:
    """Make what a session waits for due, as if its time had passed."""
    past = write_time(datetime.now(UTC) - timedelta(seconds=1))
    with tx():
        changed = execute(
            "UPDATE interaction SET due_at = ? WHERE session_id = ? AND status = 'open' "
            "AND due_at IS NOT NULL",
            (past, session.id),
        )
    assert changed == 1
    recent.forget()


def restart() -> None:
    """Go on as another process would: nothing is known but what is in the database."""
    recent.forget()


def spare_the_disk() -> None:
    """Have this connection to a file flush nothing: what is durable is shown elsewhere."""
    if backend().is_file:
        execute("PRAGMA synchronous = OFF")
