"""`interlock db init`: the database, and the roles of a server that keep accounts apart."""

from __future__ import annotations

import os
import sys

import click

from interlock import database
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.outlet import document, is_terminal, say
from interlock.cli.tree import Command, json_option
from interlock.engine.errors import InvalidInput

ROLES = ("owner", "app", "worker")
PASSWORDS = {"app": "INTERLOCK_APP_PASSWORD", "worker": "INTERLOCK_WORKER_PASSWORD"}


@click.command(
    cls=Command,
    examples="""
        interlock db init
        INTERLOCK_DATABASE_URL=postgresql://postgres@localhost/interlock interlock db init --roles
        interlock db init --roles --prefix staging --ask-passwords
    """,
)
@click.option("--roles", is_flag=True, help="Keep accounts apart in the database, by roles.")
@click.option(
    "--prefix",
    metavar="WORD",
    default="interlock",
    show_default=True,
    help="What the names of the roles begin with.",
)
@click.option("--ask-passwords", "asks", is_flag=True, help="Ask for the passwords of the roles.")
@json_option
@pass_caller
def init(caller: Caller, roles: bool, prefix: str, asks: bool, as_json: bool) -> None:
    """Make the database, or bring it up to date. With --roles an administrator of a PostgreSQL
    server has it keep accounts apart by itself.

    Three roles are made where they are missing. PREFIX_owner has the tables, and nobody logs in as
    it. PREFIX_app is what Interlock runs as from then on: the database shows it the rows of one
    account at a time. PREFIX_worker is for workers, which also see which sessions are ready in
    all accounts. Done again, it sets everything up anew.

    Passwords are read from INTERLOCK_APP_PASSWORD and INTERLOCK_WORKER_PASSWORD, or asked for;
    the server is told their digests. Without any, its pg_hba.conf says who may be which role.
    """
    url = caller.settings.database_url
    missing = database.pending(url)
    place = database.open_database(url)
    made = database.set_up_roles(prefix, _passwords(prefix, asks)) if roles else None
    if as_json:
        names = None if made is None else {role: getattr(made, role) for role in ROLES}
        document({"path": place, "applied": missing, "roles": names})
        return
    for name in missing:
        say(f"applied {name}")
    say(f"{place} is up to date")
    if made is not None:
        say(f"{made.owner} has the tables; {made.app} and {made.worker} see one account at a time")
        say(f"let INTERLOCK_DATABASE_URL name {made.app}, and {made.worker} for workers")


def _passwords(prefix: str, asks: bool) -> dict[str, str]:
    """By the name of the role."""
    found = {role: os.environ.get(name, "") for role, name in PASSWORDS.items()}
    if asks:
        if not is_terminal(sys.stdin):
            names = " and ".join(PASSWORDS.values())
            raise InvalidInput(f"nobody can be asked here; {names} may have the passwords")
        for role in PASSWORDS:
            found[role] = click.prompt(
                f"password of {prefix}_{role}", hide_input=True, confirmation_prompt=True, err=True
            )
    return {f"{prefix}_{role}": word for role, word in found.items() if word}
