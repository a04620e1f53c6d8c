"""`interlock queue`: hand a session over to workers, or take it back."""

from __future__ import annotations

import click

from interlock import sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.documents import session_document
from interlock.cli.names import id_argument
from interlock.cli.outlet import document, say
from interlock.cli.tree import Command, json_option


@click.command(
    cls=Command,
    examples="""
        interlock queue 019ac3
        interlock queue 019ac3 --queue nightly --priority 5
        interlock queue 019ac3 --take-back
    """,
)
@id_argument
@click.option("--queue", metavar="Q", help='The queue; else the one it is in, or "default".')
@click.option(
    "--priority", metavar="N", type=int, help="-100 to 100; higher ones are taken first; else 0."
)
@click.option("--take-back", is_flag=True, help="Take it out of its queue, to run it yourself.")
@json_option
@pass_caller
def queue(
    caller: Caller,
    session_id: str | None,
    queue: str | None,
    priority: int | None,
    take_back: bool,
    as_json: bool,
) -> None:
    """Hand a session and its active children over to workers, or take them back.

    A worker that executes a command of a session that is taken back ends that command first.
    """
    if take_back and (queue is not None or priority is not None):
        raise click.UsageError(
            "--take-back goes with no --queue and no --priority", click.get_current_context()
        )
    scope, found = caller.locate(session_id)
    if take_back:
        session = sessions.dequeue(scope, found)
        told = f"{found} is in no queue; `interlock run {found}` drives it"
    else:
        session = sessions.enqueue(scope, found, queue, priority=priority)
        told = f"{found} is in the queue {session.queue} with priority {session.priority}"
    if as_json:
        document(session_document(session))
    else:
        say(told)
