"""`interlock db move`: all that is kept carried to another database."""

from __future__ import annotations

import sys

import click

from interlock import database
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.outlet import document, is_terminal, say, table
from interlock.cli.tree import Command, json_option

STEP = 1000
"""Rows after which a terminal is told of it."""


@click.command(
    cls=Command,
    examples="""
        interlock db move postgresql://me@localhost/interlock
        interlock db move sqlite:////home/me/interlock.db --json
    """,
)
@click.argument("url", metavar="URL")
@json_option
@pass_caller
def move(caller: Caller, url: str, as_json: bool) -> int:
    """Carry every session of every account to the empty database at URL, and prove that it is the
    same there.

    Every row is read back from both databases and compared, and every log is checked by its chain.
    What does not fit is told, and nothing is kept there. The database in use is only read, and
    nobody can write to it meanwhile: stop workers and runs first. Whoever still holds a session
    can write nothing to the new database.

    Keep a password out of URL, which other users of this machine may see: PGPASSWORD or ~/.pgpass
    has it. Exit status 1 when a session's log was not as it was written before it was carried.
    """
    database.open_database(caller.settings.database_url)
    done = database.move(url, _show_progress)
    if as_json:
        document(
            {
                "from": done.source,
                "to": done.target,
                "sessions": done.sessions,
                "tables": [
                    {"name": one.name, "rows": one.rows, "sha256": one.sha256}
                    for one in done.tables
                ],
                "faults": list(done.faults),
            }
        )
        return 1 if done.faults else 0
    table(
        ("table", "rows", "sha-256 on both sides"),
        [(one.name, f"{one.rows:,}", one.sha256) for one in done.tables],
    )
    for line in done.faults:
        say(f"carried as it is, but not as it was written: {line}")
    sessions = f"{done.sessions:,} session{' is' if done.sessions == 1 else 's are'}"
    say(f"{sessions} in {done.target} now, the same in every value as in {done.source}")
    say("set INTERLOCK_DATABASE_URL to the URL you gave wherever Interlock runs")
    return 1 if done.faults else 0


def _show_progress(what: str, number: int, total: int) -> None:
    if is_terminal(sys.stderr) and (number % STEP == 0 or number == total):
        end = "\n" if number == total else ""
        click.echo(f"\r{number:,} of {total:,} rows {what}{end}", nl=False, err=True)
