"""What is done to a session as a whole: `interlock cancel`, `retry`, `reopen`, `archive`."""

from __future__ import annotations

import click

from interlock import database, sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.documents import session_document
from interlock.cli.names import id_argument
from interlock.cli.outlet import document, say
from interlock.cli.standing import advise, say_where, waiting_sessions
from interlock.cli.tree import Command, json_option
from interlock.engine import Session


@click.command(
    cls=Command,
    examples="""
        interlock cancel
        interlock cancel 019ac3 --reason "no longer wanted"
    """,
)
@id_argument
@click.option("--reason", metavar="TEXT", default="", help="Why, for the log.")
@json_option
@pass_caller
def cancel(caller: Caller, session_id: str | None, reason: str, as_json: bool) -> None:
    """End a session, and its active child sessions with it.

    A command that another process executes for it is stopped. What a run that was killed has left
    running on this machine is ended too. `interlock reopen` takes it back.
    """
    scope, found = caller.locate(session_id)
    now = database.now()
    lost = [
        one.id
        for one in waiting_sessions(scope, sessions.get(scope, found))
        if one.lease_owner is not None and not sessions.running(one, now)
    ]
    left = _end_processes(lost)  # before, so that none is left where this process is killed, too
    session = sessions.cancel(scope, found, reason)
    if left:
        say(f"{left} processes of an earlier run could not be ended", error=True)
    _report(session, as_json)


def _end_processes(lost: list[str]) -> int:
    if not lost:
        return 0
    from interlock.environments.process_tree import end_strays  # rarely needed

    return sum(map(end_strays, lost))


@click.command(
    cls=Command,
    examples="""
        interlock retry
        interlock retry 019ac3 && interlock run 019ac3
    """,
)
@id_argument
@json_option
@pass_caller
def retry(caller: Caller, session_id: str | None, as_json: bool) -> None:
    """Make a failed session active again at the step it failed at, with all its limits anew.

    A parent session that failed because of it waits for it again.
    """
    scope, found = caller.locate(session_id)
    _report(sessions.retry(scope, found), as_json)


@click.command(
    cls=Command,
    examples="""
        interlock reopen
        interlock reopen 019ac3 --step check
    """,
)
@id_argument
@click.option("--step", metavar="S", help="The step it goes on with; else where it ended.")
@json_option
@pass_caller
def reopen(caller: Caller, session_id: str | None, step: str | None, as_json: bool) -> None:
    """Make an ended session active again, however it ended, with all its limits anew."""
    scope, found = caller.locate(session_id)
    _report(sessions.reopen(scope, found, step), as_json)


@click.command(
    cls=Command,
    examples="""
        interlock archive
        interlock archive 019ac3 --undo
    """,
)
@id_argument
@click.option("--undo", is_flag=True, help="Take it back.")
@json_option
@pass_caller
def archive(caller: Caller, session_id: str | None, undo: bool, as_json: bool) -> None:
    """Put an ended session away: `interlock list` leaves it out unless --archived is given."""
    scope, found = caller.locate(session_id)
    session = sessions.archive(scope, found, undo=undo)
    if as_json:
        document(session_document(session))
    else:
        say(f"{'taken back' if undo else 'archived'}: {session.type} {session.id}")


def _report(session: Session, as_json: bool) -> None:
    if as_json:
        document(session_document(session))
        return
    say_where(session)
    for line in advise(session):
        say(line)
