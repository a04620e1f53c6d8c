"""The specs of all components of a context, and their review."""

from interlock import COMPLETE, FAILED, Child, Session, Spawn, step
from interlock.session_types.component_design_review import ComponentDesignReview
from interlock.session_types.component_spec import ComponentSpec
from interlock.session_types.components import check_children, make_children
from interlock.session_types.inputs import Given, read_text, slug
from interlock.session_types.on_branch import OnBranch


class ContextDesign(OnBranch):
    """Specify every component of a context in a session of its own, review them, then commit.

    A child that fails fails the session here too. Retry or reopen the child, and the session goes
    on with the children it has; none is made twice.
    """

    subject = "context"
    deed = "Design"

    inputs = {
        "context": "name of the context",
        "components": "names, or objects with name, priority and input of that child's own",
        "path": "where each spec goes, with {name} for the component's name",
        "report?": "where the review goes; docs/design-review-CONTEXT.md where none is given",
        "sections?": "sections that each spec must have",
        "template?": "text of a document for each spec to follow",
        "language?": "programming language",
        "instruction?": "what else the agent should know",
        "branch?": "branch to work on; named after the context where none is given",
        "message?": "commit message",
        "tries?": "how often the agent may revise each spec, 3 where it is not given",
    }

    transitions = [
        # on       from                     to
        ["ok",     "initialize",            "spawn_component_specs"],
        ["error",  "initialize",            "initialize"],
        ["ok",     "spawn_component_specs", "spawn_review"],
        ["error",  "spawn_component_specs", FAILED],
        ["ok",     "spawn_review",          "finalize"],
        ["error",  "spawn_review",          FAILED],
        ["ok",     "finalize",              COMPLETE],
        ["error",  "finalize",              "finalize"],
    ]  # fmt: skip

    @classmethod
    def check_input(cls, given: Given) -> None:
        super().check_input(given)
        check_children(ComponentSpec, given)

    @step
    def spawn_component_specs(self, session: Session) -> Spawn:
        return Spawn(make_children(ComponentSpec, session.input, self.branch(session)))

    @step
    def spawn_review(self, session: Session) -> Spawn:
        context = session.input["context"]
        specs = make_children(ComponentSpec, session.input, self.branch(session))
        given = {
            "context": context,
            "documents": [spec.input["path"] for spec in specs],
            "report": read_text(session.input, "report", f"docs/design-review-{slug(context)}.md"),
            "branch": self.branch(session),
        }
        title = f"{ComponentDesignReview.name}: {context}"
        return Spawn((Child(ComponentDesignReview.name, given, key="review", title=title),))
