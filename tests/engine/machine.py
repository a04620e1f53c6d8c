"""Session types made from a table alone, and sessions driven by the results they get."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from interlock.engine import (
    CANCELLED,
    COMPLETE,
    FAILED,
    Ask,
    Command,
    Interaction,
    Log,
    Prompt,
    Result,
    Session,
    SessionType,
    Shell,
    Step,
    handle_result,
    next_command,
    start,
    step,
)

Rows = Sequence[Sequence[Any]]
ENDS = (COMPLETE, FAILED, CANCELLED)
ONE_STEP: Rows = [["ok", "run", COMPLETE], ["error", "run", FAILED]]
MENDED: Rows = [["ok", "run", COMPLETE], ["error", "run", "mend"], ["ok", "mend", "run"]]


def run(command: Any = None, **options: Any) -> Step:
    """A step that returns this command, or what this function of the session returns."""
    given = Shell(("true",)) if command is None else command

    def body(self: SessionType, session: Session) -> Command:
        return cast(Command, given(session) if callable(given) else given)

    return step(**options)(body)


def raises(error: Exception) -> Callable[..., Any]:
    """A step's body, a reader or a guard that raises."""

    def broken(*given: object) -> Any:
        raise error

    return broken


def ask(*choices: str) -> Step:
    """A step that lets a person choose."""
    return run(Ask("Which?", choices))


def prompt(text: str = "Write it.", **options: Any) -> Step:
    """A step that prompts the agent."""
    return run(Prompt(text), **options)


def declare(rows: Any, **members: Any) -> type[SessionType]:
    """The class `Sample` with this table; each step it names and nothing gives is a Shell."""
    for row in rows:
        sources = [row[1]] if isinstance(row[1], str) else row[1]
        for name in (*sources, row[2]):
            if name not in ENDS:
                members.setdefault(name, run())
    return declare_only(rows, **members)


def declare_only(rows: Any, **members: Any) -> type[SessionType]:
    """The class `Sample` with this table and nothing that is not given."""
    return cast(type[SessionType], type("Sample", (SessionType,), {"transitions": rows, **members}))


def make(rows: Rows, **members: Any) -> SessionType:
    """An instance of the class that `declare` makes."""
    return declare(rows, **members)()


def drive(kind: SessionType, session: Session, *results: str | Result) -> Session:
    """The session after these results, each given to the command it asked for."""
    for given in results:
        session = next_command(kind, session)
        session = handle_result(kind, session, Result(given) if isinstance(given, str) else given)
    return session


def begin(kind: SessionType, *results: str | Result, **options: Any) -> Session:
    """A new session after these results."""
    return drive(kind, start(kind, **options), *results)


def opened(session: Session) -> Interaction:
    """The open interaction, which must be there."""
    assert session.open is not None
    return session.open


def rows(session: Session) -> tuple[Interaction, ...]:
    """The whole log."""
    assert isinstance(session.log, Log)
    return session.log.rows


def kept(session: Session) -> Result:
    """The result of the newest row, as it was kept."""
    result = rows(session)[-1].result
    assert result is not None
    return result


def position(session: Session) -> Mapping[str, Any]:
    """What a log must lead to."""
    names = ("step", "status", "state", "reason", "attempt", "seq", "since", "open")
    return {name: getattr(session, name) for name in names}
