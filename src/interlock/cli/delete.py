"""`interlock delete`: a session taken away for good."""

from __future__ import annotations

import sys

import click

from interlock import sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.names import id_argument
from interlock.cli.outlet import document, is_terminal, say
from interlock.cli.tree import Command, json_option
from interlock.engine.errors import Refused


@click.command(
    cls=Command,
    examples="""
        interlock delete 019ac3
        interlock delete 019ac3 --yes --json
    """,
)
@id_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_caller
def delete(caller: Caller, session_id: str | None, yes: bool, as_json: bool) -> None:
    """Take an ended session away for good, with its log and its child sessions.

    It says what goes, and asks. That a session was deleted, and when, is kept; nothing brings it
    back, and a late result finds no session. `interlock archive` only puts one away. Its workspace
    is left for `interlock workspaces sweep`.
    """
    scope, found = caller.locate(session_id)
    goes = sessions.preview_deletion(scope, found)
    what = (
        f"{_count(goes.sessions, 'session')}, {_count(goes.interactions, 'interaction')} and "
        f"{_count(goes.events, 'event')}"
    )
    if not yes:
        if not is_terminal(sys.stdin):
            raise Refused(f"{what} would be deleted; say --yes where nobody can be asked")
        click.confirm(f"Delete session {found} for good: {what}?", abort=True, err=True)
    sessions.delete(scope, found)
    if as_json:
        document({"id": found, "sessions": goes.sessions, "interactions": goes.interactions,
                  "events": goes.events})  # fmt: skip
    else:
        say(f"deleted {what}")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
