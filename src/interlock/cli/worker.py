"""`interlock worker`: carry on the sessions that were handed over to workers."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import click

from interlock import database, plugins
from interlock.cli.caller import Caller
from interlock.cli.descriptions import describe_command
from interlock.cli.interrupts import SIGNALS
from interlock.cli.names import TYPE_NAME
from interlock.cli.outlet import say, word
from interlock.cli.standing import say_where
from interlock.cli.tree import Command
from interlock.engine import Interaction, Result, Session
from interlock.environments.process_tree import end_abandoned
from interlock.environments.supervisor import hide_memory
from interlock.sessions import Emit
from interlock.sessions.attempts import Note, execute
from interlock.sessions.fairness import Caps
from interlock.sessions.worker import GRACE_SECONDS, Until, Worker

MOST_BY_DEFAULT = 4
WIDE = 160


@click.command(
    cls=Command,
    examples="""
        interlock worker
        interlock worker --concurrency 2 --type change --queue nightly
        interlock worker --limit account=4 --limit project=2 --limit type:change=1
        interlock worker --drain
    """,
)
@click.option(
    "--concurrency",
    metavar="N",
    type=click.IntRange(1, 100),
    help=f"How many sessions at once; else one for each processor, at most {MOST_BY_DEFAULT}.",
)
@click.option(
    "--type",
    "types",
    metavar="T",
    type=TYPE_NAME,
    multiple=True,
    help="Only sessions of this type. Repeat it for more.",
)
@click.option(
    "--queue", "queues", metavar="Q", multiple=True, help="Only this queue. Repeat it for more."
)
@click.option(
    "--limit",
    "limits",
    metavar="WHAT=N",
    multiple=True,
    envvar="INTERLOCK_LIMITS",
    help="How many run at once in each account, project or type, by all workers together: "
    "account=4, project=2, type=3, type:change=1. Repeat it for more; else INTERLOCK_LIMITS.",
)
@click.option(
    "--grace",
    metavar="SECONDS",
    type=click.FloatRange(0, 86_400),
    default=GRACE_SECONDS,
    show_default=True,
    help="How long commands may run on after SIGTERM or Ctrl-C.",
)
@click.option("--drain", "until", flag_value="drained", help="End when nothing is ready any more.")
@click.option("--once", "until", flag_value="one", help="Take one session that is ready, then end.")
@click.option("-v", "--verbose", is_flag=True, help="Print commands and their output too.")
@click.pass_context
def worker(
    ctx: click.Context,
    concurrency: int | None,
    types: tuple[str, ...],
    queues: tuple[str, ...],
    limits: tuple[str, ...],
    grace: float,
    until: Until | None,
    verbose: bool,
) -> None:
    """Carry on the sessions that were handed over with `start --queue` or `queue`.

    It serves all accounts of the database, each session in its own scope, and any number of workers
    may run. A session that waits for a person, a time or its children takes no place; whichever
    worker is free takes it up when it goes on.

    After SIGTERM or Ctrl-C no session is taken any more, and it ends with status 0 when the
    commands that run have ended; those that take longer than --grace are stopped. A second signal
    stops them at once. What became of a command that was stopped is unknown: the next claim settles
    it by the step's own policy.
    """
    for name in types:
        plugins.load_type(name)  # one that is not there would be waited for in vain
    caps = Caps.of(limits)
    number = concurrency or min(os.cpu_count() or 1, MOST_BY_DEFAULT)
    place = database.open_database(ctx.ensure_object(Caller).settings.database_url)
    hide_memory()
    end_abandoned()
    account = Account(verbose=verbose)
    working = Worker(
        account.perform,
        account.tell,
        concurrency=number,
        types=types,
        queues=queues,
        caps=caps,
        grace=grace,
    )
    account.print(f"working on {place} with {number} at once; Ctrl-C ends it")
    caught = [one for one in SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]
    before = {one: signal.signal(one, lambda *_: working.stop()) for one in caught}
    try:
        working.run(until or "stopped")
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


class Account:
    """Prints what a worker does, from any thread, as long as somebody can read it."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._lock = threading.Lock()

    def print(self, line: str) -> None:
        """Print a line."""
        with self._lock, suppress(OSError):
            say(line)

    def tell(self, note: Note) -> None:
        """Print what became of a session."""
        session, candidate = note.session, note.candidate
        if candidate is None:
            self.print(word(note.why, 500))
            return
        name = f"{candidate.type} {candidate.id}"
        match note.kind:
            case "began" if session is not None:
                self.print(f"{name} begins at step {session.step}")
            case "ended" | "waits" if session is not None:
                with self._lock, suppress(OSError):
                    say_where(session)
            case "left" if session is not None:
                self.print(f"{name} is given back at step {session.step}")
            case "stopped":
                why = note.why or "its command was stopped"
                self.print(f"{name} is given back: {word(why, 500)}")
            case "skipped":
                self.print(f"{name} is skipped: {word(note.why, 500)}")
            case _:
                self.print(f"{name}: {word(note.why, 500)}")

    def perform(
        self,
        session: Session,
        interaction: Interaction,
        *,
        emit: Emit,
        stop: threading.Event,
    ) -> Result:
        """What came back of a command; it is told of where that is wanted."""
        if not self._verbose:
            return execute(session, interaction, emit=emit, stop=stop)
        name = f"{session.id} #{interaction.seq} {interaction.step}"
        self.print(word(f"{name}: {describe_command(interaction.command)}", WIDE))

        def tee(type: str, data: Mapping[str, Any]) -> None:
            emit(type, data)
            text = data.get("text")
            for line in text.splitlines() if isinstance(text, str) else ():
                self.print(word(f"{name}: {line}", WIDE))

        return execute(session, interaction, emit=tee, stop=stop)
