"""Commands whose help has examples, and groups that import a command when it is used."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

Table = Mapping[str, tuple[str, str]]
"""Name of a command -> `module:attribute`, and what it does in one line."""


class Command(click.Command):
    """A command; `examples` are lines of a shell, shown at the end of its help."""

    def __init__(self, *args: Any, examples: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.context_settings.update(help_option_names=["-h", "--help"], max_content_width=100)
        self.examples = inspect.cleandoc(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        with formatter.section("Examples"):
            for line in self.examples.splitlines():
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class Group(Command, click.Group):
    """Commands by name, in the order of the tables; each is imported when it is used.

    Its help has a heading for each section, or one for the only table.
    """

    def __init__(
        self,
        *args: Any,
        table: Table | None = None,
        sections: Mapping[str, Table] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, invoke_without_command=True, **options)
        self.sections = sections or {"Commands": table or {}}
        self.table = {name: one for table in self.sections.values() for name, one in table.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in order."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now; None when there is none."""
        if cmd_name not in self.table:
            return None
        module, _, attribute = self.table[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write names and summaries; nothing is imported for it."""
        width = max(map(len, self.table))
        for heading, table in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl([(f"{name:{width}}", told) for name, (_, told) in table.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The names that begin so, and the group's own options."""
        names = [
            CompletionItem(name, help=summary)
            for name, (_, summary) in self.table.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names. Raises UsageError, which suggests near names."""
        word = args[0]
        if word not in self.table and not word.startswith("-") and not ctx.resilient_parsing:
            near = get_close_matches(word[:80], self.table, n=2)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"there is no command {word[:80]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
