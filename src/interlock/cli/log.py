"""`interlock log`: every command of a session, and what came back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import click

from interlock import sessions
from interlock.cli.amounts import show_cost
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.documents import event_document, interaction_document
from interlock.cli.names import id_argument
from interlock.cli.outlet import document_list, json_text, say
from interlock.cli.raw import print_raw
from interlock.cli.timeline import print_end, print_event, print_head, print_row
from interlock.cli.tree import Command, json_option
from interlock.engine import Interaction, Scope

POLL_SECONDS = 0.5


@click.command(
    cls=Command,
    examples="""
        interlock log
        interlock log 019ac3 --step check --full
        interlock log --follow
        interlock log --full --json > recorded.json
        interlock log --raw 3 > printed.bin
    """,
)
@id_argument
@click.option("--step", metavar="S", help="Only the rows of this step.")
@click.option("--full", is_flag=True, help="All of every command and output.")
@click.option("--follow", is_flag=True, help="Go on with what happens, until the session ends.")
@click.option("--raw", metavar="N", type=int, help="The very bytes that row N printed.")
@json_option
@pass_caller
def log(
    caller: Caller,
    session_id: str | None,
    step: str | None,
    full: bool,
    follow: bool,
    raw: int | None,
    as_json: bool,
) -> None:
    """Show every command of a session and what came back, in order.

    A row has its number, step, attempt, status and duration, what the agent used, and the first
    lines of command and output; --full has all of both. --follow also shows what another process
    does, as it happens. With --json a list of interactions is printed, always in full; together
    with --follow one line for each interaction when it opens and when it closes, and for each
    event.
    """
    scope, found = caller.locate(session_id)
    if raw is not None:
        print_raw(scope, found, raw)
        return
    if follow:
        for item in Follower(scope, found, step).items():
            _print_item(item, full=full, as_json=as_json)
        return
    rows = sessions.history(scope, found, step=step)
    if as_json:
        document_list(map(interaction_document, rows))
        return
    none = True
    used = _used(scope, found)
    for row in rows:
        print_row(row, full=full, used=used.get(row.seq, ""))
        none = False
        if full:
            _print_notes(scope, row)
    if none:
        say("nothing yet; `interlock run` begins" if step is None else f"no row of step {step}")


def _used(scope: Scope, session_id: str) -> dict[Any, str]:
    """What each row used, in words, by its number."""
    found = sessions.costs(scope, ("row",), session=session_id, below=False)
    return {cost.key["row"]: f"{cost.total_tokens:,} tokens, {show_cost(cost)}" for cost in found}


def _print_notes(scope: Scope, row: Interaction) -> None:
    """What happened inside a row besides output, such as a result that came too late."""
    for event in sessions.events(scope, row.session_id, interaction=row.id):
        if event.type != "output":
            print_event(event, full=True)


Item = tuple[str, Interaction | sessions.Event]
"""`row`: one that was there before. `opened`, `event`, `closed`: what happens while it follows."""


class Follower:
    """A session's log as it grows, read from the database, whoever writes it."""

    def __init__(self, scope: Scope, session_id: str, step: str | None) -> None:
        self.scope = scope
        self.session_id = session_id
        self.step = step
        self.closed = 0
        self.opened = 0
        self.event = 0
        self.live = False

    def items(self) -> Iterator[Item]:
        """What there is, then what comes; it ends when the session has ended."""
        while True:
            active = sessions.get(self.scope, self.session_id).active
            yield from self._news()
            if not active:
                return
            self.live = True
            time.sleep(POLL_SECONDS)

    def _news(self) -> Iterator[Item]:
        for row in sessions.history(self.scope, self.session_id, step=self.step, after=self.closed):
            if row.status != "open" and not self.live:
                yield "row", row
            else:
                yield from self._live(row)
            if row.status != "open":
                self.closed = row.seq

    def _live(self, row: Interaction) -> Iterator[Item]:
        if row.seq > self.opened:
            self.opened, self.event = row.seq, 0
            yield "opened", row
        for event in sessions.events(
            self.scope, self.session_id, interaction=row.id, after=self.event
        ):
            self.event = event.id
            yield "event", event
        if row.status != "open":
            yield "closed", row


def _print_item(item: Item, *, full: bool, as_json: bool) -> None:
    what, value = item
    if isinstance(value, Interaction):
        if as_json:
            say(json_text({"interaction": interaction_document(value)}, indent=None))
        elif what == "row":
            print_row(value, full=full)
        elif what == "opened":
            print_head(value, full=full)
        else:
            print_end(value)
    elif as_json:
        say(json_text({"event": event_document(value)}, indent=None))
    else:
        print_event(value, full=full)
