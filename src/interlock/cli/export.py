"""`interlock export`: a session and its log as one document."""

from __future__ import annotations

import click

from interlock import plugins, sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.names import EXPORTER_NAME, id_argument
from interlock.cli.outlet import say
from interlock.cli.tree import Command
from interlock.engine.errors import InterlockError, PluginUnusable


@click.command(
    cls=Command,
    examples="""
        interlock export > session.md
        interlock export 019ac3 --format json > session.json
    """,
)
@id_argument
@click.option(
    "--format", "name", metavar="F", type=EXPORTER_NAME, default="markdown", show_default=True,
    help="markdown, json, or an installed exporter.",
)  # fmt: skip
@pass_caller
def export(caller: Caller, session_id: str | None, name: str) -> None:
    """Write a session and its log as one document."""
    exporter = plugins.load_exporter(name)
    scope, found = caller.locate(session_id)
    session = sessions.get(scope, found)
    try:
        text = exporter(session, sessions.history(scope, found))
    except InterlockError:
        raise
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        raise PluginUnusable(f"exporter {name} raised {told}; use another --format") from error
    say(str(text).rstrip("\n"))
