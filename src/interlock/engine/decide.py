"""The two decisions: the next command, and what a result leads to. Pure functions of values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from interlock.engine import pause, stall
from interlock.engine.commands import Ask, Call, Command, Prompt
from interlock.engine.definition import ERRORS, Definition
from interlock.engine.errors import InvalidInput, InvalidResult
from interlock.engine.fold import (
    advance,
    drop,
    is_own,
    require_active,
    require_open,
    write,
)
from interlock.engine.pause import RETRY
from interlock.engine.plugin_code import FAULT, current_step, make_command, read_result
from interlock.engine.session_type import SessionType
from interlock.engine.values import NONE, Interaction, Result, Session

MOST_LOST = 3
"""So often in a row a step may end without anybody seeing how."""

PARKED = "parked"

GO_ON = (
    "Your last turn on this was interrupted and nobody saw how it ended. "
    "Look at the files as they are now, then go on with the task:\n\n"
)


def start(
    kind: SessionType, *, input: Mapping[str, Any] | None = None, budget: int | None = None
) -> Session:
    """A new session of a type at its first step. Raises InvalidInput."""
    kind.check_input(input or {})
    definition = kind.definition
    if budget is not None and (type(budget) is not int or budget < 1):
        raise InvalidInput(f"the budget is a whole number of interactions from 1, not {budget!r}")
    return Session(
        type=definition.name,
        step=definition.initial,
        input=dict(input or {}),
        budget=definition.budget if budget is None else budget,
        type_digest=definition.digest,
    )


def next_command(kind: SessionType, session: Session) -> Session:
    """The session with one open interaction; unchanged where it has one.

    Raises SessionEnded; BrokenType when the type no longer has the session's step.
    """
    require_active(session)
    if session.open is not None:
        return session
    held = pause.pause(kind.definition, session)
    return _issue(session, held or pause.go_on(session, make_command(kind, session)))


def hold(kind: SessionType, session: Session, question: str) -> Session:
    """The session with a question of the engine's own open, in place of a command that no budget
    is left for. Raises SessionEnded, BrokenType."""
    require_active(session)
    current_step(kind, session)
    return _issue(session, pause.hold(session, question))


def handle_result(kind: SessionType, session: Session, result: Result) -> Session:
    """The session moved on by the result of its open interaction.

    What a broken step stands for is an error, whatever the result says. Raises SessionEnded;
    InvalidResult when the status means nothing at this step; BrokenType as `next_command`.
    """
    require_active(session)
    row = require_open(session)
    step = current_step(kind, session)
    broken = fault(row.command)
    if broken is not None:
        return advance(kind, session, broken)
    _check_status(kind.definition, session, row.command, result)
    unread = is_own(row.command) or pause.is_pause(kind.definition, session.step, result)
    if step.reader is not None and not unread:
        result = read_result(kind, session, step.reader, result)
    return advance(kind, session, result if unread else stall.check(kind, session, result))


def reissue(kind: SessionType, session: Session) -> Session:
    """The session with its step's command made anew; the open row is kept as superseded."""
    require_active(session)
    row = require_open(session)
    session = drop(session, row, "superseded")
    return _issue(session, _renew(kind, session, row)) if session.active else session


def settle_unknown(kind: SessionType, session: Session) -> Session:
    """The session after its open row's outcome was lost: the row is kept as unknown, and the
    step's `on_unknown` makes the next one. It costs no attempt. A step that was lost `MOST_LOST`
    times in a row is parked: a person is asked, since it may be what ends its worker."""
    require_active(session)
    lost = require_open(session)
    session = drop(session, lost, "unknown")
    if not session.active:
        return session
    policy = current_step(kind, session).on_unknown
    idle = isinstance(lost.command, Ask) or is_own(lost.command) or fault(lost.command) is not None
    if not idle and session.log.lost(session.step) >= MOST_LOST:
        return _issue(session, _park(kind.definition, session.step))
    if policy == "ask" and not idle:
        return _issue(session, _question(kind.definition, session.step))
    command = _renew(kind, session, lost)
    if policy != "retry" and isinstance(command, Prompt) and isinstance(lost.command, Prompt):
        command = evolve(command, text=GO_ON + command.text, resume=True)
    return _issue(session, command)


def fault(command: Command) -> Result | None:
    """The error that stands for a command its step could not make; None for any other command."""
    if isinstance(command, Call) and command.function == FAULT:
        return NONE.failed(str(command.arguments["reason"]))
    return None


def _issue(session: Session, command: Command) -> Session:
    row = Interaction(
        seq=session.seq + 1, step=session.step, attempt=session.attempt, command=command
    )
    return write(session, row, open=row)


def _renew(kind: SessionType, session: Session, row: Interaction) -> Command:
    """Its step's command made anew; the engine's own is issued again as it was: its question
    stands for an outcome that only a person may tell."""
    return row.command if is_own(row.command) else make_command(kind, session)


def _park(definition: Definition, step: str) -> Ask:
    choices = dict.fromkeys((RETRY, *definition.triggers(step), "error"))
    question = (
        f"Step {step} was lost {MOST_LOST} times in a row: whatever ran it was killed each time, "
        "perhaps by the command itself. Run it again, or say how it ended?"
    )
    return Ask(question, tuple(choices), about=PARKED)


def _question(definition: Definition, step: str) -> Ask:
    choices = dict.fromkeys((RETRY, *definition.triggers(step), "error"))
    question = f"The outcome of step {step} is unknown. Run it again, or say how it ended?"
    return Ask(question, tuple(choices), about="unknown")


def _check_status(
    definition: Definition, session: Session, command: Command, result: Result
) -> None:
    if isinstance(command, Ask):
        if result.status not in (*command.choices, *ERRORS):
            raise InvalidResult(
                f"{result.status!r} is no choice here; choose {', '.join(command.choices)}"
            )
    elif not definition.takes(session.step, result.status):
        known = dict.fromkeys(("ok", "error", *definition.triggers(session.step)))
        raise InvalidResult(
            f"step {session.step} takes no status {result.status!r}; use {', '.join(known)}"
        )
