"""The spec of a context: a group of components behind one public interface."""

from interlock import Result, Session
from interlock.session_types.component_spec import ComponentSpec
from interlock.session_types.documents import read_items


class ContextSpec(ComponentSpec):
    """Let the agent write the spec of a context and its components; revise, then commit.

    The steps are those of `component_spec`. The document must also list at least one item in its
    section `Components`; the names are remembered as `components`, ready to be the input of
    `context_design`.
    """

    subject = "context"
    deed = "Specify the context"
    sections = ("Purpose", "Public API", "Components", "Dependencies")

    inputs = {
        "context": "name of the context",
        **{key: told for key, told in ComponentSpec.inputs.items() if key != "component"},
        "sections?": "sections it must have besides Components: Purpose, Public API, Dependencies "
        "if none are given",
        "branch?": "branch to work on; named after the context where none is given",
    }

    def demand_sections(self, session: Session, result: Result) -> Result:
        result = super().demand_sections(session, result)
        if not result.ok:
            return result
        names = read_items(result.output, "Components")
        if not names:
            return result.failed(
                f"{session.input['path']}: the section 'Components' lists none; "
                "write one item for each, as in `- cart: holds the goods`"
            )
        return result.remembering(components=list(names))

    def required(self, session: Session) -> tuple[str, ...]:
        named = super().required(session)
        return named if "Components" in named else (*named, "Components")
