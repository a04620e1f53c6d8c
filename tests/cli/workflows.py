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

HOLD = """
import os, pathlib, sys, time
print("working hard", flush=True)
pathlib.Path("began.part").write_text(str(os.getpid()))
pathlib.Path("began.part").rename("began")
deadline = time.monotonic() + 120
while not pathlib.Path("go").exists():
    if time.monotonic() > deadline:
        sys.exit("nobody let it go on")
    time.sleep(0.02)
"""
"""A program that writes its number into `began` and goes on when there is a file `go`."""


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
        return Wait(for_=session.input.get("seconds", 3600))


class Family(SessionType):
    """Two children, each behind a gate."""

    transitions = (("ok", "children", COMPLETE), ("error", "children", FAILED))

    @step
    def children(self, session: Session) -> Command:
        return Spawn((Child("gate", title="first"), Child("greet", title="second")))


class Counting(SessionType):
    """Five commands that print a line each."""

    transitions = (("ok", "line", COMPLETE, "enough"), ("ok", "line", "line"))

    @step
    def line(self, session: Session) -> Command:
        return Shell(("printf", f"line {session.attempt}\n"))

    def enough(self, session: Session, result: Result) -> bool:
        return session.attempt >= 5


class Held(SessionType):
    """A command that waits to be let go on, then another. It is not waited for a second time."""

    transitions = (("ok", "hold", "finish"), ("ok", "finish", COMPLETE))

    @step(attempts=3)
    def hold(self, session: Session) -> Command:
        if session.log.newest("hold") is not None:
            return Shell(("printf", "not again"))
        return Shell((sys.executable, "-c", HOLD))

    @step
    def finish(self, session: Session) -> Command:
        return Shell(("printf", "finished\\n"))


class Flood(SessionType):
    """Prints more than a pipe holds."""

    transitions = (("ok", "work", COMPLETE),)

    @step
    def work(self, session: Session) -> Command:
        return Shell((sys.executable, "-c", "print('0123456789' * 20000)"))


class Talk(SessionType):
    """The agent is asked once."""

    inputs: ClassVar = {"text": "what it is asked"}
    transitions = (("ok", "work", COMPLETE),)

    @step
    def work(self, session: Session) -> Command:
        return Prompt(session.input["text"])


class Crew(SessionType):
    """The agent is asked, and then by two children."""

    transitions = (("ok", "work", "children"), ("ok", "children", COMPLETE))

    @step
    def work(self, session: Session) -> Command:
        return Prompt("Plan it.")

    @step
    def children(self, session: Session) -> Command:
        return Spawn.each("talk", ({"text": word} for word in ("one", "two")))


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
