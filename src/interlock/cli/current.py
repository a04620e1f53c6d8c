"""`interlock use` and `interlock current`: the session that is meant where no ID is given."""

from __future__ import annotations

import click

from interlock import accounts, sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.documents import session_document
from interlock.cli.names import SESSION_ID
from interlock.cli.outlet import document, say
from interlock.cli.tree import Command, json_option


@click.command(
    cls=Command,
    examples="""
        interlock use 019ac3
    """,
)
@click.argument("session_id", metavar="ID", type=SESSION_ID)
@pass_caller
def use(caller: Caller, session_id: str) -> None:
    """Make a session the current one of this project: ID may then be left out everywhere."""
    found = sessions.resolve(caller.scope, session_id.strip().lower())
    accounts.use(caller.own_scope, found)
    say(f"using {found}")


@click.command(
    cls=Command,
    examples="""
        interlock current
        interlock current --json
    """,
)
@json_option
@pass_caller
def current(caller: Caller, as_json: bool) -> None:
    """Print the id of this project's current session."""
    scope, found = caller.locate(None)
    if as_json:
        document(session_document(sessions.get(scope, found)))
    else:
        say(found)
