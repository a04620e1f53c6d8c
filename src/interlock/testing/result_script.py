"""The results that a test scripts for the steps of a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

from interlock.engine import Command, Definition, Result, Session
from interlock.engine.errors import InterlockError

Answer = Result | str
"""A result, or its status."""
Maker = Callable[[Session, Command], Answer]
"""Makes the result of one try from the session and its open command."""
Scripted = Answer | Maker | Sequence[Answer | Maker]
"""For every try of a step, or for its tries in order."""


class ScriptError(AssertionError):
    """The results of a test do not fit the session: one line that names the step."""


class ResultScript:
    """Results by step. A key `TYPE.STEP` is for the children of that type."""

    def __init__(self, results: Mapping[str, Scripted], definition: Definition) -> None:
        self._results: dict[str, Scripted] = dict(results)
        self._used = dict.fromkeys(self._results, 0)
        self._name = definition.name
        for step in self._results:
            if "." not in step and step not in definition.steps:
                known = ", ".join(definition.steps)
                raise ScriptError(f"{definition.name} has no step {step!r}; it has {known}")

    def has(self, session: Session) -> bool:
        """True when a result is scripted for the step that the session stands at."""
        return self._key(session) in self._results

    def take(self, session: Session, command: Command) -> Result:
        """The result of the step's next try. Raises ScriptError."""
        key = self._key(session)
        if key not in self._results:
            raise ScriptError(
                f"step {key} was reached and no result is scripted for it; "
                f"its command is {type(command).__name__}"
            )
        scripted, used = self._results[key], self._used[key]
        self._used[key] += 1
        if _is_list(scripted):
            if used >= len(scripted):
                raise ScriptError(
                    f"step {key} was reached {used + 1} times, and "
                    f"{_count(len(scripted), 'result is', 'results are')} scripted for it"
                )
            scripted = scripted[used]
        return make_result(scripted, session, command)

    def require_used(self, session: Session) -> None:
        """Raise ScriptError where a step was never reached, or not as often as scripted."""
        stands = f"the session is {session.status} at {session.step}"
        stands += f" ({session.reason})" if session.reason else ""
        for key, scripted in self._results.items():
            used = self._used[key]
            wanted = len(scripted) if _is_list(scripted) else 1
            if used < wanted:
                reached = f"reached {_count(used, 'time', 'times')}" if used else "never reached"
                there = _count(wanted, "result is", "results are")
                raise ScriptError(
                    f"step {key} was {reached}, and {there} scripted for it; {stands}"
                )

    def _key(self, session: Session) -> str:
        return session.step if session.type == self._name else f"{session.type}.{session.step}"


def make_result(answer: Any, session: Session, command: Command) -> Result:
    """The result that an answer stands for. Raises ScriptError."""
    made = answer(session, command) if callable(answer) else answer
    if isinstance(made, Result):
        return made
    try:
        return Result(made)
    except InterlockError as error:
        raise ScriptError(f"step {session.step}: {error}") from None


def name_step(step: str, told: str) -> str:
    """What was told of a step, with its name."""
    return told if f"step {step}" in told else f"step {step}: {told}"


def _is_list(scripted: Scripted) -> TypeGuard[Sequence[Answer | Maker]]:
    return isinstance(scripted, Sequence) and not isinstance(scripted, str)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
