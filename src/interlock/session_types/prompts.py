"""What is put to the agent, and how what came back is told: pure functions of text and results."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from attrs import evolve

from interlock import Call, Result, Session
from interlock.engine.values import NONE
from interlock.session_types.inputs import Given, read_text

SHOWN = 20_000
"""Characters of a command's output that a prompt may hold."""

QUOTED = 500
"""Characters of a command's output that a reason may hold."""

HANDS_OFF = "Work in the files of this directory. Do not commit: that is done for you."

ASK_VERDICT = (
    "End with one line of its own: `VERDICT: APPROVE` when it is good as it is, "
    "or `VERDICT: CHANGES` when something must be done first; say before it what that is."
)

ONLY_READS: Mapping[str, Any] = {"read_only": True}
"""Options of a prompt whose agent is to change nothing."""

OWN_FILES = ("clone", "worktree")
"""Environments in which the work is not in the user's own directory."""

VERDICT = re.compile(r"^[^\w\n]*verdict[^\w\n]+(approve|changes)\b", re.IGNORECASE | re.MULTILINE)


def join_paragraphs(*parts: str) -> str:
    """The parts that are not blank, with an empty line between them."""
    return "\n\n".join(part.strip() for part in parts if part.strip())


def brief(given: Given) -> str:
    """What every prompt says besides its task: the language, the spec, what else to know."""
    language, spec = read_text(given, "language"), read_text(given, "spec")
    return join_paragraphs(
        f"The language is {language}." if language else "",
        f"The spec is {spec}; follow it." if spec else "",
        read_text(given, "instruction"),
        HANDS_OFF,
    )


def report(result: Result, limit: int = SHOWN) -> str:
    """The error and the output of a result, its middle left out where it is too long."""
    if result.status == "none":
        return ""
    output = result.output.strip()
    error = result.error or ""
    told = join_paragraphs(error if error not in output else "", output)
    return shorten(told, limit) or f"It ended with status {result.status} and printed nothing."


def shorten(text: str, limit: int) -> str:
    """The text with its middle left out where it is longer than the limit in characters."""
    if len(text) <= limit:
        return text
    head, tail = limit // 4, limit - limit // 4
    return f"{text[:head]}\n[{len(text) - limit} characters left out]\n{text[-tail:]}"


def quote(result: Result, agent: Result = NONE) -> Result:
    """A failed result whose error also quotes the end of its output, and what went wrong with the
    agent where its newest result is an error too; any other result as it is."""
    if result.ok:
        return result
    parts = [result.error or result.status]
    output = result.output.strip()
    if output and output not in parts[0]:
        end = output if len(output) <= QUOTED else "..." + output[-QUOTED:]
        parts.append(f"its last output:\n{end}")
    if agent.error and not agent.ok and agent.error not in parts[0]:
        parts.append(f"the agent failed too: {agent.error}")
    return evolve(result, error="; ".join(parts))


def newest(session: Session, *steps: str) -> Result:
    """The newest result among those of several steps."""
    rows = [row for step in steps if (row := session.log.last(step))]
    row = max(rows, key=lambda row: row.seq, default=None)
    return row.result if row and row.result else NONE


def read_verdict(text: str) -> Literal["approve", "changes"] | None:
    """The last verdict line of a review; None where it has none."""
    found = VERDICT.findall(text)
    if not found:
        return None
    return "approve" if found[-1].lower() == "approve" else "changes"


def show_work(session: Session, base: str) -> str:
    """The command that shows a person what differs from a branch."""
    environment = (session.environment or "").split(maxsplit=1)
    own = bool(environment) and environment[0] in OWN_FILES
    return f"`interlock diff {session.id}`" if own else f"`git diff {base}`"


def commit(message: str, branch: str | None = None) -> Call:
    """Commit everything that changed; on a branch where one is named."""
    return Call("commit", {"message": message, "branch": branch})
