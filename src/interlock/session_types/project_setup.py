"""A project made ready for work: only what a check reports as missing is done."""

import json
from typing import Any

from attrs import evolve

from interlock import COMPLETE, FAILED, Call, Prompt, Result, Session, Shell, step
from interlock.session_types.inputs import (
    BuiltInType,
    command_line,
    read_command,
    read_commands,
    read_count,
    read_text,
)
from interlock.session_types.prompts import brief, commit, join_paragraphs, newest, quote, report

FORM = '{"requirements": [{"name": "git", "met": false, "detail": "no repository here"}]}'


class ProjectSetup(BuiltInType):
    """Do what a check reports as missing, ask the agent for what fails, then commit.

    The check prints JSON: an object with a list of `requirements`, each with a `name`, whether it
    is `met`, and perhaps a `detail`. A missing one is done once by the command that the input
    names for it; what has no command, or is still missing after it, goes to the agent. Commands
    come from the input alone, never from what the check prints.
    """

    inputs = {
        "check": "command line that prints the requirements as JSON",
        "commands?": "an object: for the name of a requirement the command line that meets it",
        "instruction?": "what else the agent should know",
        "branch?": "branch to commit on; the current one where none is given",
        "message?": "commit message",
        "tries?": "how often the agent may try for each requirement, 3 where it is not given",
    }

    transitions = [
        # on        from              to                when
        ["ok",      "validate",       COMPLETE,         "untouched"],
        ["ok",      "validate",       "finalize"],
        ["missing", "validate",       "run_setup",      "has_command"],
        ["missing", "validate",       FAILED,           "tried_enough"],
        ["missing", "validate",       "handle_failure"],
        ["error",   "validate",       FAILED,           "tried_enough"],
        ["error",   "validate",       "handle_failure"],
        ["ok",      "run_setup",      "validate"],
        ["error",   "run_setup",      "handle_failure"],
        ["ok",      "handle_failure", "validate"],
        ["error",   "handle_failure", "validate"],
        ["ok",      "finalize",       COMPLETE],
        ["error",   "finalize",       "finalize"],
    ]  # fmt: skip

    @step(timeout=3600)
    def validate(self, session: Session) -> Shell:
        return read_command(session.input, "check")

    @validate.result
    def find_missing(self, session: Session, result: Result) -> Result:
        requirements = read_requirements(result.output if result.stdout is None else result.stdout)
        if requirements is None:
            line = command_line(session.input, "check")
            return quote(result.failed(f"`{line}` does not print {FORM}"))
        missing = [entry["name"] for entry in requirements if not entry["met"]]
        result = result.remembering(missing=missing, count=len(requirements))
        if not missing:
            return evolve(result, status="ok", error=None)
        return evolve(result, status="missing", error=f"missing: {', '.join(missing)}")

    @step(timeout=3600)
    def run_setup(self, session: Session) -> Shell:
        commands = read_commands(session.input, "commands")
        return commands.get(self.due(session)) or read_command(session.input, "check")

    @run_setup.result
    def note_run(self, session: Session, result: Result) -> Result:
        return result.remembering(done=[*session.state.get("done", ()), self.due(session)])

    @step(timeout=3600)
    def handle_failure(self, session: Session) -> Prompt:
        last = newest(session, "validate", "run_setup")
        return Prompt(
            join_paragraphs(
                "Make this project ready for work: "
                f"`{command_line(session.input, 'check')}` must report nothing as missing.",
                brief(session.input),
                f"This went wrong or is missing:\n\n{report(last)}",
            ),
            resume=session.attempt > 1,
        )

    @step(attempts=3)
    def finalize(self, session: Session) -> Call:
        message = read_text(session.input, "message", "Set the project up")
        return commit(message, session.input.get("branch"))

    def due(self, session: Session) -> str:
        commands, done = read_commands(session.input, "commands"), session.state.get("done", ())
        missing = session.state.get("missing", ())
        return next((name for name in missing if name in commands and name not in done), "")

    def untouched(self, session: Session, result: Result) -> bool:
        return all(session.log.newest(name) is None for name in ("run_setup", "handle_failure"))

    def has_command(self, session: Session, result: Result) -> bool:
        return self.due(session) != ""

    def tried_enough(self, session: Session, result: Result) -> bool:
        tries = read_count(session.input, "tries", 3)
        return session.visits("handle_failure") >= tries * max(
            1, int(session.state.get("count", 1))
        )


def read_requirements(text: str) -> list[dict[str, Any]] | None:
    """The requirements that a check printed; None where it is not that JSON."""
    try:
        entries = json.loads(text)["requirements"]
        return [{"name": str(entry["name"]), "met": entry["met"] is True} for entry in entries]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
