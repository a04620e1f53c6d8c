"""A change from its plan to its merge, with a person at both gates."""

from attrs import evolve

from interlock import CANCELLED, COMPLETE, FAILED, Ask, Call, Prompt, Result, Session, Shell, step
from interlock.session_types.inputs import BuiltInType, read_command, read_count, read_text, slug
from interlock.session_types.prompts import (
    ASK_VERDICT,
    ONLY_READS,
    brief,
    commit,
    join_paragraphs,
    newest,
    quote,
    read_verdict,
    report,
    shorten,
    show_work,
)


class Change(BuiltInType):
    """Plan a change, let a person approve it, implement, test, review, and merge on approval.

    The agent works on a branch. Failing tests and a review that asks for changes go back to it;
    after the given rounds of review the person decides with the last review in hand. A merge
    that fails goes back to the person too. `reject` cancels the session; the branch stays.
    """

    inputs = {
        "change": "what has to change, and why",
        "test": "command line that succeeds when nothing is broken",
        "branch?": "branch to work on; named after the change where none is given",
        "into?": "branch to merge into, main where none is given",
        "message?": "commit message",
        "instruction?": "what else the agent should know",
        "tries?": "how often the agent may fix tests after each piece of work, 3 if not given",
        "rounds?": "how often the agent reviews its own work, 2 where it is not given",
    }

    transitions = [
        # on        from              to                when
        ["ok",      "plan",           "approve_plan"],
        ["error",   "plan",           "plan"],
        ["approve", "approve_plan",   "branch"],
        ["revise",  "approve_plan",   "revise_plan"],
        ["reject",  "approve_plan",   CANCELLED],
        ["ok",      "revise_plan",    "approve_plan"],
        ["error",   "revise_plan",    "approve_plan"],
        ["ok",      "branch",         "implement"],
        ["error",   "branch",         "branch"],
        ["ok",      "implement",      "test"],
        ["error",   "implement",      "implement"],
        ["ok",      "test",           "approve_change", "reviewed_enough"],
        ["ok",      "test",           "review"],
        ["error",   "test",           FAILED,           "tried_enough"],
        ["error",   "test",           "fix"],
        ["ok",      "fix",            "test"],
        ["error",   "fix",            "test"],
        ["ok",      "review",         "approve_change"],
        ["error",   "review",         "approve_change"],
        ["changes", "review",         "rework"],
        ["ok",      "rework",         "test"],
        ["error",   "rework",         "test"],
        ["approve", "approve_change", "finalize"],
        ["revise",  "approve_change", "rework"],
        ["reject",  "approve_change", CANCELLED],
        ["ok",      "finalize",       "merge"],
        ["error",   "finalize",       "approve_change"],
        ["ok",      "merge",          COMPLETE],
        ["error",   "merge",          "approve_change"],
    ]  # fmt: skip

    @step(attempts=3, timeout=3600)
    def plan(self, session: Session) -> Prompt:
        return Prompt(
            join_paragraphs(
                f"Plan this change, and change nothing yet:\n\n{session.input['change']}",
                read_text(session.input, "instruction"),
                "Say which files change, how, and how it will be tested.",
            ),
            options=ONLY_READS,
        )

    @plan.result
    def keep_plan(self, session: Session, result: Result) -> Result:
        return result.remembering(plan=report(result)) if result.ok else result

    @step
    def approve_plan(self, session: Session) -> Ask:
        last = newest(session, "plan", "revise_plan")
        return Ask(
            join_paragraphs(
                shorten(session.state.get("plan", ""), 4000),
                f"Revising it failed: {report(last, 1000)}" if last.status == "error" else "",
                "Is this the plan?",
            ),
            ("approve", "revise", "reject"),
        )

    @step(timeout=3600)
    def revise_plan(self, session: Session) -> Prompt:
        wish = session.last("approve_plan").output or "Find a better plan."
        task = "Revise the plan, print all of it, and change nothing yet:"
        asked = join_paragraphs(task, wish, session.state.get("plan", ""))
        return Prompt(asked, resume=True, options=ONLY_READS)

    revise_plan.result(keep_plan)

    @step(attempts=3)
    def branch(self, session: Session) -> Call:
        return Call("branch", {"name": self.work_branch(session)})

    @step(attempts=3, timeout=3600)
    def implement(self, session: Session) -> Prompt:
        return Prompt(
            join_paragraphs(
                f"Make this change:\n\n{session.input['change']}",
                brief(session.input),
                f"The approved plan:\n\n{session.state.get('plan', '')}",
            ),
            resume=True,
        )

    @step(timeout=3600)
    def test(self, session: Session) -> Shell:
        return read_command(session.input, "test")

    @test.result
    def explain_end(self, session: Session, result: Result) -> Result:
        ended = self.tried_enough(session, result)
        return quote(result, session.last("fix")) if ended else result

    @step(timeout=3600)
    def fix(self, session: Session) -> Prompt:
        found = report(session.last("test"))
        return Prompt(
            join_paragraphs("Make these tests pass.", brief(session.input), found), resume=True
        )

    @step(timeout=3600)
    def review(self, session: Session) -> Prompt:
        return Prompt(
            join_paragraphs(
                f"Review what differs from {self.target(session)} as a stranger would, and change "
                f"nothing. It is meant to do this:\n\n{session.input['change']}",
                ASK_VERDICT,
            ),
            options=ONLY_READS,
        )

    @review.result
    def weigh_verdict(self, session: Session, result: Result) -> Result:
        verdict = read_verdict(result.output)
        if not result.ok or verdict == "approve":
            return result
        if verdict is None:
            return result.warned("the review gives no verdict")
        return evolve(result, status="changes", error="the review asks for changes")

    @step(timeout=3600)
    def rework(self, session: Session) -> Prompt:
        return Prompt(
            join_paragraphs(
                "Change the work as is asked here.",
                report(newest(session, "review", "approve_change")),
                self.failed_merge(session),
                brief(session.input),
            ),
            resume=True,
        )

    @step
    def approve_change(self, session: Session) -> Ask:
        into = self.target(session)
        return Ask(
            join_paragraphs(
                "The tests pass. The last review:",
                report(session.last("review"), 4000),
                self.failed_merge(session),
                f"{show_work(session, into)} shows the work. Merge it into {into}?",
            ),
            ("approve", "revise", "reject"),
        )

    @step
    def finalize(self, session: Session) -> Call:
        message = read_text(session.input, "message", session.input["change"])
        return commit(message, self.work_branch(session))

    @step
    def merge(self, session: Session) -> Call:
        return Call("merge", {"branch": self.work_branch(session), "into": self.target(session)})

    def work_branch(self, session: Session) -> str:
        words = session.input["change"].split()[:6]
        return read_text(session.input, "branch", f"change-{slug(' '.join(words)[:40])}")

    def target(self, session: Session) -> str:
        return read_text(session.input, "into", "main")

    def failed_merge(self, session: Session) -> str:
        last = newest(session, "finalize", "merge", "test")
        return f"Merging failed: {report(last, 1000)}" if last.status == "error" else ""

    def reviewed_enough(self, session: Session, result: Result) -> bool:
        return session.visits("review") >= read_count(session.input, "rounds", 2)

    def tried_enough(self, session: Session, result: Result) -> bool:
        tries = read_count(session.input, "tries", 3)
        return session.visits("fix") >= tries * (1 + session.visits("rework"))
