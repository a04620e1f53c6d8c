"""A session's question put to the person at the terminal."""

from __future__ import annotations

import select
import sys

from interlock import sessions
from interlock.cli.descriptions import show_time
from interlock.cli.outlet import say, tell
from interlock.cli.standing import introduce, meaning
from interlock.engine import Ask, Scope, Session
from interlock.engine.errors import NothingAsked
from interlock.engine.pause import REPLY


def put_question(scope: Scope, session: Session, root: Session) -> bool:
    """True when the question a session waits with was answered; False when the person has left
    it open (end of input). Raises what `sessions.answer` raises."""
    row = session.open
    if row is None or not isinstance(row.command, Ask):
        return False
    if name := introduce(session, root):
        say(name, error=True)
    say(row.command.question.rstrip(), error=True)
    if row.due_at is not None:
        say(f"it can be answered until {show_time(row.due_at)}", error=True)
    answer = _read_answer(row.command)
    if answer is None:
        return False
    try:
        sessions.answer(scope, session.id, *answer)
    except NothingAsked:  # somebody raised the budget meanwhile, or answered
        say("it need not be answered any more", error=True)
    return True


def _read_answer(asked: Ask) -> tuple[str, str] | None:
    """A choice and what is said with it; None at the end of input. An agent that asked is told in
    words, so they come first."""
    choices = asked.choices
    if REPLY in choices:
        words = _read("reply (empty for another answer; Ctrl-D leaves it open): ")
        if words is None:
            return None
        if words.strip():
            return REPLY, words
        choices = tuple(choice for choice in choices if choice != REPLY)
    for number, choice in enumerate(choices, 1):
        tell(f"  {number}  ", (choice, "bold"), meaning(asked, choice), error=True)
    chosen = _read_choice(choices)
    comment = None if chosen is None else _read("comment (empty for none): ")
    return None if chosen is None or comment is None else (chosen, comment)


def _read_choice(choices: tuple[str, ...]) -> str | None:
    while True:
        line = _read("answer (a number or a word; Ctrl-D leaves it open): ")
        if line is None:
            return None
        given = line.strip()
        if given in choices:
            return given
        if given.isdecimal() and 1 <= int(given) <= len(choices):
            return choices[int(given) - 1]
        if given:
            say(f"there is no choice {given[:80]!r}; give {' or '.join(choices)}", error=True)


def _read(prompt: str) -> str | None:
    """A line from the terminal without its end; None at the end of input."""
    sys.stderr.write(prompt)
    sys.stderr.flush()
    # A signal that comes just before a read would be heeded only after the next key.
    while not select.select([sys.stdin], [], [], 0.2)[0]:
        pass
    line = sys.stdin.readline()
    if not line:
        say(error=True)
        return None
    return line.rstrip("\n")
