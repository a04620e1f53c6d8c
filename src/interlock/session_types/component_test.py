"""The tests of one component, before or after its code."""

from attrs import evolve

from interlock import COMPLETE, FAILED, Prompt, Result, Session, Shell, step
from interlock.session_types.inputs import read_command, read_count, read_flag
from interlock.session_types.on_branch import OnBranch
from interlock.session_types.prompts import brief, join_paragraphs, newest, quote, report


class ComponentTest(OnBranch):
    """Let the agent write the tests of a component, mend them until they are right, then commit.

    Right means: the check accepts them, and then they pass. With `tdd` there is no implementation
    yet, so they must run and fail: tests that pass with nothing to test are an error.
    """

    deed = "Test the component"

    inputs = {
        "component": "name of the component",
        "path": "where its tests go, from the work directory",
        "check": "command line that tells whether the tests are well formed: a compiler, a linter",
        "test": "command line that runs them",
        "tdd?": "true when there is no implementation yet, so they must fail",
        "spec?": "path of the component's spec",
        "language?": "programming language",
        "instruction?": "what else the agent should know",
        "branch?": "branch to work on; named after the component where none is given",
        "message?": "commit message",
        "tries?": "how often the agent may mend the tests, 3 where it is not given",
    }

    transitions = [
        # on       from              to                when
        ["ok",     "initialize",     "generate_tests"],
        ["error",  "initialize",     "initialize"],
        ["ok",     "generate_tests", "check_tests"],
        ["error",  "generate_tests", "generate_tests"],
        ["ok",     "check_tests",    "run_tests"],
        ["error",  "check_tests",    FAILED,           "tried_enough"],
        ["error",  "check_tests",    "fix_tests"],
        ["ok",     "run_tests",      "finalize"],
        ["error",  "run_tests",      FAILED,           "tried_enough"],
        ["error",  "run_tests",      "fix_tests"],
        ["ok",     "fix_tests",      "check_tests"],
        ["error",  "fix_tests",      "check_tests"],
        ["ok",     "finalize",       COMPLETE],
        ["error",  "finalize",       "finalize"],
    ]  # fmt: skip

    @step(attempts=3, timeout=3600)
    def generate_tests(self, session: Session) -> Prompt:
        given = session.input
        return Prompt(
            join_paragraphs(
                f"Write the tests and fixtures of the component {given['component']} "
                f"in {given['path']}.",
                "There is no implementation yet: do not write one, the tests have to fail."
                if read_flag(given, "tdd")
                else "",
                brief(given),
            )
        )

    @step(timeout=3600)
    def check_tests(self, session: Session) -> Shell:
        return read_command(session.input, "check")

    @check_tests.result
    def explain_end(self, session: Session, result: Result) -> Result:
        ended = self.tried_enough(session, result)
        return quote(result, session.last("fix_tests")) if ended else result

    @step(timeout=3600)
    def run_tests(self, session: Session) -> Shell:
        return read_command(session.input, "test")

    @run_tests.result
    def demand_outcome(self, session: Session, result: Result) -> Result:
        if not read_flag(session.input, "tdd"):
            return self.explain_end(session, result)
        if result.ok:
            return result.failed("the tests pass although nothing is implemented")
        ran_and_failed = result.status == "error" and (result.code or 0) > 0
        return evolve(result, status="ok", error=None) if ran_and_failed else result

    @step(timeout=3600)
    def fix_tests(self, session: Session) -> Prompt:
        found = report(newest(session, "check_tests", "run_tests"))
        return Prompt(join_paragraphs("Mend the tests.", brief(session.input), found), resume=True)

    def tried_enough(self, session: Session, result: Result) -> bool:
        return session.visits("fix_tests") >= read_count(session.input, "tries", 3)
