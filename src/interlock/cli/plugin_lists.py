"""`interlock environments`, and how the plugins of any group are listed."""

from __future__ import annotations

from typing import Any

import click

from interlock import plugins
from interlock.cli.outlet import document, say, table
from interlock.cli.tree import Command, Group, json_option

PACKAGE = "interlock.cli.plugin_lists"


def print_plugins(group: str, *, as_json: bool) -> None:
    """Print the plugins of a group; none of them is loaded for it."""
    found = plugins.available(group)
    if as_json:
        document([plugin_document(one) for one in found])
        return
    rows = [(one.name, one.source, plugins.summary(one)) for one in found]
    table(("name", "source", "what it is for"), rows)
    for one in found:
        if one.note:
            say(f"{one.name} of {one.source} is {one.note}")


def plugin_document(plugin: plugins.Plugin) -> dict[str, Any]:
    """A plugin as JSON."""
    return {
        "name": plugin.name,
        "source": plugin.source,
        "target": plugin.target,
        "summary": plugins.summary(plugin),
        "note": plugin.note or None,
    }


@click.command(
    "list",
    cls=Command,
    examples="""
        interlock environments list
        interlock environments list --json
    """,
)
@json_option
def list_environments(as_json: bool) -> None:
    """List the environments that --environment can name."""
    print_plugins(plugins.ENVIRONMENTS, as_json=as_json)


@click.group(
    cls=Group,
    table={
        "list": (f"{PACKAGE}:list_environments", "List the environments --environment can name.")
    },
    examples="""
        interlock environments
        interlock start chat --environment local
    """,
)
@json_option
@click.pass_context
def environments(ctx: click.Context, as_json: bool) -> None:
    """Where a session's commands can run."""
    if ctx.invoked_subcommand is None:
        print_plugins(plugins.ENVIRONMENTS, as_json=as_json)
