"""`interlock secrets`: values that sessions may have by name, and that are kept out of the log."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from interlock.cli.caller import Caller, pass_caller
from interlock.cli.descriptions import show_time
from interlock.cli.json_input import read_text
from interlock.cli.names import SECRET_NAME
from interlock.cli.outlet import document, is_terminal, say, table
from interlock.cli.tree import Command, Group, json_option
from interlock.environments.supervisor import hide_memory
from interlock.secrets import vault
from interlock.secrets.vault_file import Secret

PACKAGE = "interlock.cli.secrets"

COMMANDS = {
    "set": (f"{PACKAGE}:set_", "Keep a value under a name."),
    "list": (f"{PACKAGE}:list_", "List the names, never the values."),
    "remove": (f"{PACKAGE}:remove", "Forget a secret."),
    "audit": (f"{PACKAGE}:audit", "Look for values in the log."),
}


@click.group(
    cls=Group,
    table=COMMANDS,
    examples="""
        interlock secrets
        interlock secrets set GITHUB_TOKEN
        interlock start mend -i check="make publish" --secret GITHUB_TOKEN
        interlock secrets audit
    """,
)
@json_option
@click.pass_context
def secrets(ctx: click.Context, as_json: bool) -> None:
    """Secrets by name. They belong to your account, for all of its projects. Alone it lists them.

    A session that is started with --secret NAME gives its commands the value as the environment
    variable NAME. Every value, whoever has it, is taken out of what commands print and of results
    that are submitted; `[secret:NAME]` stands there instead.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_, as_json=as_json)


@click.command(
    "set",
    cls=Command,
    examples="""
        interlock secrets set GITHUB_TOKEN
        gh auth token | interlock secrets set GITHUB_TOKEN --stdin
        interlock secrets set DEPLOY_KEY --file ~/.ssh/deploy_key
    """,
)
@click.argument("name", metavar="NAME")
@click.option("--stdin", "piped", is_flag=True, help="Read the value from standard input.")
@click.option("--file", "file", metavar="FILE", help="Read the value from a file.")
@json_option
@pass_caller
def set_(caller: Caller, name: str, piped: bool, file: str | None, as_json: bool) -> None:
    """Keep a value under a name, instead of the one it had.

    The value is asked for, and what is typed is not shown; or it is read, without the line end
    after it. It is never an argument, which other users of the machine could see. It goes into the
    system's keyring where there is one, else into a file that only you can read.
    """
    hide_memory()
    vault.check_name(name)
    scope = caller.own_scope
    made = vault.put(scope.account_id, name, _read_value(name, piped, file))
    if as_json:
        document(_shown(made))
    else:
        say(f"{name} is set, in the {made.place}, fingerprint {made.fingerprint}")


def _time(written: str) -> str:
    return show_time(datetime.fromisoformat(written))


def _read_value(name: str, piped: bool, file: str | None) -> str:
    if piped and file is not None:
        raise click.UsageError("give --stdin or --file, not both", click.get_current_context())
    if piped or file is not None:
        text = read_text("-" if file is None else file, "--stdin" if file is None else "--file")
        return text.removesuffix("\n").removesuffix("\r")
    if not is_terminal(sys.stdin):
        raise click.UsageError(
            "standard input is no terminal, so nobody can be asked; give --stdin or --file FILE",
            click.get_current_context(),
        )
    value: str = click.prompt(f"value of {name}", hide_input=True, err=True)
    return value


@click.command(
    "list",
    cls=Command,
    examples="""
        interlock secrets list
        interlock secrets list --json
    """,
)
@json_option
@pass_caller
def list_(caller: Caller, as_json: bool) -> None:
    """List the account's secrets: name, where the value is kept, its fingerprint, when it was set.

    A fingerprint tells whether two values are the same; a value cannot be found from it.
    """
    found = vault.listing(caller.scope.account_id)
    if as_json:
        document([_shown(one) for one in found])
    elif found:
        rows = [(one.name, one.place, one.fingerprint, _time(one.set_at)) for one in found]
        table(("name", "kept in", "fingerprint", "set at"), rows)
    else:
        say("no secrets; `interlock secrets set NAME` keeps one")


@click.command(
    cls=Command,
    examples="""
        interlock secrets remove GITHUB_TOKEN
    """,
)
@click.argument("name", metavar="NAME", type=SECRET_NAME)
@json_option
@pass_caller
def remove(caller: Caller, name: str, as_json: bool) -> None:
    """Forget a secret. What prints its value afterwards is kept with it."""
    vault.remove(caller.scope.account_id, name)
    if as_json:
        document({"name": name, "removed": True})
    else:
        say(f"{name} is forgotten")


@click.command(
    cls=Command,
    examples="""
        interlock secrets audit
        interlock secrets audit --json
    """,
)
@json_option
@pass_caller
def audit(caller: Caller, as_json: bool) -> int:
    """Look for the values of the account's secrets in all that is kept of its sessions.

    Commands, results, events, texts that go with a session, and its input. Exit status 1 where
    one is found: it was kept before it was set here, or it is in a command of the session's own.
    Nothing is changed; a value that was kept is no secret any more and should be replaced.
    """
    from interlock import sessions

    hide_memory()
    scope = caller.scope.account_wide
    found = list(sessions.audit(scope))
    if as_json:
        document([{"session_id": one.session_id, "seq": one.seq, "in": one.place, "name": one.name,
                   "fingerprint": one.fingerprint} for one in found])  # fmt: skip
        return 1 if found else 0
    for one in found:
        where = one.session_id if one.seq is None else f"{one.session_id}.{one.seq}"
        say(f"{where}: {one.place} holds {one.name}, fingerprint {one.fingerprint}")
    known = len(vault.listing(scope.account_id))
    places = "1 place holds" if len(found) == 1 else f"{len(found) or 'no'} places hold"
    say(f"looked for {known} secret{'' if known == 1 else 's'}; {places} one")
    return 1 if found else 0


def _shown(secret: Secret) -> dict[str, str]:
    return {
        "name": secret.name,
        "place": secret.place,
        "fingerprint": secret.fingerprint,
        "set_at": secret.set_at,
    }
