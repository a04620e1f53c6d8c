"""The code of one component."""

from interlock import COMPLETE, FAILED, Prompt, Result, Session, Shell, step
from interlock.session_types.inputs import command_line, read_command, read_count
from interlock.session_types.on_branch import OnBranch
from interlock.session_types.prompts import brief, join_paragraphs, quote, report


class ComponentCoding(OnBranch):
    """Let the agent implement a component, fix it until its tests pass, then commit."""

    deed = "Implement the component"

    inputs = {
        "component": "name of the component",
        "path": "where its code goes, from the work directory",
        "test": "command line that runs its tests",
        "spec?": "path of its spec",
        "language?": "programming language",
        "instruction?": "what else the agent should know",
        "branch?": "branch to work on; named after the component where none is given",
        "message?": "commit message",
        "tries?": "how often the agent may fix failures, 3 where it is not given",
    }

    transitions = [
        # on       from                       to                         when
        ["ok",     "initialize",              "generate_implementation"],
        ["error",  "initialize",              "initialize"],
        ["ok",     "generate_implementation", "run_tests"],
        ["error",  "generate_implementation", "generate_implementation"],
        ["ok",     "run_tests",               "finalize"],
        ["error",  "run_tests",               FAILED,                    "tried_enough"],
        ["error",  "run_tests",               "fix_test_failures"],
        ["ok",     "fix_test_failures",       "run_tests"],
        ["error",  "fix_test_failures",       "run_tests"],
        ["ok",     "finalize",                COMPLETE],
        ["error",  "finalize",                "finalize"],
    ]  # fmt: skip

    @step(attempts=3, timeout=3600)
    def generate_implementation(self, session: Session) -> Prompt:
        given = session.input
        return Prompt(
            join_paragraphs(
                f"Implement the component {given['component']} in {given['path']}. "
                f"`{command_line(given, 'test')}` must pass.",
                brief(given),
            )
        )

    @step(timeout=3600)
    def run_tests(self, session: Session) -> Shell:
        return read_command(session.input, "test")

    @run_tests.result
    def explain_end(self, session: Session, result: Result) -> Result:
        ended = self.tried_enough(session, result)
        return quote(result, session.last("fix_test_failures")) if ended else result

    @step(timeout=3600)
    def fix_test_failures(self, session: Session) -> Prompt:
        found = report(session.last("run_tests"))
        return Prompt(
            join_paragraphs("Make these tests pass.", brief(session.input), found), resume=True
        )

    def tried_enough(self, session: Session, result: Result) -> bool:
        return session.visits("fix_test_failures") >= read_count(session.input, "tries", 3)
