"""A session and its log as Markdown, for people: what was asked for, and all that came back."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from interlock.engine import (
    Ask,
    Call,
    Command,
    Interaction,
    Prompt,
    Result,
    Session,
    Shell,
    Spawn,
    Wait,
)

MAX_TEXT = 20_000  # characters of one text; the JSON export has them all


def export(session: Session, interactions: Iterable[Interaction]) -> str:
    """The session, then every interaction in the order given. Texts are quoted, so whatever is in
    them is shown and not obeyed; of a very long one the middle is left out."""
    parts = [f"# {_word(session.title or session.type)}", _facts(session)]
    if session.reason:
        parts.append(f"Reason: {_word(session.reason)}")
    for name, values in (("Input", session.input), ("State", session.state)):
        if values:
            parts += [f"## {name}", _data(values)]
    parts.append("## Log")
    for row in interactions:
        parts += _interaction(row)
    return "\n\n".join(parts) + "\n"


def _facts(session: Session) -> str:
    facts = {
        "session": session.id,
        "type": session.type,
        "status": session.status,
        "step": session.step,
        "agent": session.agent,
        "environment": session.environment,
        "work directory": session.workdir,
        "began": session.inserted_at,
        "ended": session.ended_at,
        "interactions": session.seq,
    }
    return "\n".join(f"- {name}: {_code(str(value))}" for name, value in facts.items() if value)


def _interaction(row: Interaction) -> Iterator[str]:
    name = _code(row.step) if row.step else "the session itself"
    status = row.result.status if row.result and row.status == "done" else row.status
    again = f", attempt {row.attempt}" if row.attempt > 1 else ""
    yield f"### {row.seq}. {name}: {_code(status)}{again}"
    yield from _command(row.command)
    if row.result is not None:
        yield from _result(row.result)


def _command(command: Command) -> Iterator[str]:
    match command:
        case Shell():
            yield _quote("$ " + shlex.join(command.argv), "console")
            if command.input:
                yield from ("Its standard input:", _quote(command.input))
        case Prompt():
            yield from ("The agent was asked:", _quote(command.text))
        case Ask():
            yield from (
                f"A person was asked ({', '.join(map(_code, command.choices))}):",
                _quote(command.question),
            )
        case Wait():
            yield f"Wait until {command.until}" if command.until else f"Wait {command.for_} seconds"
        case Spawn():
            yield f"Sessions, policy {_code(command.policy)}:"
            yield "\n".join(
                f"- {_code(one.type)} {_word(one.title or one.key)}".rstrip()
                for one in command.children
            )
        case Call():
            yield f"Call of {_code(command.function)}:"
            yield _data(command.arguments)


def _result(result: Result) -> Iterator[str]:
    facts = []
    if result.code is not None:
        facts.append(f"exit code {result.code}")
    if result.duration_ms is not None:
        facts.append(f"{result.duration_ms / 1000:.1f} s")
    facts += [
        f"{_word(str(key))} {_word(str(value))}"
        for key, value in (result.usage or {}).items()
        if value and isinstance(value, str | int | float)
    ]
    yield f"Result: {', '.join([_code(result.status), *facts])}"
    if result.error:
        yield f"Error: {_word(result.error)}"
    if result.output:
        yield _quote(result.output)
    for name, values in (("Data", result.data), ("Remembered", result.remember)):
        if values:
            yield from (f"{name}:", _data(values))


def _word(text: str) -> str:
    """The text in one line, with nothing in it that Markdown or HTML would obey."""
    return re.sub(r"([\\`*_\[\]<&~#])", r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """The text in one line, as code."""
    fence = _fence(text, 1)
    room = " " if "`" in text else ""
    return f"{fence}{room}{' '.join(text.split())}{room}{fence}"


def _fence(text: str, at_least: int) -> str:
    """Backticks, more than any that stand together in the text."""
    return "`" * max(at_least, 1 + max(map(len, re.findall("`+", text)), default=0))


def _data(values: Mapping[str, Any]) -> str:
    return _quote(json.dumps(values, indent=2, ensure_ascii=False, default=str), "json")


def _quote(text: str, language: str = "") -> str:
    """The text in a fence longer than any in it."""
    if len(text) > MAX_TEXT:
        half, left_out = MAX_TEXT // 2, len(text) - MAX_TEXT
        text = f"{text[:half]}\n[... {left_out} characters left out ...]\n{text[-half:]}"
    fence = _fence(text, 3)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
