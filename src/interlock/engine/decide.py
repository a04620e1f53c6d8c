"""The two decisions: the next command, and what a result leads to. Pure functions of values.

A session's position is the fold of its log: `advance` moves it over one result, and is used alike
by `handle_result` (a result that just came) and by `replay` (one that is already written).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from interlock.engine.commands import COMMANDS, Ask, Call, Command, Prompt, Wait
from interlock.engine.definition import ENDS, FAILED, Definition, GuardRaised
from interlock.engine.errors import BrokenType, InvalidResult, Refused, SessionEnded
from interlock.engine.session_type import SessionType
from interlock.engine.values import NONE, Interaction, InteractionStatus, Result, Session

FAULT = "session.fault"
"""The command of a step that failed to make one; its result is the error."""

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
    return Session(
        type=definition.name,
        step=definition.initial,
        input=dict(input or {}),
        budget=budget or definition.budget,
        type_digest=definition.digest,
    )


def next_command(kind: SessionType, session: Session) -> Session:
    """The session with one open interaction; unchanged where it has one. Raises SessionEnded."""
    require_active(session)
    if session.open is not None:
        return session
    return _issue(session, _command(kind, session))


def handle_result(kind: SessionType, session: Session, result: Result) -> Session:
    """The session moved on by the result of its open interaction.

    Raises SessionEnded; InvalidResult when the status means nothing at this step.
    """
    require_active(session)
    row = _open(session)
    _check_status(kind.definition, session, row.command, result)
    return advance(kind, session, _read(kind, session, row, result))


def reissue(kind: SessionType, session: Session) -> Session:
    """The session with its step's command made anew; the open row is kept as superseded."""
    require_active(session)
    session = drop(session, _open(session), "superseded")
    return _issue(session, _command(kind, session)) if session.active else session


def settle_unknown(kind: SessionType, session: Session) -> Session:
    """The session after its open row's outcome was lost: the row is kept as unknown, and the
    step's `on_unknown` makes the next one. It costs no attempt."""
    require_active(session)
    lost = _open(session)
    session = drop(session, lost, "unknown")
    if not session.active:
        return session
    policy = kind.definition.steps[session.step].on_unknown
    if policy == "ask" and not isinstance(lost.command, Ask):
        question = f"The outcome of step {session.step} is unknown. Run it again, or was it ok?"
        return _issue(session, Ask(question, ("retry", "ok", "error"), about="unknown"))
    command = _command(kind, session)
    if isinstance(command, Prompt) and policy != "retry":
        command = evolve(command, text=GO_ON + command.text, resume=True)
    return _issue(session, command)


def advance(kind: SessionType, session: Session, result: Result) -> Session:
    """The session after a result that its step has read: result kept, values remembered, moved."""
    row = _open(session)
    closed = close(session, row, result)
    if isinstance(row.command, Ask) and row.command.about and result.status == "retry":
        return closed
    try:
        return _move(kind, closed, result, kind.definition.fire(kind, closed, result))
    except GuardRaised as raised:
        result = result.failed(str(raised))
    closed = close(session, row, result)
    try:
        return _move(kind, closed, result, kind.definition.fire(kind, closed, result))
    except GuardRaised:
        return _move(kind, closed, result, None)


def close(session: Session, row: Interaction, result: Result) -> Session:
    """The session with this row done and what its result remembers in the state."""
    session = write(session, evolve(row, status="done", result=result))
    state = {**session.state, **result.remember} if result.remember else session.state
    return evolve(session, open=None, state=state)


def write(session: Session, row: Interaction) -> Session:
    """The session with this row in its log, to be saved."""
    unsaved = (*(old for old in session.unsaved if old.seq != row.seq), row)
    return evolve(session, seq=max(session.seq, row.seq), log=session.log.add(row), unsaved=unsaved)


def require_active(session: Session) -> None:
    """Raise SessionEnded unless the session is active."""
    if not session.active:
        raise SessionEnded(
            f"session {session.id or session.type} is {session.status}; "
            "`interlock reopen` makes it active again"
        )


def fault(command: Command) -> Result | None:
    """The error that stands for a command its step could not make; None for any other command."""
    if isinstance(command, Call) and command.function == FAULT:
        return NONE.failed(str(command.arguments["reason"]))
    return None


def _issue(session: Session, command: Command) -> Session:
    row = Interaction(
        seq=session.seq + 1, step=session.step, attempt=session.attempt, command=command
    )
    session = write(session, row)
    return evolve(session, open=row)


def _command(kind: SessionType, session: Session) -> Command:
    definition = kind.definition
    step = definition.steps.get(session.step)
    if step is None:
        raise BrokenType(
            f"the session stands at step {session.step!r}, which {session.type} no longer has; "
            f"`interlock reopen --step STEP` moves it to one of {', '.join(definition.steps)}"
        )
    try:
        command = step.body(kind, session)
        _check_command(definition, session.step, command)
    except Exception as error:
        return Call(FAULT, {"reason": f"step {session.step} raised {_words(error)}"})
    if isinstance(command, Wait) or command.timeout is not None or step.timeout is None:
        return command
    return evolve(command, timeout=step.timeout)


def _check_command(definition: Definition, step: str, command: object) -> None:
    if not isinstance(command, COMMANDS):
        raise TypeError(f"it returned {command!r}, which is no command; return Shell, Prompt, ...")
    if isinstance(command, Call) and command.function.startswith("session."):
        raise ValueError(f"{command.function} is the engine's own; call something else")
    if isinstance(command, Ask):
        for choice in command.choices:
            if not definition.takes(step, choice):
                raise ValueError(f"it offers the choice {choice!r}, and no row takes it")


def _check_status(
    definition: Definition, session: Session, command: Command, result: Result
) -> None:
    if isinstance(command, Ask):
        known = (*command.choices, "error", "timeout", "expired")
        if result.status not in known:
            raise InvalidResult(
                f"{result.status!r} is no choice here; choose {', '.join(command.choices)}"
            )
    elif not definition.takes(session.step, result.status):
        known = tuple(dict.fromkeys(("ok", "error", *definition.triggers(session.step))))
        raise InvalidResult(
            f"step {session.step} takes no status {result.status!r}; use {', '.join(known)}"
        )


def _read(kind: SessionType, session: Session, row: Interaction, result: Result) -> Result:
    name = kind.definition.steps[session.step].reader
    engine_asks = isinstance(row.command, Ask) and row.command.about
    if name is None or engine_asks or fault(row.command):
        return result
    try:
        read = getattr(kind, name)(session, result)
    except Exception as error:
        return result.failed(f"{name}, which reads step {row.step}, raised {_words(error)}")
    if not isinstance(read, Result):
        return result.failed(f"{name}, which reads step {row.step}, returned {read!r}, no Result")
    if not kind.definition.takes(session.step, read.status):
        return read.failed(f"{name} made the status {read.status!r}, which no row takes")
    return read


def _move(kind: SessionType, session: Session, result: Result, dest: str | None) -> Session:
    if dest is None:
        return _fail(session, result.error or f"no row takes {result.status!r} at {session.step}")
    if dest in ENDS:
        why = None if dest == "complete" else result.error or f"{session.step}: {result.status}"
        return evolve(session, status=ENDS[dest], reason=why)
    return _enter(kind, session, dest, result)


def _enter(kind: SessionType, session: Session, dest: str, result: Result) -> Session:
    tries = session.visits(dest)
    limit = kind.definition.steps[dest].attempts
    if limit is not None and tries >= limit:
        last = f": {result.error}" if result.error else ""
        return _fail(session, f"step {dest} was tried {tries} times, its limit{last}")
    return _afford(evolve(session, step=dest, attempt=tries + 1), session)


def drop(session: Session, row: Interaction, status: InteractionStatus) -> Session:
    """The session without this open row, which is kept as superseded or unknown."""
    session = evolve(write(session, evolve(row, status=status)), open=None)
    return _afford(session, session)


def _afford(session: Session, before: Session) -> Session:
    if session.seq - session.since >= session.budget:
        return _fail(before, f"the budget of {session.budget} interactions is used up")
    return session


def _fail(session: Session, reason: str) -> Session:
    return evolve(session, status=FAILED, reason=reason)


def _open(session: Session) -> Interaction:
    if session.open is None:
        raise Refused(f"session {session.id} has no open interaction; ask for its next command")
    return session.open


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
