"""Session types whose commands leave a line each; they are trusted as a file."""

import sys
from typing import ClassVar

from interlock import COMPLETE, Ask, Command, Session, SessionType, Shell, step

LIMIT = 10**6


class Acting(SessionType):
    """What has commands that leave a line each."""

    def command(self, session: Session, before: str = "") -> Command:
        """What leaves a line with the number of its row."""
        mode, *arguments = session.input.get("modes", {}).get(session.step, ["ok"])
        name = f"{session.id} {session.seq + 1} {before or 'nothing'}"
        agent = (sys.executable, "-S", "-E", session.input["agent"])
        return Shell((*agent, mode, session.input["file"], name, *arguments))


class Chore(Acting):
    """One command."""

    transitions = (("ok", "only", COMPLETE),)

    @step
    def only(self, session: Session) -> Command:
        return self.command(session)


class Errand(Acting):
    """Three commands; each is told what the one before it printed."""

    budget = LIMIT
    transitions: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("ok", "first", "second"),
        ("ok", "second", "third"),
        ("ok", "third", COMPLETE),
    )

    @step
    def first(self, session: Session) -> Command:
        return self.command(session)

    @step
    def second(self, session: Session) -> Command:
        return self.command(session, session.last("first").output)

    @step
    def third(self, session: Session) -> Command:
        return self.command(session, session.last("second").output)


class Asked(Errand):
    """The same, once a person allows it."""

    transitions = (("approve", "ask", "first"), *Errand.transitions)

    @step
    def ask(self, session: Session) -> Command:
        return Ask("May it begin?", choices=("approve",))


class Talk(SessionType):
    """Goes round until it is told that it is done."""

    budget = LIMIT
    transitions = (
        ("ok", "ask", "tell"),
        ("ok", "tell", "ask"),
        ("done", "ask", COMPLETE),
        ("done", "tell", COMPLETE),
    )

    @step
    def ask(self, session: Session) -> Command:
        return Shell(("ask", str(session.seq)))

    @step
    def tell(self, session: Session) -> Command:
        return Shell(("tell", str(session.seq)))
