"""The tools that an agent may use, as a person writes them: `Edit,Bash(git *)`."""

from __future__ import annotations

import re

from interlock.engine.errors import InvalidInput

TOOL = re.compile(r"([A-Za-z_][A-Za-z0-9_.:*-]*)(?:\(([^()\n]*)\))?")


def split_tools(name: str, written: str) -> tuple[str, ...]:
    """Each tool in a list with commas between them; commas in brackets stay. Raises InvalidInput
    for what is no tool's name, with or without a pattern in brackets."""
    tools = tuple(tool.strip() for tool in re.split(r",(?![^(]*\))", written))
    for tool in tools:
        if not TOOL.fullmatch(tool):
            raise InvalidInput(f"{name} is tools, as in Edit,Bash(git *), not {tool!r}")
    return tools


def take_apart(tool: str) -> tuple[str, str | None]:
    """A tool's name, and the pattern in its brackets; None without brackets."""
    found = TOOL.fullmatch(tool)
    return (found[1], found[2]) if found else (tool, None)
