"""The spec of one component as a Markdown document."""

from typing import ClassVar

from interlock import COMPLETE, FAILED, Call, Prompt, Result, Session, step
from interlock.session_types.documents import demand_document, required_sections
from interlock.session_types.inputs import read_count, read_text
from interlock.session_types.on_branch import OnBranch
from interlock.session_types.prompts import brief, join_paragraphs


class ComponentSpec(OnBranch):
    """Let the agent write the spec of a component, revise it until it is valid, then commit.

    A spec is valid when the file is there, is not blank, and has every required section with
    something in it. The file is read again after each revision, whoever changed it.
    """

    deed = "Specify the component"
    sections: ClassVar[tuple[str, ...]] = ("Purpose", "Public API", "Dependencies")

    inputs = {
        "component": "name of the component",
        "path": "where the document goes, from the work directory",
        "sections?": "sections it must have: Purpose, Public API, Dependencies if none are given",
        "template?": "text of a document to follow; its second-level headings are required",
        "language?": "programming language",
        "instruction?": "what else the agent should know",
        "branch?": "branch to work on; named after the component where none is given",
        "message?": "commit message",
        "tries?": "how often the agent may revise, 3 where it is not given",
    }

    transitions = [
        # on       from          to            when
        ["ok",     "initialize", "generate"],
        ["error",  "initialize", "initialize"],
        ["ok",     "generate",   "validate"],
        ["error",  "generate",   "generate"],
        ["ok",     "validate",   "finalize"],
        ["error",  "validate",   FAILED,       "tried_enough"],
        ["error",  "validate",   "revise"],
        ["ok",     "revise",     "validate"],
        ["error",  "revise",     "validate"],
        ["ok",     "finalize",   COMPLETE],
        ["error",  "finalize",   "finalize"],
    ]  # fmt: skip

    @step(attempts=3, timeout=3600)
    def generate(self, session: Session) -> Prompt:
        given = session.input
        template = read_text(given, "template")
        return Prompt(
            join_paragraphs(
                f"Write the spec of the {self.subject} {given[self.subject]} into {given['path']}, "
                f"a Markdown document with the sections {', '.join(self.required(session))}.",
                brief(given),
                f"Follow this template:\n\n{template}" if template else "",
            )
        )

    @step
    def validate(self, session: Session) -> Call:
        return Call("read_file", {"path": session.input["path"]})

    @validate.result
    def demand_sections(self, session: Session, result: Result) -> Result:
        return demand_document(result, session.input["path"], self.required(session))

    @step(timeout=3600)
    def revise(self, session: Session) -> Prompt:
        wrong = session.last("validate").error or "see whether it says all that it should"
        task = f"Revise {session.input['path']}: {wrong}."
        return Prompt(join_paragraphs(task, brief(session.input)), resume=True)

    def required(self, session: Session) -> tuple[str, ...]:
        return required_sections(session.input, self.sections)

    def tried_enough(self, session: Session, result: Result) -> bool:
        return session.visits("revise") >= read_count(session.input, "tries", 3)
