"""`interlock verify`: whether a session is as it was written."""

from __future__ import annotations

from collections.abc import Iterator

import click

from interlock import sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.names import id_argument
from interlock.cli.outlet import document, say
from interlock.cli.tree import Command, json_option
from interlock.engine import Scope


@click.command(
    cls=Command,
    examples="""
        interlock verify 019ac3
        interlock verify --all
        interlock verify --all --json
    """,
)
@id_argument
@click.option("--all", "every", is_flag=True, help="Every session of the account.")
@json_option
@pass_caller
def verify(caller: Caller, session_id: str | None, every: bool, as_json: bool) -> int:
    """Show that a session is as it was written: nothing changed, left out or put in.

    Each row of a log is chained to the one before it by a digest. Digests, payloads kept apart, the
    replay of the log and the sums of what was used are made anew and compared, and the first row
    that does not fit is named. Exit status 1 when something does not.
    """
    if every and session_id is not None:
        raise click.UsageError("give an ID or --all, not both", click.get_current_context())
    found = _every(caller.scope.account_wide) if every else iter([caller.locate(session_id)])
    count, faults = 0, {}
    for scope, one in found:
        count += 1
        if said := sessions.verify(scope, one):
            faults[one] = said
    if as_json:
        document({"sound": not faults, "sessions_verified": count, "faults": faults})
        return 1 if faults else 0
    for one, lines in faults.items():
        for line in lines:
            say(f"session {one}: {line}")
    noun = "session is" if count == 1 else "sessions are"
    say(f"{len(faults)} of {count} NOT as written" if faults else f"{count} {noun} as written")
    return 1 if faults else 0


def _every(scope: Scope) -> Iterator[tuple[Scope, str]]:
    after = None
    while True:
        page = sessions.find(scope, archived=True, limit=200, after=after)
        yield from ((scope, session.id) for session in page.sessions)
        after = page.cursor
        if after is None:
            return
