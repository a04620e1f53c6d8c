"""The tests that show that components work together, and what it takes to pass them."""

from interlock import CANCELLED, COMPLETE, Ask, Prompt, Result, Session, Shell, step
from interlock.session_types.inputs import command_line, read_command, read_count
from interlock.session_types.on_branch import OnBranch
from interlock.session_types.prompts import brief, join_paragraphs, report


class Integration(OnBranch):
    """Let the agent write integration tests and fix the code until they pass, then commit.

    When its tries are used up there is one last fix from a fresh conversation. When that is not
    enough, a person says in a comment what to try, accepts the work as it is, or stops.
    """

    subject = "context"
    deed = "Integrate"

    inputs = {
        "context": "what has to work together",
        "path": "where the integration tests go, from the work directory",
        "test": "command line that runs them",
        "instruction?": "what else the agent should know",
        "branch?": "branch to work on; named after the context where none is given",
        "message?": "commit message",
        "tries?": "how often the agent may fix before the last fix, 3 where it is not given",
    }

    transitions = [
        # on       from              to                when
        ["ok",     "initialize",     "generate_tests"],
        ["error",  "initialize",     "initialize"],
        ["ok",     "generate_tests", "run_tests"],
        ["error",  "generate_tests", "generate_tests"],
        ["ok",     "run_tests",      "finalize"],
        ["error",  "run_tests",      "fix",            None, "tried_enough"],
        ["error",  "run_tests",      "last_fix",       None, "had_last_fix"],
        ["error",  "run_tests",      "consult"],
        ["ok",     "fix",            "run_tests"],
        ["error",  "fix",            "run_tests"],
        ["ok",     "last_fix",       "run_tests"],
        ["error",  "last_fix",       "run_tests"],
        ["go_on",  "consult",        "fix"],
        ["accept", "consult",        "finalize"],
        ["stop",   "consult",        CANCELLED],
        ["ok",     "finalize",       COMPLETE],
        ["error",  "finalize",       "finalize"],
    ]  # fmt: skip

    @step(attempts=3, timeout=3600)
    def generate_tests(self, session: Session) -> Prompt:
        given = session.input
        return Prompt(
            join_paragraphs(
                f"Write integration tests for {given['context']} in {given['path']}. They use the "
                f"parts as they are, with no stand-ins. `{command_line(given, 'test')}` runs them.",
                brief(given),
            )
        )

    @step(timeout=3600)
    def run_tests(self, session: Session) -> Shell:
        return read_command(session.input, "test")

    @step(timeout=3600)
    def fix(self, session: Session) -> Prompt:
        return Prompt(
            join_paragraphs(
                "Make the integration tests pass.",
                session.last("consult").output,
                brief(session.input),
                report(session.last("run_tests")),
            ),
            resume=True,
        )

    @step(timeout=3600)
    def last_fix(self, session: Session) -> Prompt:
        return Prompt(
            join_paragraphs(
                f"The integration tests of {session.input['context']} still fail after "
                f"{session.visits('fix')} attempts to fix them. Look at it afresh: find the cause "
                "before you change anything, and mend it where it is.",
                brief(session.input),
                report(session.last("run_tests")),
            )
        )

    @step
    def consult(self, session: Session) -> Ask:
        found = report(session.last("run_tests"), 2000)
        return Ask(
            f"The integration tests still fail:\n\n{found}\n\n"
            "Go on (say in the comment what to try), accept the work as it is, or stop?",
            ("go_on", "accept", "stop"),
        )

    def tried_enough(self, session: Session, result: Result) -> bool:
        return session.visits("fix") >= read_count(session.input, "tries", 3)

    def had_last_fix(self, session: Session, result: Result) -> bool:
        return session.visits("last_fix") > 0
