"""`interlock init`: the data directory and the database, and what was found."""

from __future__ import annotations

import click

from interlock import database, sessions
from interlock.cli.caller import Caller, find_place, is_repository, pass_caller
from interlock.cli.outlet import document, say
from interlock.cli.tree import Command, json_option


@click.command(
    cls=Command,
    examples="""
        interlock init
        interlock --project website init
    """,
)
@json_option
@pass_caller
def init(caller: Caller, as_json: bool) -> None:
    """Make the data directory and the database, and say which account and project this is.

    Nothing is written into the project's own directory. Once or often, it is the same; every other
    command does it too when it must.
    """
    missing = database.pending(caller.settings.database_url)
    scope = caller.own_scope
    place, repository = find_place(), is_repository(find_place())
    some = bool(sessions.find(scope, limit=1, archived=True).sessions)
    if as_json:
        document(
            {
                "database": database.place_of(caller.settings.database_url),
                "migrations_applied": missing,
                "account": caller.account,
                "account_id": scope.account_id,
                "project": caller.project,
                "project_id": scope.project_id,
                "directory": str(place),
                "git": repository,
            }
        )
        return
    made = "made" if missing else "is there:"
    say(f"database {made} {database.place_of(caller.settings.database_url)}")
    say(f"account  {caller.account}")
    say(f"project  {caller.project}")
    if repository:
        say(f"git      {place}")
    else:
        say(f"git      none in {place}; session types that commit need `git init`")
    say(
        "`interlock list` shows the sessions of this project"
        if some
        else "`interlock types` lists what can be run; `interlock run TYPE` runs it"
    )
