"""`interlock list`: which sessions there are."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

import click

from interlock import accounts, sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.descriptions import show_time
from interlock.cli.documents import session_document
from interlock.cli.names import TYPE_NAME
from interlock.cli.outlet import document_list, is_terminal, say, table
from interlock.cli.tree import Command, json_option
from interlock.engine import Scope, Session
from interlock.engine.values import STATUSES

ID_LENGTH = 36
TIME_LENGTH = 13
"""Characters of an id that tell its time to the millisecond."""

WIDE = 120
"""Columns of a terminal on which ids are printed in full."""


@click.command(
    "list",
    cls=Command,
    examples="""
        interlock list
        interlock list --status failed --type mend --limit 5
        interlock list --all-projects --json
    """,
)
@click.option(
    "--status",
    metavar="S",
    type=click.Choice(STATUSES),
    multiple=True,
    help=f"One of {', '.join(STATUSES)}. Repeat it for more.",
)
@click.option("--type", metavar="T", type=TYPE_NAME, help="Sessions of this type.")
@click.option("--text", metavar="WORDS", help="Sessions with these words in title or type.")
@click.option("--all-projects", is_flag=True, help="Sessions of every project of the account.")
@click.option("--archived", is_flag=True, help="Archived sessions too.")
@click.option("--limit", metavar="N", default=20, show_default=True, help="How many at most.")
@click.option("--after", metavar="ID", help="Go on after this session, the last of a page.")
@json_option
@pass_caller
def list_(
    caller: Caller,
    status: tuple[str, ...],
    type: str | None,
    text: str | None,
    all_projects: bool,
    archived: bool,
    limit: int,
    after: str | None,
    as_json: bool,
) -> None:
    """List sessions, newest first. The current one is marked with a star.

    A page ends with the line that shows the next one. With --json a list is printed; the id of its
    last session is what --after takes.
    """
    scope = caller.scope.account_wide if all_projects else caller.scope
    page = sessions.find(
        scope,
        status=status,
        type=type,
        text=text,
        archived=archived,
        limit=limit,
        after=after,
    )
    if as_json:
        document_list(map(session_document, page.sessions))
        return
    if not page.sessions:
        where = "this account" if all_projects else f"project {caller.project}"
        say(f"no such session in {where}; `interlock start TYPE` makes one")
        return
    _print(caller.scope, page.sessions, all_projects=all_projects)
    if page.cursor is not None:
        say(f"more: `interlock list --after {page.cursor}` with the same options")


def _print(scope: Scope, found: tuple[Session, ...], *, all_projects: bool) -> None:
    names = accounts.project_names(scope) if all_projects else {}
    current = accounts.current(scope)
    columns = ["", "id", "type", "status", "step", "updated", "title"]
    ids = shown_ids([session.id for session in found])
    rows: list[list[str]] = []
    for session in found:
        rows.append(
            [
                "*" if session.id == current else "",
                ids[session.id],
                session.type,
                session.status,
                session.step,
                show_time(session.updated_at),
                session.title or "",
            ]
        )
        if all_projects:
            rows[-1].insert(2, names.get(session.project_id or "", ""))
    if all_projects:
        columns.insert(2, "project")
    table(columns, rows)


def shown_ids(ids: Sequence[str]) -> dict[str, str]:
    """What each id is printed as: itself, or on a narrow terminal the shortest beginnings that
    tell all of them apart and hold the time they were made."""
    length = ID_LENGTH
    if is_terminal(sys.stdout) and shutil.get_terminal_size().columns < WIDE:
        lengths = range(TIME_LENGTH, ID_LENGTH + 1)
        length = next(n for n in lengths if len({one[:n] for one in ids}) == len(ids))
    return {one: one[:length] for one in ids}
