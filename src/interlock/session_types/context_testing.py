"""The tests of all components of a context."""

from interlock import COMPLETE, FAILED, Session, Spawn, step
from interlock.session_types.component_test import ComponentTest
from interlock.session_types.components import check_children, make_children
from interlock.session_types.inputs import Given
from interlock.session_types.on_branch import OnBranch


class ContextTesting(OnBranch):
    """Write the tests of every component of a context in a session of its own, then commit.

    A child that fails fails the session here too. Retry or reopen the child, and the session goes
    on with the children it has; none is made twice.
    """

    subject = "context"
    deed = "Test"

    inputs = {
        "context": "name of the context",
        "components": "names, or objects with name, priority and input of that child's own",
        "path": "where the tests of each go, with {name} for the component's name",
        "check": "command line that tells whether its tests are well formed, with {name}",
        "test": "command line that runs its tests, with {name} for the component's name",
        "tdd?": "true when there is no implementation yet, so the tests must fail",
        "spec?": "path of its spec, with {name} for the component's name",
        "language?": "programming language",
        "instruction?": "what else the agent should know",
        "branch?": "branch to work on; named after the context where none is given",
        "message?": "commit message",
        "tries?": "how often the agent may mend the tests of each, 3 where it is not given",
    }

    transitions = [
        # on       from                    to
        ["ok",     "initialize",           "spawn_component_tests"],
        ["error",  "initialize",           "initialize"],
        ["ok",     "spawn_component_tests", "finalize"],
        ["error",  "spawn_component_tests", FAILED],
        ["ok",     "finalize",             COMPLETE],
        ["error",  "finalize",             "finalize"],
    ]  # fmt: skip

    @classmethod
    def check_input(cls, given: Given) -> None:
        super().check_input(given)
        check_children(ComponentTest, given)

    @step
    def spawn_component_tests(self, session: Session) -> Spawn:
        return Spawn(make_children(ComponentTest, session.input, self.branch(session)))
