"""The review of the specs of a context's components."""

from attrs import evolve

from interlock import COMPLETE, FAILED, Call, Prompt, Result, Session, step
from interlock.session_types.documents import demand_document
from interlock.session_types.inputs import read_count, read_names
from interlock.session_types.on_branch import OnBranch
from interlock.session_types.prompts import ASK_VERDICT, brief, join_paragraphs, read_verdict

SECTIONS = ("Findings", "Verdict")


class ComponentDesignReview(OnBranch):
    """Let the agent review specs and correct them until its review approves, then commit.

    The review is a document with the sections Findings and Verdict. An older one is removed
    first, so only a verdict of this session counts.
    """

    subject = "context"
    deed = "Review the specs of"

    inputs = {
        "context": "name of the context",
        "documents": "paths of the specs, from the work directory",
        "report": "where the review goes, from the work directory",
        "instruction?": "what else the agent should know",
        "branch?": "branch to commit on; named after the context where none is given",
        "message?": "commit message",
        "tries?": "how often the agent may review, 3 where it is not given",
    }

    transitions = [
        # on       from              to                when
        ["ok",     "initialize",     "execute_review"],
        ["error",  "initialize",     "initialize"],
        ["ok",     "execute_review", "validate"],
        ["error",  "execute_review", FAILED,           "tried_enough"],
        ["error",  "execute_review", "execute_review"],
        ["ok",     "validate",       "finalize"],
        ["error",  "validate",       FAILED,           "tried_enough"],
        ["error",  "validate",       "execute_review"],
        ["changes", "validate",      FAILED,           "tried_enough"],
        ["changes", "validate",      "correct"],
        ["ok",     "correct",        "execute_review"],
        ["error",  "correct",        "execute_review"],
        ["ok",     "finalize",       COMPLETE],
        ["error",  "finalize",       "finalize"],
    ]  # fmt: skip

    @step(attempts=3)
    def initialize(self, session: Session) -> Call:
        return Call("delete_file", {"path": session.input["report"]})

    @step(timeout=3600)
    def execute_review(self, session: Session) -> Prompt:
        given = session.input
        wrong = session.last("validate")
        return Prompt(
            join_paragraphs(
                f"Review the specs of the context {given['context']} together: "
                f"{', '.join(read_names(given, 'documents'))}. "
                "Do they fit each other, and is anything missing, double or contradictory?",
                f"Write the review anew into {given['report']}, a Markdown document with the "
                f"sections {' and '.join(SECTIONS)}. {ASK_VERDICT}",
                "Do not change the specs in this turn.",
                brief(given),
                f"The review before was not usable: {wrong.error}"
                if wrong.status == "error"
                else "",
            ),
            resume=session.attempt > 1,
        )

    @step
    def validate(self, session: Session) -> Call:
        return Call("read_file", {"path": session.input["report"]})

    @validate.result
    def demand_verdict(self, session: Session, result: Result) -> Result:
        result = demand_document(result, session.input["report"], SECTIONS)
        verdict = read_verdict(result.output)
        if not result.ok or verdict == "approve":
            return result
        if verdict is None:
            return result.failed(f"{session.input['report']} has no line `VERDICT: ...`")
        return evolve(result, status="changes", error="the review asks for changes")

    @step(timeout=3600)
    def correct(self, session: Session) -> Prompt:
        wanted = f"Correct the specs as the review in {session.input['report']} asks."
        return Prompt(join_paragraphs(wanted, brief(session.input)), resume=True)

    def tried_enough(self, session: Session, result: Result) -> bool:
        return session.visits("execute_review") >= read_count(session.input, "tries", 3)
