"""Small session types for the tests of the kit."""

from collections.abc import Sequence
from typing import Any, ClassVar

from interlock import (
    COMPLETE,
    FAILED,
    Ask,
    Child,
    Command,
    Prompt,
    Result,
    Session,
    SessionType,
    Shell,
    Spawn,
    Wait,
    step,
)


class Release(SessionType):
    """Written, checked, written again; a guard ends it."""

    inputs: ClassVar = {"version?": "which"}
    transitions: ClassVar[Sequence[Sequence[Any]]] = (
        ("ok", "write", "check"),
        ("ok", "check", COMPLETE),
        ("error", "check", FAILED, "tired"),
        ("error", "check", "write"),
    )

    @step(attempts=3)
    def write(self, session: Session) -> Command:
        return Prompt("Write CHANGES.\n" + session.last("check").output, timeout=60)

    @step
    def check(self, session: Session) -> Command:
        return Shell(("grep", "-q", session.input.get("version", "1.0"), "CHANGES"))

    def tired(self, session: Session, result: Result) -> bool:
        return session.visits("check") >= 3


class Hasty(Release):
    """It gives the agent one second."""

    transitions: ClassVar[Sequence[Sequence[Any]]] = Release.transitions

    @step(timeout=1)
    def write(self, session: Session) -> Command:
        return Prompt("Write CHANGES.")


class Releases(SessionType):
    """Two children."""

    transitions = (("ok", "release", COMPLETE), ("error", "release", FAILED))

    @step
    def release(self, session: Session) -> Command:
        return Spawn([Child("release", {"version": one}, key=one) for one in ("1.0", "2.0")])


class Gate(SessionType):
    """A time, a person, a reader, a step that breaks."""

    transitions: ClassVar[Sequence[Sequence[Any]]] = (
        ("ok", "nap", "ask"),
        ("yes", "ask", "sum_up"),
        ("no", "ask", "broken"),
        ("good", "sum_up", COMPLETE),
        ("error", "sum_up", FAILED),
        ("ok", "broken", COMPLETE),
    )

    @step
    def nap(self, session: Session) -> Command:
        return Wait(for_=86400)

    @step
    def ask(self, session: Session) -> Command:
        return Ask("Go on?", ("yes", "no"))

    @step
    def sum_up(self, session: Session) -> Command:
        return Shell(("sum", session.last("ask").output))

    @sum_up.result
    def grade(self, session: Session, result: Result) -> Result:
        return Result("good", output=result.output).remembering(grade=1)

    @step
    def broken(self, session: Session) -> Command:
        raise LookupError("nobody knows")


class Talk(SessionType):
    """The agent is asked twice in one conversation, and it may be to read only."""

    inputs: ClassVar = {"read_only?": "true: it changes nothing", "max_turns?": "at most"}
    transitions = (
        ("ok", "first", "second"),
        ("error", "first", FAILED),
        ("ok", "second", COMPLETE),
        ("error", "second", FAILED),
    )

    @step
    def first(self, session: Session) -> Command:
        return self._ask(session, "Write hello.txt")

    @step
    def second(self, session: Session) -> Command:
        return self._ask(session, "Once more", resume=True)

    def _ask(self, session: Session, text: str, resume: bool = False) -> Command:
        options = {name: value for name, value in session.input.items() if value}
        return Prompt(text, resume=resume, options=options, timeout=60)
