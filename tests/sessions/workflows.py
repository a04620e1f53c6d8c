"""Small session types for the tests of the context; they are trusted as a file."""

from collections.abc import Mapping
from typing import Any

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

LIMIT = 10**6


class Pair(SessionType):
    """One command and then another; the second is read and remembered."""

    transitions = (
        ("ok", "first", "second"),
        ("ok", "second", COMPLETE),
        ("again", "second", "first"),
    )

    @step
    def first(self, session: Session) -> Command:
        return Shell(("first", str(session.input.get("n", 0))))

    @step
    def second(self, session: Session) -> Command:
        return Shell(("second", session.last("first").output))

    @second.result
    def keep(self, session: Session, result: Result) -> Result:
        if "refuse" in result.output:
            return result.failed("refused by the step")
        return result.remembering(seen=result.output)


class Loop(SessionType):
    """Goes round until it is told that it is done; remembers how often."""

    budget = LIMIT
    transitions = (
        ("done", "work", COMPLETE),
        ("ok", "work", "check"),
        ("ok", "check", "work"),
    )

    @step
    def work(self, session: Session) -> Command:
        return Shell(("work", str(session.visits("check"))))

    @work.result
    def count(self, session: Session, result: Result) -> Result:
        return result.remembering(count=session.state.get("count", 0) + 1)

    @step
    def check(self, session: Session) -> Command:
        return Shell(("check", session.last("work").output))


class Unseen(SessionType):
    """What each step wants done when nobody saw how its command ended."""

    transitions = (
        ("ok", "shell", "prompt"),
        ("ok", "prompt", "careful"),
        ("ok", "careful", COMPLETE),
        ("skip", "careful", FAILED),
    )

    @step(attempts=1)
    def shell(self, session: Session) -> Command:
        return Shell(("shell",))

    @step(attempts=1)
    def prompt(self, session: Session) -> Command:
        return Prompt("Write it.")

    @step(attempts=1, on_unknown="ask")
    def careful(self, session: Session) -> Command:
        return Shell(("deploy",))


class Approval(SessionType):
    """A person says whether it is good; `timeout` of the input limits how long that may take."""

    transitions = (
        ("approve", "ask", COMPLETE),
        ("reject", "ask", "mend"),
        ("expired", "ask", "remind"),
        ("ok", "mend", "ask"),
        ("ok", "remind", COMPLETE),
    )

    @step
    def ask(self, session: Session) -> Command:
        return Ask("Good?", ("approve", "reject"), timeout=session.input.get("timeout"))

    @step
    def mend(self, session: Session) -> Command:
        return Prompt("Mend it: " + session.last("ask").output)

    @step
    def remind(self, session: Session) -> Command:
        return Shell(("remind",))


class Pause(SessionType):
    """Waits, and then does something."""

    transitions = (
        ("ok", "pause", "act"),
        ("ok", "act", COMPLETE),
    )

    @step
    def pause(self, session: Session) -> Command:
        return Wait(for_=session.input.get("seconds", 3600))

    @step
    def act(self, session: Session) -> Command:
        return Shell(("act",))


class Family(SessionType):
    """One child for each entry of `children`; then it says what they did."""

    transitions = (
        ("ok", "spawn", "report"),
        ("ok", "report", COMPLETE),
        ("again", "report", "spawn"),
    )

    @step
    def spawn(self, session: Session) -> Command:
        if session.input.get("once") and session.last("spawn").status != "none":
            raise LookupError("the children were there before")
        children = tuple(_child(told) for told in session.input["children"])
        timeout = session.input.get("timeout")
        return Spawn(children, policy=session.input.get("policy", "all"), timeout=timeout)

    @step
    def report(self, session: Session) -> Command:
        return Shell(("report", *session.last("spawn").data["children"].values()))


class Mending(SessionType):
    """A check, and an agent that is asked until it passes."""

    transitions = (
        ("ok", "check", COMPLETE),
        ("error", "check", "mend"),
        ("ok", "mend", "check"),
        ("error", "mend", FAILED),
    )

    @step
    def check(self, session: Session) -> Command:
        return Shell(("check",))

    @step
    def mend(self, session: Session) -> Command:
        return Prompt("Mend it.", resume=session.attempt > 1)


class Endless(SessionType):
    """Has itself as its child."""

    transitions = (("ok", "spawn", COMPLETE),)

    @step
    def spawn(self, session: Session) -> Command:
        return Spawn.each("endless", [{}])


class Faulty(SessionType):
    """Breaks in the way that `fault` names."""

    transitions = (
        ("ok", "act", COMPLETE, "guarded"),
        ("ok", "act", "rest"),
        ("error", "act", "rest"),
        ("ok", "rest", COMPLETE),
    )

    @step
    def act(self, session: Session) -> Command:
        if session.input["fault"] == "step":
            raise LookupError("no such thing")
        if session.input["fault"] == "none":
            return None  # type: ignore[return-value]
        return Shell(("act",))

    @act.result
    def read(self, session: Session, result: Result) -> Result:
        if session.input["fault"] == "reader":
            raise LookupError("cannot read")
        return result

    @step
    def rest(self, session: Session) -> Command:
        return Shell(("rest", session.last("act").error or ""))

    def guarded(self, session: Session, result: Result) -> bool:
        if session.input["fault"] == "guard":
            raise LookupError("cannot guard")
        return False


class Writer(SessionType):
    """Asks the agent `times` times, once where nothing is said, and then runs a command."""

    budget = LIMIT
    transitions = (
        ("ok", "write", "write", "more"),
        ("ok", "write", "check"),
        ("ok", "check", COMPLETE),
    )

    @step
    def write(self, session: Session) -> Command:
        return Prompt("Write it.")

    @step
    def check(self, session: Session) -> Command:
        return Shell(("check",))

    def more(self, session: Session, result: Result) -> bool:
        return session.visits("write") < int(session.input.get("times", 1))


class Thrifty(SessionType):
    """Asks the agent in a step that may spend little."""

    transitions = (("ok", "write", "rest"), ("ok", "rest", COMPLETE))

    @step(budget={"tokens": 100})
    def write(self, session: Session) -> Command:
        return Prompt("Write it.")

    @step
    def rest(self, session: Session) -> Command:
        return Prompt("Read it.")


def _child(told: Mapping[str, Any]) -> Child:
    return Child(
        told.get("type", "pair"),
        told.get("input", {}),
        key=told.get("key", ""),
        title=told.get("title"),
        agent=told.get("agent"),
    )
