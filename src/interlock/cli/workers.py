"""`interlock workers`: who does what now."""

from __future__ import annotations

from typing import Any

import click

from interlock import accounts, sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.descriptions import show_time
from interlock.cli.outlet import document, say, table
from interlock.cli.tree import Command, json_option

COLUMNS = ("worker", "alive", "session", "type", "project", "step", "since", "lease until")


@click.command(
    cls=Command,
    examples="""
        interlock workers
        interlock workers --json
    """,
)
@json_option
@pass_caller
def workers(caller: Caller, as_json: bool) -> None:
    """Show which sessions of this account are held, by which process, and whether it is alive.

    It is read from the leases of the sessions, so a worker that has nothing to do is not in it, and
    a session that `interlock run` drives is. One whose holder is not alive is taken by the next
    worker that looks.
    """
    scope = caller.scope.account_wide
    found = sessions.holders(scope)
    if as_json:
        document([_data(one) for one in found])
        return
    if not found:
        say("nobody holds a session of this account; `interlock worker` takes those in queues")
        return
    names = accounts.project_names(scope)
    table(
        COLUMNS,
        [
            (
                one.process,
                "yes" if one.alive else "no",
                one.session_id,
                one.type,
                names.get(one.project_id or "", ""),
                one.step,
                show_time(one.since),
                show_time(one.until),
            )
            for one in found
        ],
    )


def _data(one: sessions.Holder) -> dict[str, Any]:
    return {
        "worker": one.process,
        "alive": one.alive,
        "session_id": one.session_id,
        "type": one.type,
        "project_id": one.project_id,
        "step": one.step,
        "since": None if one.since is None else one.since.isoformat(),
        "lease_until": one.until.isoformat(),
    }
