"""`interlock offer`: a session's work as a branch of the user's repository."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from interlock import database, sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.descriptions import headline
from interlock.cli.names import id_argument
from interlock.cli.outlet import document, say
from interlock.cli.tree import Command, json_option
from interlock.engine import Scope, Session
from interlock.engine.errors import InvalidInput, Refused, SessionBusy


@click.command(
    cls=Command,
    examples="""
        interlock offer
        interlock offer 019ac3 --message "Say hello"
    """,
)
@id_argument
@click.option("--message", metavar="TEXT", help="Of the commit; else the session's title or task.")
@json_option
@pass_caller
def offer(caller: Caller, session_id: str | None, message: str | None, as_json: bool) -> None:
    """Commit what a session has changed, and put it on a branch of your repository.

    It is for a session in a clone or a work tree of its own. Your files and your other branches
    stay as they are, and nothing leaves this machine.
    """
    from interlock.environments import offering

    scope, found = caller.locate(session_id)
    session = idle_session(scope, found)
    with refusals():
        made = offering.offer_work(session, read_words(message, "--message") or headline(session))
    if as_json:
        document({"session": found, "branch": made.branch, "commit": made.commit,
                  "repository": made.repository, "files": list(made.files),
                  "left_out": list(made.left_out)})  # fmt: skip
        return
    say(f"{made.repository} has it as branch {made.branch}, commit {made.commit[:12]}")
    if made.left_out:
        say(f"left out: {', '.join(made.left_out)}")


@contextmanager
def refusals() -> Iterator[None]:
    """What the environment refuses is told as an error of a command."""
    from interlock.environments.results import Refusal

    try:
        yield
    except Refusal as refusal:
        raise Refused(str(refusal)) from None


def idle_session(scope: Scope, session_id: str) -> Session:
    """The session, which nobody runs now. Raises SessionBusy."""
    session = sessions.get(scope, session_id)
    if sessions.running(session, database.now()):
        raise SessionBusy(f"session {session.id} is being run now; its files change meanwhile")
    return session


def read_words(text: str | None, option: str) -> str | None:
    """The text of an option; None where it was not given. Raises InvalidInput."""
    if text is None:
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"{option} is not UTF-8 text: give other words") from None
    if not text.strip() or "\0" in text:
        raise InvalidInput(f"{option} is empty: give words")
    return text
