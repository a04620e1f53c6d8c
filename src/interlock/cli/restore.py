"""`interlock db restore`: a backup made the database again, or leases that are void since it is."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from interlock import database
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.outlet import document, is_terminal, say
from interlock.cli.tree import Command, json_option
from interlock.engine.errors import Refused


@click.command(
    cls=Command,
    examples="""
        interlock db restore ~/interlock-backup.db
        interlock db restore ~/interlock-backup.db --yes --json
        interlock db restore --yes
    """,
)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_caller
def restore(caller: Caller, file: Path | None, yes: bool, as_json: bool) -> None:
    """Make a backup the database again: all sessions are as they were then.

    What is there now is copied beside the database first, so nothing is lost. Sessions that are
    being run lose their hold: what their runners write from now on is refused.

    A PostgreSQL database is restored by pg_restore. Without FILE, after that, sessions that were
    being run lose their hold there, too.
    """
    place = database.open_database(caller.settings.database_url)
    if file is not None:
        _restore(Path(place), file.expanduser().absolute(), yes, as_json)
        return
    if not yes and not database.is_file(caller.settings.database_url):
        _ask(f"every hold on a session of {place} would be void", "Make every hold void?")
    count = database.void_leases()
    if as_json:
        document({"path": place, "sessions": count, "aside": None})
        return
    say(f"nobody holds one of the {count} sessions of {place} any more")


def _restore(place: Path, backup: Path, yes: bool, as_json: bool) -> None:
    database.require_file()
    database.require_database(backup)
    if not yes:
        _ask(f"{place} would be replaced by {backup}", f"Replace {place} by {backup}?")
    time = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    aside = place.with_name(f"{place.stem}-before-{time}{place.suffix}")
    count = database.restore(backup, aside)
    if as_json:
        document({"path": str(place), "sessions": count, "aside": str(aside)})
        return
    say(f"{place} is {backup} again, with {count} session{'' if count == 1 else 's'}")
    say(f"what was there before is in {aside}")


def _ask(consequence: str, question: str) -> None:
    if not is_terminal(sys.stdin):
        raise Refused(f"{consequence}; say --yes where nobody can be asked")
    click.confirm(question, abort=True, err=True)
