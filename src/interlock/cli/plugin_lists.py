"""`interlock agents` and `interlock environments`: which plugins there are."""

from __future__ import annotations

import click

from interlock import plugins
from interlock.cli.outlet import document, say, table
from interlock.cli.tree import Command, Group, json_option

PACKAGE = "interlock.cli.plugin_lists"


def print_plugins(group: str, *, as_json: bool) -> None:
    """Print the plugins of a group; none of them is loaded for it."""
    found = plugins.available(group)
    if as_json:
        document(
            [
                {
                    "name": one.name,
                    "source": one.source,
                    "target": one.target,
                    "note": one.note or None,
                }
                for one in found
            ]
        )
        return
    table(("name", "source", "target"), [(one.name, one.source, one.target) for one in found])
    for one in found:
        if one.note:
            say(f"{one.name} of {one.source} is {one.note}")


@click.command(
    "list",
    cls=Command,
    examples="""
        interlock agents list
        interlock agents list --json
    """,
)
@json_option
def list_agents(as_json: bool) -> None:
    """List the agents that --agent can name."""
    print_plugins(plugins.AGENTS, as_json=as_json)


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
    table={"list": (f"{PACKAGE}:list_agents", "List the agents that --agent can name.")},
    examples="""
        interlock agents
        interlock start mend -i check=make --agent "program ./mend.sh"
    """,
)
@json_option
@click.pass_context
def agents(ctx: click.Context, as_json: bool) -> None:
    """The agents that can be used: a session names one with its options, as in
    "program ruff check --fix ."."""
    if ctx.invoked_subcommand is None:
        print_plugins(plugins.AGENTS, as_json=as_json)


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
