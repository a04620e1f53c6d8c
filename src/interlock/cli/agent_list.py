"""`interlock agents`: which agents there are, and what their programs are here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from interlock import plugins
from interlock.cli.outlet import document, say, table
from interlock.cli.plugin_lists import plugin_document
from interlock.cli.tree import Command, Group, json_option
from interlock.engine.errors import InterlockError
from interlock.environments.agent_programs import AgentProgram, find_programs

LOGGED_IN = {True: "yes", False: "no", None: "?"}


def load_agents(found: Iterable[plugins.Plugin]) -> dict[str, object]:
    """The agents that can be loaded, by name."""
    agents: dict[str, object] = {}
    for plugin in found:
        try:
            if not plugin.note:
                agents[plugin.name] = plugins.load_agent(plugin.name)
        except InterlockError:
            continue  # `doctor` names it
    return agents


def describe_program(program: AgentProgram) -> str:
    """One line about an agent's program."""
    if program.path is None:
        return f"not installed: {program.advice}"
    told = f"{program.version or '?'} at {program.path}"
    if program.logged_in is None and not program.fault:
        untold = f"whether it is logged in cannot be told: if not, {program.about.login}"
        return "; ".join(filter(None, (told, program.advice, untold)))
    told += ", logged in" if program.logged_in else ""
    return "; ".join(filter(None, (told, program.advice)))


def print_agents(*, as_json: bool) -> None:
    """Print the agents, each with its program."""
    found = plugins.available(plugins.AGENTS)
    programs = {one.name: one for one in find_programs(load_agents(found))}
    if as_json:
        document([_agent_document(one, programs.get(one.name)) for one in found])
        return
    rows = [(one.name, one.source, *_cells(programs.get(one.name))) for one in found]
    table(("name", "source", "version", "logged in", "can", "note"), rows)
    for one in found:
        if one.note:
            say(f"{one.name} of {one.source} is {one.note}")


def _cells(program: AgentProgram | None) -> tuple[str, ...]:
    if program is None:
        return ("", "", "", "")
    can = " ".join(name for name, able in program.about.abilities.items() if able)
    if program.path is None:
        return ("not installed", "", can, program.advice)
    return (program.version or "?", LOGGED_IN[program.logged_in], can, program.advice)


def _agent_document(plugin: plugins.Plugin, program: AgentProgram | None) -> dict[str, Any]:
    about = program.about if program else None
    return {
        **plugin_document(plugin),
        "program": program
        and about
        and {
            "command": about.program,
            "path": program.path,
            "version": program.version,
            "tried": about.tried,
            "logged_in": program.logged_in,
            "install": about.install,
            "login": about.login,
            "abilities": dict(about.abilities),
            "advice": program.advice or None,
        },
    }


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
    """List the agents that --agent can name.

    Each program that is installed is asked for its version and whether it is logged in.
    """
    print_agents(as_json=as_json)


@click.group(
    cls=Group,
    table={
        "list": ("interlock.cli.agent_list:list_agents", "List the agents that --agent can name.")
    },
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
        print_agents(as_json=as_json)
