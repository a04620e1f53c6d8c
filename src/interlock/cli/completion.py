"""`interlock completion`: what a shell needs to complete commands, sessions and types."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from interlock.cli.tree import Command

SHELLS = ("bash", "zsh", "fish")
PROGRAM = "interlock"
VARIABLE = "_INTERLOCK_COMPLETE"
"""Where a shell says what it wants to have completed."""


@click.command(
    cls=Command,
    examples="""
        interlock completion bash >> ~/.bashrc
        interlock completion zsh >> ~/.zshrc
        interlock completion fish > ~/.config/fish/completions/interlock.fish
    """,
)
@click.argument("shell", metavar="SHELL", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what a shell needs to complete commands, options, session ids and type names.

    SHELL is bash, zsh or fish.
    """
    cls = get_completion_class(shell)
    if cls is None:
        raise click.UsageError(f"{shell} cannot be completed; use {', '.join(SHELLS)}")
    root = click.get_current_context().find_root()
    click.echo(cls(root.command, {}, PROGRAM, VARIABLE).source())
