"""What a command is and what came of it, in words for a person."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from interlock.engine import Ask, Call, Command, Interaction, Prompt, Session, Shell, Spawn, Wait


def describe_command(command: Command) -> str:
    """A command in one line."""
    match command:
        case Shell():
            return f"$ {shlex.join(command.argv)}"
        case Prompt():
            return f"ask the agent: {_first_line(command.text)}"
        case Ask():
            return f"ask a person: {_first_line(command.question)}"
        case Wait():
            until = f"until {show_time(command.until)}" if command.until else f"{command.for_:g} s"
            return f"wait {until} ({command.about})" if command.about else f"wait {until}"
        case Spawn():
            kinds = ", ".join(dict.fromkeys(child.type for child in command.children))
            return f"start {len(command.children)} child sessions: {kinds}"
        case Call():
            told = ", ".join(f"{name}={value!r}" for name, value in command.arguments.items())
            return f"{command.function}({told})"


RESUMED = {
    "fork": "goes on in a copy of its conversation",
    "hand_off": "is told from the log what was done",
    "recovered": "goes on in the conversation of its lost turn",
    "switch": "takes over",
}
"""How a prompt got through to an agent."""


def describe_resume(data: Mapping[str, Any]) -> str:
    """How an agent was brought to go on, and why, in one line."""
    how = str(data.get("how"))
    why = f": {data['why']}" if data.get("why") else ""
    return f"{data.get('agent')} {RESUMED.get(how, how)}{why}"


def head_and_text(command: Command) -> tuple[str, str]:
    """A command in one line, and the lines that do not fit into it; often none."""
    line = describe_command(command)
    match command:
        case Shell():
            return line, command.input or ""
        case Prompt(text=text) | Ask(question=text):
            if "\n" in text.strip():
                return f"{line.partition(':')[0]}:", text
        case Spawn():
            names = (f"{child.type} {child.title or child.key}" for child in command.children)
            return line, "\n".join(name.rstrip() for name in names)
    return line, ""


def headline(session: Session) -> str:
    """What a session is about, in one line of at most 100 characters."""
    given = (session.input.get(name) for name in ("message", "change", "task"))
    texts = (text for text in (session.title, *given) if isinstance(text, str) and text.strip())
    line = " ".join(next(texts, f"{session.type} {session.id}").replace("\0", "").split())
    return line if len(line) <= 100 else f"{line[:97]}..."


def outcome(row: Interaction) -> str:
    """What became of a row: its result's status, else its own."""
    return row.result.status if row.status == "done" and row.result is not None else row.status


def reason(row: Interaction) -> str:
    """Why a row is not ok, in words; empty where nothing says so."""
    return row.result.error or "" if row.result is not None else ""


def seconds_of(row: Interaction) -> float | None:
    """How long a row took: what its executor measured, else from its opening to its close."""
    if row.result is not None and row.result.duration_ms is not None:
        return row.result.duration_ms / 1000
    if row.inserted_at is not None and row.completed_at is not None:
        return (row.completed_at - row.inserted_at).total_seconds()
    return None


def show_seconds(seconds: float | None) -> str:
    """A duration: `0.3 s`, `2 min 5 s`, `1 h 10 min`; empty for None."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = int(seconds) // 60
    if minutes < 60:
        return f"{minutes} min {int(seconds) % 60} s"
    return f"{minutes // 60} h {minutes % 60} min"


def show_time(time: datetime | None) -> str:
    """A time where the user is: `2026-11-28 12:04:05`; empty for None."""
    return "" if time is None else f"{time.astimezone():%Y-%m-%d %H:%M:%S}"


def show_attempt(row: Interaction, limit: int | None) -> str:
    """`attempt 2 of 3`; empty for the first of no limit and for rows of no step."""
    if limit is not None and row.step:
        return f"attempt {row.attempt} of {limit}"
    return f"attempt {row.attempt}" if row.attempt > 1 else ""


def name_session(session: Session) -> str:
    """What a person knows a session by: its title, else its type."""
    return session.title or session.type


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
