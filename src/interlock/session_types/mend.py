"""The main job: a check says what is wrong, the agent mends it, the result is committed."""

from interlock import COMPLETE, FAILED, Call, Prompt, Result, Session, Shell, step
from interlock.session_types.inputs import (
    BuiltInType,
    command_line,
    read_command,
    read_count,
    read_text,
)
from interlock.session_types.prompts import brief, commit, join_paragraphs, quote, report


class Mend(BuiltInType):
    """Run a check and let the agent mend what it reports until it passes, then commit.

    A check that passes at once completes the session without a commit: nothing was mended, and
    changes that were there before are not the session's own. The check alone decides: an agent
    that says it failed is followed by the check like any other.
    """

    inputs = {
        "check": "command line that succeeds when nothing is wrong",
        "branch?": "branch to commit on; the current one where none is given",
        "message?": "commit message",
        "instruction?": "what else the agent should know",
        "tries?": "how often the agent may try, 3 where it is not given",
    }

    transitions = [
        # on       from        to          when
        ["ok",     "check",    COMPLETE,   "untouched"],
        ["ok",     "check",    "finalize"],
        ["error",  "check",    FAILED,     "tried_enough"],
        ["error",  "check",    "mend"],
        ["ok",     "mend",     "check"],
        ["error",  "mend",     "check"],
        ["ok",     "finalize", COMPLETE],
        ["error",  "finalize", "finalize"],
    ]  # fmt: skip

    @step(timeout=3600)
    def check(self, session: Session) -> Shell:
        return read_command(session.input, "check")

    @check.result
    def explain_end(self, session: Session, result: Result) -> Result:
        ended = self.tried_enough(session, result)
        return quote(result, session.last("mend")) if ended else result

    @step(timeout=3600)
    def mend(self, session: Session) -> Prompt:
        found = report(session.last("check"))
        return Prompt(
            join_paragraphs(
                f"The check `{self.line(session)}` fails. Mend what it reports.",
                brief(session.input),
                f"This is what it reports:\n\n{found}",
            ),
            resume=session.attempt > 1,
        )

    @step(attempts=3)
    def finalize(self, session: Session) -> Call:
        message = read_text(session.input, "message", f"Mend what `{self.line(session)}` reports")
        return commit(message, session.input.get("branch"))

    def line(self, session: Session) -> str:
        return command_line(session.input, "check")

    def untouched(self, session: Session, result: Result) -> bool:
        return session.log.newest("mend") is None

    def tried_enough(self, session: Session, result: Result) -> bool:
        return session.visits("mend") >= read_count(session.input, "tries", 3)
