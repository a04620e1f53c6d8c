"""`interlock types`: which session types there are, and what each declares."""

from __future__ import annotations

from pathlib import Path

import click

from interlock import plugins
from interlock.cli.names import TYPE_NAME, TYPE_OR_FILE
from interlock.cli.outlet import document, say
from interlock.cli.plugin_lists import print_plugins
from interlock.cli.tree import Command, Group, json_option
from interlock.cli.type_pages import print_type, type_document
from interlock.engine import SessionType

PACKAGE = "interlock.cli.types"

COMMANDS = {
    "list": (f"{PACKAGE}:list_", "List the session types there are."),
    "show": (f"{PACKAGE}:show", "Show what a session type declares."),
    "graph": (f"{PACKAGE}:graph", "Draw a session type."),
    "check": (f"{PACKAGE}:check", "Check a session type, or a file that defines some."),
    "new": (f"{PACKAGE}:new", "Write a plugin package with a new session type."),
    "trust": (f"{PACKAGE}:trust", "Let a file's session types be used, as the file is now."),
    "untrust": (f"{PACKAGE}:untrust", "Let a file's session types be used no more."),
}


@click.group(
    cls=Group,
    table=COMMANDS,
    examples="""
        interlock types
        interlock types show mend
        interlock types graph change --format svg > change.svg
    """,
)
@json_option
@click.pass_context
def types(ctx: click.Context, as_json: bool) -> None:
    """Session types: the workflows that sessions are runs of. Alone it lists them."""
    if ctx.invoked_subcommand is None:
        print_plugins(plugins.SESSION_TYPES, as_json=as_json)


@click.command(
    "list",
    cls=Command,
    examples="""
        interlock types list
        interlock types list --json
    """,
)
@json_option
def list_(as_json: bool) -> None:
    """List the session types there are: built-in ones, installed plugins, trusted files.

    None of them is loaded for it. One that cannot be used says why.
    """
    print_plugins(plugins.SESSION_TYPES, as_json=as_json)


@click.command(
    cls=Command,
    examples="""
        interlock types show mend
        interlock types show mend --json
    """,
)
@click.argument("name", metavar="NAME", type=TYPE_NAME)
@json_option
def show(name: str, as_json: bool) -> None:
    """Show what a session type declares: its input, its steps with their limits, its table."""
    kind = plugins.load_type(name)
    if as_json:
        document(type_document(kind))
    else:
        print_type(kind)


@click.command(
    cls=Command,
    examples="""
        interlock types graph mend
        interlock types graph mend --format svg > mend.svg
        interlock types graph mend --format dot | dot -Tpng > mend.png
    """,
)
@click.argument("name", metavar="NAME", type=TYPE_NAME)
@click.option(
    "--format",
    "language",
    type=click.Choice(("mermaid", "dot", "svg")),
    default="mermaid",
    show_default=True,
    help="mermaid and dot are text for those tools; svg is the picture itself.",
)
def graph(name: str, language: str) -> None:
    """Draw a session type: its steps, and which result leads where."""
    from interlock import diagrams, drawing

    definition = plugins.load_type(name).definition
    draw = {"mermaid": diagrams.mermaid, "dot": diagrams.dot, "svg": drawing.svg}[language]
    say(draw(definition).rstrip("\n"))


@click.command(
    cls=Command,
    examples="""
        interlock types check mend
        interlock types check ./my_types.py
    """,
)
@click.argument("what", metavar="NAME|FILE", type=TYPE_OR_FILE)
@json_option
def check(what: str, as_json: bool) -> None:
    """Check a session type by name, or every one that a file defines.

    The file is run for it and is not trusted by it. What is wrong is said with class, row and mend.
    """
    found = _load(what)
    if as_json:
        document([type_document(kind) for kind in found])
        return
    for kind in found:
        steps, rows = len(kind.definition.steps), len(kind.definition.rows)
        say(f"{kind.name}: well defined; {steps} steps, {rows} rows")


def _load(what: str) -> tuple[type[SessionType], ...]:
    if "/" in what or what.endswith(".py") or Path(what).is_file():
        return plugins.check_file(what)
    return (plugins.load_type(what),)


@click.command(
    cls=Command,
    examples="""
        interlock types new spell_check
        interlock types new spell_check --directory ~/plugins
    """,
)
@click.argument("name", metavar="NAME")
@click.option("--directory", metavar="DIR", default=".", help="Where it is put; else here.")
def new(name: str, directory: str) -> None:
    """Write a plugin package with a new session type, its tests and its README.

    It is put into DIR/interlock-NAME, with - for _ in NAME. It installs with pip, passes its own
    tests, and shows up in `interlock types`.
    """
    place = plugins.new_plugin(name, directory)
    say(f"wrote {place}")
    say(f"`pip install -e {place}` makes it a session type; its README goes on from there")


@click.command(
    cls=Command,
    examples="""
        interlock types trust ./my_types.py
    """,
)
@click.argument("file", metavar="FILE", type=click.Path())
def trust(file: str) -> None:
    """Let the session types of a file be used, as long as the file stays as it is now.

    The file runs with all that you may do yourself: read it before. After a change it is refused
    until it is trusted again.
    """
    names = plugins.trust(file)
    say(f"trusted {', '.join(names)} of {file}")


@click.command(
    cls=Command,
    examples="""
        interlock types untrust ./my_types.py
    """,
)
@click.argument("file", metavar="FILE", type=click.Path())
def untrust(file: str) -> None:
    """Let the session types of a file be used no more. The file need not exist."""
    names = plugins.untrust(file)
    say(f"{', '.join(names)} of {file} can no longer be used")
