"""Rows of a log as a person reads them: head, command, output, end."""

from __future__ import annotations

from interlock.cli.descriptions import (
    describe_resume,
    head_and_text,
    outcome,
    reason,
    seconds_of,
    show_attempt,
    show_seconds,
    show_time,
)
from interlock.cli.outlet import json_text, say, tell, visible, word
from interlock.engine import Interaction
from interlock.sessions import Event

LINES = 5
"""Lines of a command's text and of an output that are shown without --full."""

WIDE = 200
INDENT = " " * 6


def print_row(row: Interaction, *, full: bool, used: str = "") -> None:
    """Print a row: head, command, output, and how it ended. `used` is what it used, in words."""
    print_head(row, full=full, ended=True, used=used)
    if row.result is not None:
        _block(row.result.output, "| ", full=full)
        if row.result.data and full:
            _block(json_text(row.result.data), "data ", full=full)
    why = reason(row)
    if why:
        tell(f"{INDENT}", (outcome(row), outcome(row)), f": {why if full else word(why, WIDE)}")


def print_head(row: Interaction, *, full: bool, ended: bool = False, used: str = "") -> None:
    """Print a row's number, step, attempt and time, and its command."""
    status = outcome(row)
    words: list[str | tuple[str, str]] = [f"{row.seq:>4}  ", (row.step or "session", "bold")]
    attempt = show_attempt(row, None)
    if attempt:
        words.append(f"  {attempt}")
    if ended:
        words += ["  ", (status, status)]
        took = show_seconds(seconds_of(row))
        if took:
            words.append(f"  {took}")
    words.append(f"  {used}" if used else "")
    tell(*words, (f"  {show_time(row.inserted_at)}", "dim"))
    line, text = head_and_text(row.command)
    say(f"{INDENT}{visible(line) if full else word(line, WIDE)}")
    _block(text, "> ", full=full)


def print_event(event: Event, *, full: bool) -> None:
    """Print what happened inside a row: output and questions as they are, how a conversation went
    on in words, anything else as JSON."""
    text = event.data.get("text")
    if event.type == "output" and isinstance(text, str):
        _block(text, "| ", full=True)
    elif event.type == "needs_input" and isinstance(text, str):
        _block(text, "? ", full=True)
    elif event.type == "resume":
        say(f"{INDENT}{word(describe_resume(event.data), WIDE)}")
        _block(str(event.data.get("told", "")) if full else "", "> ", full=True)
    else:
        data = json_text(event.data, indent=None)
        say(f"{INDENT}{word(event.type)} {data if full else word(data, WIDE)}")


def print_end(row: Interaction) -> None:
    """Print how a row ended whose head and output were printed before."""
    status = outcome(row)
    words: list[str | tuple[str, str]] = [INDENT, (status, status)]
    took = show_seconds(seconds_of(row))
    if took:
        words.append(f" in {took}")
    why = reason(row)
    if why:
        words.append(f": {word(why, WIDE)}")
    tell(*words)


def _block(text: str, mark: str, *, full: bool) -> None:
    lines = visible(text.rstrip("\n")).split("\n") if text.strip() else []
    shown = lines if full else [_cut(line) for line in lines[:LINES]]
    for line in shown:
        say(f"{INDENT}{mark}{line}".rstrip())
    if len(lines) > len(shown):
        say(f"{INDENT}{mark}... {len(lines) - len(shown)} more lines; --full shows them")


def _cut(line: str) -> str:
    return line if len(line) <= WIDE else f"{line[: WIDE - 3]}..."
