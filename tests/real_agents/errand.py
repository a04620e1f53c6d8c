"""The session type of these tests: one prompt, and what came of it is how the session ends."""

from typing import ClassVar

from interlock import COMPLETE, FAILED, Prompt, Session, SessionType, step


class Errand(SessionType):
    """Ask the agent once."""

    inputs: ClassVar[dict[str, str]] = {
        "task": "what it has to do",
        "seconds?": "how long it may take",
    }
    transitions = (["ok", "ask", COMPLETE], ["error", "ask", FAILED])

    @step
    def ask(self, session: Session) -> Prompt:
        return Prompt(session.input["task"], timeout=session.input.get("seconds"))
