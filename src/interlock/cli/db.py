"""`interlock db`: looking after the database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from interlock import database, plugins, sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.outlet import document, is_terminal, say, table
from interlock.cli.tree import Command, Group, json_option
from interlock.engine import Scope
from interlock.engine.errors import InterlockError, TypeUnusable

PACKAGE = "interlock.cli.db"
LARGEST = 10

COMMANDS = {
    "init": ("interlock.cli.roles:init", "Make it; with --roles it keeps accounts apart itself."),
    "migrate": (f"{PACKAGE}:migrate", "Bring the database up to date."),
    "check": (f"{PACKAGE}:check", "Check the database, and every session against its log."),
    "stats": (f"{PACKAGE}:stats", "Count what is in it, and what is large."),
    "backup": (f"{PACKAGE}:backup", "Copy it to a new file, also while it is in use."),
    "restore": ("interlock.cli.restore:restore", "Make a backup the database again."),
    "move": ("interlock.cli.move:move", "Carry it to another database, and prove it."),
}


@click.group(
    cls=Group,
    table=COMMANDS,
    examples="""
        interlock db stats
        interlock db backup ~/interlock-backup.db
    """,
)
@click.pass_context
def db(ctx: click.Context) -> None:
    """The database with every session of every project: one SQLite file, or a database of a
    PostgreSQL server.

    The file is in the data directory (INTERLOCK_DATA_DIR), unless INTERLOCK_DATABASE_URL names
    another place, such as postgresql://user@host/database.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@click.command(
    cls=Command,
    examples="""
        interlock db migrate
    """,
)
@json_option
@pass_caller
def migrate(caller: Caller, as_json: bool) -> None:
    """Bring the database up to date. Every command does that too before it uses it."""
    missing = database.pending(caller.settings.database_url)
    place = database.open_database(caller.settings.database_url)
    if as_json:
        document({"path": place, "applied": missing})
        return
    for name in missing:
        say(f"applied {name}")
    say(f"{place} is up to date")


@click.command(
    cls=Command,
    examples="""
        interlock db check
        interlock db check --json
    """,
)
@json_option
@pass_caller
def check(caller: Caller, as_json: bool) -> int:
    """Check pages, indexes and keys, then every session against the replay of its log,
    and the sums of what was used against the log too.

    A session whose type is not there, or has another definition now, cannot be replayed; it is
    counted and is no fault. Exit status 1 when there is a fault.
    """
    place = database.open_database(caller.settings.database_url)
    found = {"file": database.faults(), "sessions": [], "skipped": []}
    total = database.count_sessions()
    for number, (scope, session_id) in enumerate(database.every_session(), 1):
        _show_progress(number, total)
        kind, said = check_session(scope, session_id)
        found[kind] += said
        found["sessions"] += _check_usage(scope, session_id)
    sound = not found["file"] and not found["sessions"]
    if as_json:
        document({"path": place, "sound": sound, "sessions_checked": total} | {
            "faults": found["file"] + found["sessions"], "skipped": found["skipped"]
        })  # fmt: skip
        return 0 if sound else 1
    for line in (*found["file"], *found["sessions"]):
        say(line)
    for line in found["skipped"]:
        say(f"not replayed: {line}")
    state = "sound" if sound else "NOT sound: restore a backup, or report it with these lines"
    checked = f"{total} session{'' if total == 1 else 's'} checked"
    say(f"{place}: {checked}, {len(found['skipped'])} not replayed; {state}")
    return 0 if sound else 1


def check_session(scope: Scope, session_id: str) -> tuple[str, list[str]]:
    """`sessions` and what is wrong with one, or `skipped` and why it cannot be replayed."""
    try:
        said = [f"session {session_id}: {line}" for line in sessions.check(scope, session_id)]
        if not said or not _has_changed(scope, session_id):
            return "sessions", said
    except TypeUnusable as error:
        return "skipped", [f"session {session_id}: {error}"]
    except InterlockError as error:
        if not _has_changed(scope, session_id):
            return "sessions", [f"session {session_id}: {error}"]
    return "skipped", [f"session {session_id}: its type has another definition now"]


def _check_usage(scope: Scope, session_id: str) -> list[str]:
    try:
        said = sessions.check_usage(scope, session_id)
    except InterlockError as error:
        said = [f"its usage cannot be checked: {error}"]
    return [f"session {session_id}: {line}" for line in said]


def _has_changed(scope: Scope, session_id: str) -> bool:
    session = sessions.get(scope, session_id)
    return plugins.load_type(session.type).definition.digest != session.type_digest


def _show_progress(number: int, total: int) -> None:
    if is_terminal(sys.stderr) and (number % 50 == 0 or number == total):
        end = "\n" if number == total else ""
        click.echo(f"\rreplaying sessions: {number} of {total}{end}", nl=False, err=True)


@click.command(
    cls=Command,
    examples="""
        interlock db stats
        interlock db stats --json
    """,
)
@json_option
@pass_caller
def stats(caller: Caller, as_json: bool) -> None:
    """Count rows and bytes of every table, and show the account's largest sessions."""
    scope = caller.scope.account_wide
    tables = database.table_sizes(scope)
    largest = database.largest_sessions(scope, LARGEST)
    place = database.place_of(caller.settings.database_url)
    size = database.size()
    if as_json:
        document(
            {
                "path": place,
                "bytes": size,
                "tables": [_members(one) for one in tables],
                "largest_sessions": [_members(one) for one in largest],
            }
        )
        return
    say(f"{place}, {size:,} bytes")
    table(
        ("table", "rows", "bytes"),
        [(one.name, f"{one.rows:,}", f"{one.bytes:,}") for one in tables],
    )
    if largest:
        say(f"the largest sessions of account {caller.account}:")
        table(
            ("id", "type", "interactions", "events", "bytes of text"),
            [
                (one.id, one.type, f"{one.interactions:,}", f"{one.events:,}", f"{one.bytes:,}")
                for one in largest
            ],
        )


def _members(value: Any) -> dict[str, Any]:
    from attrs import asdict

    return asdict(value)


@click.command(
    cls=Command,
    examples="""
        interlock db backup ~/interlock-backup.db
        INTERLOCK_DATABASE_URL=sqlite:////home/me/interlock-backup.db interlock list
    """,
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@json_option
@pass_caller
def backup(caller: Caller, file: Path, as_json: bool) -> None:
    """Copy the database to a new file as it is at one moment, also while it is in use.

    A file that exists is never overwritten. INTERLOCK_DATABASE_URL makes a backup the database.
    """
    database.open_database(caller.settings.database_url)
    target = file.expanduser().absolute()
    size = database.back_up(target)
    if as_json:
        document({"path": str(target), "bytes": size})
    else:
        say(f"wrote {target}, {size:,} bytes")
