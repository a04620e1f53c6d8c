"""A conversation: a person speaks, the agent replies."""

from interlock import COMPLETE, Ask, Prompt, Result, Session, step
from interlock.session_types.inputs import BuiltInType, read_text
from interlock.session_types.prompts import join_paragraphs, report


class Chat(BuiltInType):
    """Talk with the agent until the person closes the conversation.

    `say` with a comment puts the comment to the agent; `close` ends the session. A reply that
    fails, or a `say` without words, is told and the person has the floor again.
    """

    budget = 10_000

    inputs = {
        "instruction?": "what the agent should know before the first message",
    }

    transitions = [
        # on       from      to
        ["say",    "listen", "reply"],
        ["close",  "listen", COMPLETE],
        ["error",  "listen", "listen"],
        ["ok",     "reply",  "listen"],
        ["error",  "reply",  "listen"],
    ]  # fmt: skip

    @step
    def listen(self, session: Session) -> Ask:
        said = report(session.last("reply"))
        return Ask(said or "What shall we talk about?", ("say", "close"))

    @listen.result
    def demand_words(self, session: Session, result: Result) -> Result:
        if result.status == "say" and not result.output.strip():
            return result.failed("there is nothing to say; put the message into the comment")
        return result

    @step(timeout=3600)
    def reply(self, session: Session) -> Prompt:
        first = session.last("reply").status == "none"
        instruction = read_text(session.input, "instruction") if first else ""
        message = join_paragraphs(instruction, session.last("listen").output)
        return Prompt(message or "Go on.", resume=not first)
