"""The session type that is measured: two steps that hand over to each other `rounds` times."""

from interlock import COMPLETE, Command, Prompt, Result, Session, SessionType, Shell, step


class Relay(SessionType):
    """Hand over between two steps."""

    transitions = (
        ["ok", "work", "check"],
        ["ok", "check", COMPLETE, "enough"],
        ["ok", "check", "work"],
    )
    budget = 1_000_000

    @step
    def work(self, session: Session) -> Command:
        return Prompt("x" * 1000)

    @step
    def check(self, session: Session) -> Command:
        return Shell(("true", "x" * 1000))

    def enough(self, session: Session, result: Result) -> bool:
        return session.visits("check") >= int(session.input["rounds"])
