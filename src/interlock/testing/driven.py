"""A session that a test drives through its type: in memory, as fast as the engine decides."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from interlock import plugins
from interlock.engine import Command, Interaction, Result, Session, SessionType, Wait
from interlock.engine.commands import Ask, Spawn
from interlock.engine.decide import fault, handle_result, next_command, start
from interlock.engine.errors import InvalidResult, SessionEnded
from interlock.engine.fold import is_own, require_open
from interlock.engine.payload import accept
from interlock.engine.table import Row
from interlock.engine.values import changed
from interlock.testing.observation import Move, watching
from interlock.testing.result_script import (
    Answer,
    ResultScript,
    Scripted,
    ScriptError,
    make_result,
    name_step,
)

Kind = type[SessionType] | str
NO_RESULTS: Mapping[str, Scripted] = {}


def find_kind(kind: Kind) -> SessionType:
    """An instance of a session type, given as its class or by its name. Raises UnknownType."""
    return (plugins.load_type(kind) if isinstance(kind, str) else kind)()


class DrivenSession:
    """A session in memory and what became of it. `drive` and the fixture `session_of` make one."""

    def __init__(self, kind: SessionType, session: Session, environment: str | None = None) -> None:
        self.kind = kind
        self._session = session
        self._environment = environment
        self._rows: dict[tuple[str, int], Row | None] = {}

    @property
    def session(self) -> Session:
        """Where it stands now."""
        return self._session

    @property
    def log(self) -> tuple[Interaction, ...]:
        """Its interactions so far, in order."""
        return tuple(self._session.log)  # type: ignore[arg-type]

    @property
    def path(self) -> list[tuple[str, str]]:
        """Each step with the status of its result, in order; the engine's own waits left out."""
        return [(row.step, row.result.status) for row in self._told() if row.result is not None]

    @property
    def rows(self) -> list[Row | None]:
        """The row of the table that each result of `path` took; None where none takes it."""
        told = (row for row in self._told() if row.result is not None)
        return [self._rows.get((self.session.id, row.seq)) for row in told]

    @property
    def commands(self) -> list[tuple[str, Command]]:
        """Each step with its command, in order; the open one too."""
        return [(row.step, row.command) for row in self._told()]

    def command(self, step: str) -> Any:
        """The newest command of a step. Raises ScriptError when it has none."""
        made = [command for name, command in self.commands if name == step]
        if not made:
            raise ScriptError(f"step {step} was not reached")
        return made[-1]

    def next(self) -> Any:
        """The command that is to be executed now. Raises SessionEnded."""
        row = self._open()
        if row is None:
            raise SessionEnded(f"the session is {self.session.status}: there is no next command")
        return row.command

    def submit(self, answer: Answer) -> Self:
        """Hands in the result of the open command, or its status. Raises ScriptError."""
        __tracebackhide__ = True
        command = self.next()
        try:
            self._hand_in(require_open(self.session), make_result(answer, self.session, command))
        except ScriptError as error:
            raise error.with_traceback(None) from None
        return self

    def run(
        self, results: Mapping[str, Scripted] = NO_RESULTS, *, until: str | None = None
    ) -> Self:
        """Drives it with these results until it ends, or until the command of step `until` is open.

        A time that it waits for passes at once. Where an environment was named it executes what
        no result is scripted for. Raises ScriptError for a step without a result, a status that
        a step cannot take, and for results that are left over.
        """
        __tracebackhide__ = True
        try:
            self._run(ResultScript(results, self.kind.definition), until)
        except ScriptError as error:
            raise error.with_traceback(None) from None
        return self

    def _run(self, script: ResultScript, until: str | None = None) -> None:
        if until is not None and until not in self.kind.definition.steps:
            raise ScriptError(f"{self.session.type} has no step {until!r}")
        while (row := self._open()) is not None:
            if until is not None and row.step == until and not is_own(row.command):
                break
            self._advance(script, row)
        if until is not None and not self.session.active:
            raise ScriptError(f"the session is {self.session.status}; it never came to {until}")
        script.require_used(self.session)

    def _advance(self, script: ResultScript, row: Interaction) -> None:
        self._hand_in(row, self._result(script, row))

    def _told(self) -> list[Interaction]:
        return [row for row in self.log if row.step and not is_own(row.command)]

    def _result(self, script: ResultScript, row: Interaction) -> Result:
        scripted = script.has(self.session)
        waits = isinstance(row.command, Wait)
        if fault(row.command) is not None or (waits and (is_own(row.command) or not scripted)):
            return Result()
        executable = not isinstance(row.command, Ask | Spawn)
        if self._environment is not None and executable and not scripted:
            return self._execute(row)
        return script.take(self.session, row.command)

    def _execute(self, row: Interaction) -> Result:
        """The result of a command, executed for real in the session's work directory."""
        environment = plugins.load_environment(self._environment or "local")
        stop = threading.Event()
        return environment.execute(self.session, row, emit=lambda kind, data: None, stop=stop)

    def _open(self) -> Interaction | None:
        """The open interaction; None when the session has ended."""
        if self._session.active:
            self._session = next_command(self.kind, self._session)
        return self._session.open

    def _hand_in(self, row: Interaction, result: Result) -> None:
        try:
            with watching(self._note):
                self._session = handle_result(self.kind, self._session, accept(result))
        except InvalidResult as error:
            raise ScriptError(name_step(row.step, str(error))) from None

    def _note(self, move: Move) -> None:
        self._rows[move.session.id, move.session.seq] = move.row


def drive(
    kind: Kind,
    given: Mapping[str, Any] | None = None,
    /,
    *,
    agent: str | None = None,
    environment: str | None = None,
    workdir: Path | None = None,
    budget: int | None = None,
    **input: Any,
) -> DrivenSession:
    """A new session of a type, in memory. Its input is `given`, and then the keywords.

    With an agent or an environment, what no result is scripted for is executed for real in
    `workdir`, by `local` unless another is named. Raises UnknownType, InvalidInput.
    """
    made = find_kind(kind)
    session = start(made, input={**(given or {}), **input}, budget=budget)
    if environment is None and agent is not None:
        environment = "local"
    where = None if workdir is None else str(workdir)
    session = changed(session, id=new_id(), agent=agent, environment=environment, workdir=where)
    return DrivenSession(made, session, environment)


def new_id() -> str:
    """An id like that of a stored session."""
    from uuid_utils import uuid7

    return str(uuid7())
