"""Small session types for the tests of the command line; they are trusted as a file."""

import sys
from typing import ClassVar

from interlock import (
    CANCELLED,
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

MARK = "import pathlib, time; pathlib.Path('began').touch(); time.sleep({})"
"""A program that says that it runs, and then takes its time."""


class Greet(SessionType):
    """Say hello, twice where it is wanted."""

    inputs: ClassVar = {"name?": "who is greeted", "again?": "true to greet twice"}
    transitions = (
        ("ok", "hello", "again", "wanted"),
        ("ok", "hello", COMPLETE),
        ("ok", "again", COMPLETE),
    )

    @step
    def hello(self, session: Session) -> Command:
        return Shell(("printf", "%s", f"hello {session.input.get('name', 'world')}\n"))

    @hello.result
    def remember(self, session: Session, result: Result) -> Result:
        return result.remembering(said=result.output.strip())

    @step(attempts=2)
    def again(self, session: Session) -> Command:
        return Shell(("printf", "hello again\n"))

    def wanted(self, session: Session, result: Result) -> bool:
        return session.input.get("again") is True


class Break(SessionType):
    """Fails at once."""

    transitions = (("ok", "work", COMPLETE), ("error", "work", FAILED))

    @step
    def work(self, session: Session) -> Command:
        return Shell(("sh", "-c", "echo it is broken >&2; exit 3"))


class Gate(SessionType):
    """A person decides."""

    inputs: ClassVar = {"question?": "what is asked"}
    transitions = (
        ("approve", "ask", "work"),
        ("revise", "ask", "ask"),
        ("reject", "ask", CANCELLED),
        ("ok", "work", COMPLETE),
    )

    @step
    def ask(self, session: Session) -> Command:
        question = session.input.get("question", "Shall it be done?")
        return Ask(question, ("approve", "revise", "reject"))

    @step
    def work(self, session: Session) -> Command:
        return Shell(("printf", "done: %s", session.last("ask").output))


class Nap(SessionType):
    """Waits for a time that does not come."""

    transitions = (("ok", "nap", COMPLETE),)

    @step
    def nap(self, session: Session) -> Command:
        return Wait(for_=3600)


class Family(SessionType):
    """Two children, each behind a gate."""

    transitions = (("ok", "children", COMPLETE), ("error", "children", FAILED))

    @step
    def children(self, session: Session) -> Command:
        return Spawn((Child("gate", title="first"), Child("greet", title="second")))


class Slow(SessionType):
    """One command that takes `seconds` and another after it; `began` is there once it runs."""

    inputs: ClassVar = {"seconds": "how long it takes"}
    transitions = (("ok", "sleep", "finish"), ("ok", "finish", COMPLETE))

    @step
    def sleep(self, session: Session) -> Command:
        if session.log.newest("sleep") is not None:
            return Shell(("printf", "not again"))
        return Shell((sys.executable, "-c", MARK.format(float(session.input["seconds"]))))

    @step
    def finish(self, session: Session) -> Command:
        return Shell(("printf", "finished\n"))


class Counting(SessionType):
    """Writes lines to a file until there are ten; each step is one line."""

    transitions = (
        ("ok", "line", COMPLETE, "enough"),
        ("ok", "line", "line"),
    )

    @step
    def line(self, session: Session) -> Command:
        program = "import time; print('line', flush=True); time.sleep(0.1)"
        return Shell((sys.executable, "-c", program))

    def enough(self, session: Session, result: Result) -> bool:
        return session.attempt >= 10


class Talk(SessionType):
    """The agent is asked once."""

    inputs: ClassVar = {"text": "what it is asked"}
    transitions = (("ok", "work", COMPLETE),)

    @step
    def work(self, session: Session) -> Command:
        return Prompt(session.input["text"])


class BadGuard(SessionType):
    """Its guard raises."""

    transitions = (("ok", "work", COMPLETE, "sure"),)

    @step
    def work(self, session: Session) -> Command:
        return Shell(("true",))

    def sure(self, session: Session, result: Result) -> bool:
        raise LookupError("nobody knows")


class NoCommand(SessionType):
    """Its step returns None."""

    transitions = (("ok", "work", COMPLETE),)

    @step
    def work(self, session: Session) -> Command:
        return None  # type: ignore[return-value]
