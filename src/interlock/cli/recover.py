"""`interlock recover`: everything that is not finished, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import click

from interlock import database, sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.listing import shown_ids
from interlock.cli.outlet import document_list, say, table
from interlock.cli.run import Drive
from interlock.cli.standing import exit_status
from interlock.cli.tree import Command, json_option
from interlock.engine import Scope, Session
from interlock.engine.errors import InterlockError
from interlock.environments.process_tree import end_abandoned
from interlock.environments.supervisor import hide_memory


@click.command(
    cls=Command,
    examples="""
        interlock recover
        interlock recover --all-projects --json
        interlock recover --run
    """,
)
@click.option("--run", "runs", is_flag=True, help="Run those that can go on, one after the other.")
@click.option("--all-projects", is_flag=True, help="Sessions of every project of the account.")
@json_option
@pass_caller
def recover(caller: Caller, runs: bool, all_projects: bool, as_json: bool) -> int:
    """Show every session that is not finished, how it stands, and what happens to it next.

    That is told from who holds it and from its log, so it is true after any crash: running,
    interrupted, ready, parked, or waiting for a person, a time, children or a result. With --run
    those that nobody runs and that can go on are run; questions are left for `interlock answer`.
    The exit status with --run is that of `interlock run`: 5 while something waits, 1 where one
    ended badly.
    """
    if runs:
        hide_memory()
        end_abandoned()
    scope = caller.scope.account_wide if all_projects else caller.scope
    found = list(_unfinished(scope))
    if runs:
        found = [_run(scope, session, as_json) for session in found]
    now = database.now()
    if as_json:
        document_list(_document(session, now) for session in found)
    elif found:
        _print(found, now)
    else:
        say("everything is finished")
    return max((exit_status(session) for session in found), default=0) if runs else 0


def _unfinished(scope: Scope) -> Iterator[Session]:
    """Oldest first, so that what has waited longest goes on first."""
    pages: list[Session] = []
    after = None
    while True:
        page = sessions.find(scope, status=("active",), archived=True, limit=200, after=after)
        pages += page.sessions
        after = page.cursor
        if after is None:
            return iter(reversed(pages))


def _run(scope: Scope, session: Session, as_json: bool) -> Session:
    session = sessions.get(scope, session.id)
    if not sessions.standing(session, database.now()).goes_on:
        return session
    say(f"running {session.type} {session.id}", error=as_json)
    try:
        return Drive(scope, session.id, as_json=as_json, asks=False, stays=False).finish()
    except InterlockError as error:
        say(f"{session.type} {session.id}: {error}", error=True)
        return sessions.get(scope, session.id)


def _document(session: Session, now: datetime) -> dict[str, object]:
    how = sessions.standing(session, now)
    return {
        "id": session.id,
        "type": session.type,
        "step": session.step,
        "status": session.status,
        "standing": how.state,
        "told": how.told,
        "next": how.next,
    }


def _print(found: list[Session], now: datetime) -> None:
    ids = shown_ids([session.id for session in found])
    rows = []
    for session in found:
        how = sessions.standing(session, now)
        rows.append([ids[session.id], session.type, session.step, how.told, how.next])
    table(["id", "type", "step", "standing", "next"], rows)
