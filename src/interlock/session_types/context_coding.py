"""The code of all components of a context."""

from interlock import COMPLETE, FAILED, Session, Spawn, step
from interlock.session_types.component_coding import ComponentCoding
from interlock.session_types.components import check_children, make_children
from interlock.session_types.inputs import Given
from interlock.session_types.on_branch import OnBranch


class ContextCoding(OnBranch):
    """Code every component of a context in a session of its own, then commit.

    A child that fails fails the session here too. Retry or reopen the child, and the session goes
    on with the children it has; none is made twice.
    """

    subject = "context"
    deed = "Implement"

    inputs = {
        "context": "name of the context",
        "components": "names, or objects with name, priority and input of that child's own",
        "path": "where the code of each goes, with {name} for the component's name",
        "test": "command line that runs its tests, with {name} for the component's name",
        "spec?": "path of its spec, with {name} for the component's name",
        "language?": "programming language",
        "instruction?": "what else the agent should know",
        "branch?": "branch to work on; named after the context where none is given",
        "message?": "commit message",
        "tries?": "how often the agent may fix each component, 3 where it is not given",
    }

    transitions = [
        # on       from                      to
        ["ok",     "initialize",             "spawn_component_coding"],
        ["error",  "initialize",             "initialize"],
        ["ok",     "spawn_component_coding", "finalize"],
        ["error",  "spawn_component_coding", FAILED],
        ["ok",     "finalize",               COMPLETE],
        ["error",  "finalize",               "finalize"],
    ]  # fmt: skip

    @classmethod
    def check_input(cls, given: Given) -> None:
        super().check_input(given)
        check_children(ComponentCoding, given)

    @step
    def spawn_component_coding(self, session: Session) -> Spawn:
        return Spawn(make_children(ComponentCoding, session.input, self.branch(session)))
