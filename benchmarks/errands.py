"""The session type that asks an agent `rounds` times."""

from interlock import COMPLETE, Command, Prompt, Result, Session, SessionType, step


class Errands(SessionType):
    """Ask again and again."""

    transitions = (["ok", "ask", COMPLETE, "enough"], ["ok", "ask", "ask"])

    @step
    def ask(self, session: Session) -> Command:
        # Each is another one: the same thing again and again would be a circle.
        return Prompt(f"Write hello.txt, number {session.visits('ask') + 1}.")

    def enough(self, session: Session, result: Result) -> bool:
        return session.visits("ask") >= int(session.input["rounds"])
