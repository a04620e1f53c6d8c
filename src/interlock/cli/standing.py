"""Where a session stands, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from interlock import database, sessions
from interlock.cli.descriptions import name_session, show_seconds, show_time
from interlock.cli.outlet import tell, word
from interlock.engine import Ask, Scope, Session, Spawn, Wait
from interlock.engine.pause import REPLY, RETRY
from interlock.environments.options import keeps_files
from interlock.sessions.turns import by_hand

WAITS = 5
"""The exit status when a session waits for a person or a time."""

MEANINGS = {
    REPLY: " tells the agent",
    RETRY: " runs the step again",
    "error": " takes the rows that the step has for an error",
}
"""What the answers to a question of the engine's own do."""


def say_where(session: Session, *, error: bool = False) -> None:
    """Print in one line where a session stands."""
    words: list[str | tuple[str, str]] = [f"{session.type} {session.id} "]
    if session.active:
        how = sessions.standing(session, database.now())
        words.append(f"{how.told} at step {session.step}")
    else:
        words += ["is ", (session.status, session.status)]
        if session.status != "complete":
            words.append(f" at step {session.step}")
        words.append(f" after {session.seq} interaction{'' if session.seq == 1 else 's'}")
        if session.inserted_at is not None and session.ended_at is not None:
            took = (session.ended_at - session.inserted_at).total_seconds()
            words.append(f", {show_seconds(took)}")
        if session.reason:
            words.append(f": {word(session.reason, 500)}")
    tell(*words, error=error)


def advise(session: Session) -> Iterator[str]:
    """What can be done next, a line each."""
    given = session.id
    if not session.active:
        yield f"`interlock log {given}` shows every command and result"
        if keeps_files(session.environment):
            yield f"`interlock diff {given}` shows what it changed"
            yield f"`interlock offer {given}` puts that on a branch of your repository"
        if session.status == "failed":
            yield f"`interlock retry {given}` and then `interlock run {given}` try it again"
        return
    row = session.open
    match row and row.command:
        case Ask():
            yield from ask_lines(session)
        case Wait():
            due = show_time(row.due_at if row else None)
            yield f"it goes on at {due}: `interlock run {given}` then, or with --wait now"
        case _ if row and by_hand(session):
            yield f"`interlock next {given}` says what to run in the editor's terminal"
            yield f"`interlock submit {row.id} --status ok` hands its result in"
        case _ if session.queue is not None:
            yield f"`interlock worker` takes it, and `interlock run {given}` drives it here"
        case _:
            yield f"`interlock run {given}` goes on"


def ask_lines(session: Session) -> Iterator[str]:
    """The question a session waits with, and the line that answers it for each choice."""
    row = session.open
    if row is None or not isinstance(row.command, Ask):
        return
    yield row.command.question.rstrip()
    if row.due_at is not None:
        yield f"it can be answered until {show_time(row.due_at)}"
    for choice in row.command.choices:
        words = ' --comment "..."' if choice == REPLY else ""
        yield f"`interlock answer {session.id} {choice}{words}`{meaning(row.command, choice)}"
    yield '--comment "..." says more with it'


def meaning(asked: Ask, choice: str) -> str:
    """What an answer does, to follow it; empty where the session type has made the question."""
    return MEANINGS.get(choice, "") if asked.about else ""


def waiting_sessions(scope: Scope, session: Session) -> list[Session]:
    """The session itself or, where it waits for children, those of them that are active, and so
    on down: whoever holds it up."""
    if not session.active:
        return []
    if session.open is None or not isinstance(session.open.command, Spawn):
        return [session]
    found: list[Session] = []
    after = None
    while True:
        page = sessions.find(
            scope, parent=session.id, status="active", archived=True, limit=200, after=after
        )
        for child in page.sessions:
            found += waiting_sessions(scope, child)
        after = page.cursor
        if after is None:
            return found or [session]


def next_due(scope: Scope, session: Session) -> datetime | None:
    """The first time that a session, or a child that holds it up, waits for; None for none."""
    times = (
        one.open.due_at
        for one in waiting_sessions(scope, session)
        if one.open is not None and isinstance(one.open.command, Wait)
    )
    return min((time for time in times if time is not None), default=None)


def introduce(session: Session, root: Session) -> str:
    """Which session it is, where it is not the one that was asked for; else empty."""
    return "" if session.id == root.id else f"child session {session.id} ({name_session(session)})"


def exit_status(session: Session) -> int:
    """0 for a complete session, 1 for one that ended otherwise, 5 while it waits."""
    if session.active:
        return WAITS
    return 0 if session.status == "complete" else 1
