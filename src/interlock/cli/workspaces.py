"""`interlock workspaces`: the places that sessions work in, and the disk they use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from interlock import sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.outlet import document, say, table
from interlock.cli.tree import Command, Group, json_option
from interlock.engine import Session
from interlock.engine.errors import InvalidInput, SessionNotFound

if TYPE_CHECKING:
    from interlock.environments.inventory import Holding

PACKAGE = "interlock.cli.workspaces"

COMMANDS = {
    "list": (f"{PACKAGE}:list_", "List them, with the disk they use."),
    "sweep": (f"{PACKAGE}:sweep", "Delete those whose session has ended."),
}

Found = list[tuple["Holding", Session | None]]


@click.group(
    cls=Group,
    table=COMMANDS,
    examples="""
        interlock workspaces
        interlock workspaces sweep
    """,
)
@json_option
@click.pass_context
def workspaces(ctx: click.Context, as_json: bool) -> None:
    """The clones and work trees that sessions work in, of every project of the account.

    Alone it lists them. They lie in the data directory, under workspaces, and stay when a session
    ends.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_, as_json=as_json)


@click.command(
    "list",
    cls=Command,
    examples="""
        interlock workspaces list
        interlock workspaces list --json
    """,
)
@json_option
@pass_caller
def list_(caller: Caller, as_json: bool) -> None:
    """List the workspaces, with the disk they use.

    UNSAVED says that there are changes which no branch of the repository has.
    """
    found, others = _find(caller)
    if as_json:
        document([_tell(holding, session) for holding, session in found])
        return
    if found:
        _print(found)
    elif not others:
        say("no workspaces; a session in a clone or a work tree has one")
    if others:
        say(f"{len(others)} more belong to no session of account {caller.account}")


@click.command(
    cls=Command,
    examples="""
        interlock workspaces sweep
        interlock workspaces sweep --yes
        interlock workspaces sweep --unsaved --yes
        interlock workspaces sweep --orphans
    """,
)
@click.option("--orphans", is_flag=True, help="Also those of no session in this database.")
@click.option("--unsaved", is_flag=True, help="Also those with changes that no branch has.")
@click.option("--yes", is_flag=True, help="Delete them; without it they are only listed.")
@json_option
@pass_caller
def sweep(caller: Caller, orphans: bool, unsaved: bool, yes: bool, as_json: bool) -> None:
    """Delete the workspaces whose session has ended. Branches and the log stay.

    Nothing is deleted without --yes. One with changes that no branch has stays, and is named,
    unless --unsaved is given.
    """
    from interlock.environments import inventory
    from interlock.environments.results import Refusal
    from interlock.environments.workspace import place

    found, others = _find(caller)
    ended: Found = [(one, session) for one, session in found if session and not session.active]
    ended += [(one, None) for one in _orphans(others)] if orphans else []
    chosen = [(one, session) for one, session in ended if unsaved or not one.unsaved]
    for holding, _ in chosen if yes else ():
        try:
            inventory.remove(holding)
        except Refusal as refusal:
            raise InvalidInput(str(refusal)) from None
    kept = [(one, session) for one, session in ended if one.unsaved and not unsaved]
    if as_json:
        told = [_tell(holding, session) for holding, session in chosen]
        names = [one.session_id for one, _ in kept]
        document({"deleted": yes, "workspaces": told, "kept": names})
        return
    if chosen:
        _print(chosen)
    size = _size(sum(holding.bytes for holding, _ in chosen))
    if not chosen:
        say("nothing to delete")
    elif yes:
        say(f"deleted: {size}")
    else:
        say(f"nothing was deleted; --yes deletes these: {size}")
    for one, session in kept:
        shown = f"`interlock diff {one.session_id}`" if session else place(one.session_id)
        say(f"{one.session_id} has changes that no branch has: {shown}; kept")


def _find(caller: Caller) -> tuple[Found, list[Holding]]:
    """The workspaces of the account's sessions, and the others."""
    from interlock.environments.inventory import holdings

    scope = caller.scope.account_wide
    found: Found = []
    others: list[Holding] = []
    for holding in holdings():
        try:
            found.append((holding, sessions.get(scope, holding.session_id)))
        except SessionNotFound:
            others.append(holding)
    return found, others


def _orphans(others: list[Holding]) -> list[Holding]:
    """Those whose session is in no account, as where a database was deleted."""
    from interlock import database

    known = {session_id for _, session_id in database.every_session()}
    return [holding for holding in others if holding.session_id not in known]


def _print(found: Found) -> None:
    table(
        ("session", "type", "status", "kind", "disk", "unsaved", "branch"),
        [
            (
                holding.session_id,
                session.type if session else "",
                session.status if session else "none",
                holding.workspace.kind if holding.workspace else "unfinished",
                _size(holding.bytes),
                "yes" if holding.unsaved else "",
                holding.workspace.branch if holding.workspace else "",
            )
            for holding, session in found
        ],
    )


def _tell(holding: Holding, session: Session | None) -> dict[str, Any]:
    ours = holding.workspace
    return {
        "session": holding.session_id,
        "type": session.type if session else None,
        "status": session.status if session else None,
        "kind": ours.kind if ours else None,
        "branch": ours.branch if ours else None,
        "repository": ours.repository if ours else None,
        "tree": str(ours.tree) if ours else None,
        "bytes": holding.bytes,
        "unsaved": holding.unsaved,
    }


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB"
