"""The two calls into a session type's own code. Whatever goes wrong there becomes an error of the
step, in words, and never an exception: a session must not be stuck on a plugin's mistake. That the
database cannot be used is none: it ends the transaction, and the step is made again."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from interlock.engine.commands import COMMANDS, Ask, Call, Command, Prompt, Spawn, Wait
from interlock.engine.definition import ERRORS, Definition
from interlock.engine.errors import BrokenType, StoreUnusable
from interlock.engine.payload import accept, check_fields, describe
from interlock.engine.session_type import SessionType, Step
from interlock.engine.values import Result, Session

PERMISSIONS = ("permission_mode", "allowed_tools", "mcp")
FAULT = "session.fault"
"""The command of a step that failed to make one; its result is the error."""


def current_step(kind: SessionType, session: Session) -> Step:
    """The step a session stands at. Raises BrokenType when its type no longer has it."""
    step = kind.definition.steps.get(session.step)
    if step is None:
        raise BrokenType(
            f"the session stands at step {session.step!r}, which {session.type} no longer has; "
            "`interlock cancel` it, then `interlock reopen --step STEP` with one of "
            f"{', '.join(kind.definition.steps)}"
        )
    return step


def make_command(kind: SessionType, session: Session) -> Command:
    """The command of the session's step, with the step's timeout; a prompt with the options of type
    and step. FAULT where it made none.

    Raises BrokenType, StoreUnusable.
    """
    step = current_step(kind, session)
    try:
        command = step.body(kind, session)
        if isinstance(command, Prompt) and (kind.options or step.options):
            command = evolve(command, options=_gather_options(kind, step, command))
        _check_command(kind.definition, session.step, command)
    except StoreUnusable:
        raise  # of a look into the history
    except Exception as error:
        return Call(FAULT, {"reason": f"step {session.step} raised {describe(error)}"})
    if isinstance(command, Wait) or command.timeout is not None or step.timeout is None:
        return command
    return evolve(command, timeout=step.timeout)


def _gather_options(kind: SessionType, step: Step, prompt: Prompt) -> dict[str, Any]:
    """The prompt's options over the step's over the type's. No prompt lifts a step's `read_only`,
    and a prompt that only reads takes neither permissions nor servers over from the type."""
    near = {**step.options, **prompt.options}
    if step.options.get("read_only"):
        near["read_only"] = True
    left_out = PERMISSIONS if near.get("read_only") else ()
    return {name: said for name, said in kind.options.items() if name not in left_out} | near


def _check_command(definition: Definition, step: str, command: object) -> None:
    if not isinstance(command, COMMANDS):
        raise TypeError(f"it returned {_name(command)}; return Shell, Prompt, Ask, ...")
    for part in command.children if isinstance(command, Spawn) else (command,):
        if not isinstance(part, Wait):
            check_fields(part)
    if isinstance(command, Call) and command.function.startswith("session."):
        raise ValueError(f"{command.function} is the engine's own; call something else")
    if isinstance(command, Ask | Wait) and command.about:
        raise ValueError("about=... is the engine's own; leave it out")
    if isinstance(command, Ask):
        _check_question(definition, step, command)


def _check_question(definition: Definition, step: str, command: Ask) -> None:
    for choice in command.choices:
        if choice not in ERRORS and definition.route(step, choice) is None:
            raise ValueError(f"it offers the choice {choice!r}, and no row takes it")


def read_result(kind: SessionType, session: Session, reader: str, result: Result) -> Result:
    """The result as a step's reader sees it; an error where it could not read it.

    Raises StoreUnusable.
    """
    where = f"{reader}, which reads step {session.step},"
    try:
        read = getattr(kind, reader)(session, result)
        if not isinstance(read, Result):
            return result.failed(f"{where} returned {_name(read)} and no Result")
        read = accept(read)
    except StoreUnusable:
        raise  # of a look into the history
    except Exception as error:
        return result.failed(f"{where} raised {describe(error)}")
    if not kind.definition.takes(session.step, read.status):
        return read.failed(f"{where} made the status {read.status!r}, which no row takes")
    return read


def _name(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
