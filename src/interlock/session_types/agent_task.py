"""One prompt and one evaluation: the simplest loop, and a person where it circles."""

from hashlib import sha256

from interlock import CANCELLED, COMPLETE, Ask, Prompt, Result, Session, Shell, step
from interlock.engine.stall import PASSING
from interlock.session_types.inputs import BuiltInType, read_command, read_text
from interlock.session_types.prompts import join_paragraphs, report

SAME = 5
"""So many evaluations that failed alike, one after the other, are a circle."""


class AgentTask(BuiltInType):
    """Give the agent one task and evaluate what it did until the evaluation passes.

    What a failed evaluation prints goes back to the agent. Five failed evaluations in a row that
    print the same, durations aside, end the loop: a person says whether to go on, to accept the
    work as it is, or to stop.
    """

    inputs = {
        "task": "what the agent has to do",
        "evaluate": "command line that succeeds when it is done",
    }

    transitions = [
        # on       from        to          when
        ["ok",     "work",     "evaluate"],
        ["error",  "work",     "evaluate"],
        ["ok",     "evaluate", COMPLETE],
        ["error",  "evaluate", "consult",  "going_in_circles"],
        ["error",  "evaluate", "work"],
        ["go_on",  "consult",  "work"],
        ["accept", "consult",  COMPLETE],
        ["stop",   "consult",  CANCELLED],
    ]  # fmt: skip

    @step(timeout=3600)
    def work(self, session: Session) -> Prompt:
        feedback = report(session.last("evaluate"))
        return Prompt(
            join_paragraphs(
                read_text(session.input, "task"),
                f"The evaluation of what is there now fails:\n\n{feedback}" if feedback else "",
                session.last("consult").output,
            ),
            resume=session.attempt > 1,
        )

    @step(timeout=3600)
    def evaluate(self, session: Session) -> Shell:
        return read_command(session.input, "evaluate")

    @evaluate.result
    def count_same(self, session: Session, result: Result) -> Result:
        if result.ok:
            return result
        told = PASSING.sub("", report(result))
        digest = sha256(told.encode(errors="replace")).hexdigest()
        known = session.state.get("digest") == digest
        same = session.state["same"] + 1 if known else 1
        return result.remembering(digest=digest, same=same)

    @step
    def consult(self, session: Session) -> Ask:
        agent = session.last("work")
        return Ask(
            join_paragraphs(
                f"The evaluation failed {SAME} times in a row in the same way:",
                report(session.last("evaluate"), 2000),
                f"The agent failed too: {agent.error}" if agent.error and not agent.ok else "",
                "Go on (say in the comment what to try), accept it as it is, or stop?",
            ),
            ("go_on", "accept", "stop"),
        )

    @consult.result
    def count_anew(self, session: Session, result: Result) -> Result:
        return result.remembering(same=0)

    def going_in_circles(self, session: Session, result: Result) -> bool:
        return bool(session.state.get("same", 0) >= SAME)
