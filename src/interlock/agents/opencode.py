"""Agent `opencode`.

    opencode [--model PROVIDER/MODEL] [--permission-mode default|auto] [--read-only]
             [--allowed-tools T,T] [--denied-tools T,T] [--max-turns N] [--system TEXT]
             [--mcp JSON] [--env NAME,NAME] [--program PATH] [--idle SECONDS] [--fork]
             [-- ARG ...]

What its configuration asks about is refused; with `auto` it is allowed.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from interlock.agents.conversation import Conversation
from interlock.agents.description import Description
from interlock.agents.driver import EVERYWHERE, Driver, flags, with_system
from interlock.agents.invocation import Invocation
from interlock.agents.opencode_stream import OpenCodeReading
from interlock.agents.options import Settings
from interlock.agents.tools import take_apart

READ_TOOLS = ("read", "grep", "glob", "list")
# By name too: a tool that the user's configuration names would go before `*`.
OTHER_TOOLS = ("edit", "bash", "task", "webfetch", "websearch", "external_directory", "skill")


# It knows one permission for all of its tools that change a file.
EDITORS = ("write", "patch", "multiedit", "apply_patch")


class OpenCode(Driver):
    """opencode, asked with `opencode run`."""

    name = "opencode"
    description = Description(
        program="opencode",
        vendor="opencode",
        install="npm install -g opencode-ai",
        login="run `opencode auth login`, or set the key of your provider and name it with --env",
        tried=("1.18.33", "1.18.33"),
        resume=True,
        fork=True,
        cost=True,
        tool_events=True,
        permissions=True,
    )
    options: ClassVar[tuple[str, ...]] = (
        *EVERYWHERE,
        *("permission_mode", "allowed_tools", "denied_tools", "max_turns", "mcp", "fork"),
    )
    modes = ("default", "auto")
    risky = r"auto|agent|attach|command|port|pure|danger|^--dir"
    readers = frozenset((*READ_TOOLS, "webfetch", "websearch", "todowrite", "todoread", "skill"))
    inherit = (
        *("OPENCODE_*", "ANTHROPIC_*", "OPENAI_*", "GEMINI_API_KEY", "GOOGLE_*", "AWS_*"),
        *("OPENROUTER_API_KEY", "GROQ_API_KEY", "MISTRAL_API_KEY", "XDG_*"),
    )
    reading = OpenCodeReading

    def ask(self, settings: Settings, text: str, conversation: Conversation | None) -> Invocation:
        """The prompt goes to standard input, its instructions before it."""
        config = _config(settings)
        permission = _permission(settings)
        words = flags(
            {"-m": settings.model, "-s": conversation.id if conversation else None},
        )
        words += ("--fork",) if settings.fork and conversation else ()
        words += ("--auto",) if settings.permission_mode == "auto" else ()
        words += ("--pure",) if settings.read_only else ()
        # Only its log tells of a server that did not start.
        words += ("--print-logs", "--log-level", "WARN") if settings.mcp else ()
        return Invocation(
            ("opencode", "run", "--format", "json", *settings.arguments, *words),
            stdin=with_system(text, settings.system),
            env={
                **({"OPENCODE_PERMISSION": json.dumps(permission)} if permission else {}),
                **({"OPENCODE_CONFIG": "{files}/opencode.json"} if config else {}),
                # The repository's own configuration could allow its agent anything.
                **({"OPENCODE_DISABLE_PROJECT_CONFIG": "1"} if settings.read_only else {}),
            },
            defaults={"OPENCODE_DISABLE_AUTOUPDATE": "1"},
            files={"opencode.json": json.dumps(config)} if config else {},
        )


def _config(settings: Settings) -> dict[str, Any]:
    """What it knows only from a configuration."""
    config: dict[str, Any] = {}
    if settings.mcp:
        config["mcp"] = {
            name: {
                "type": "local",
                "command": [server["command"], *server.get("args", [])],
                "environment": dict(server.get("env", {})),
                "enabled": True,
            }
            for name, server in settings.mcp.items()
        }
    if settings.max_turns:
        config["agent"] = {"build": {"steps": settings.max_turns}}
    return config


def _permission(settings: Settings) -> dict[str, Any]:
    """What may be done, tool by tool; a pattern in brackets is one of a tool's own."""
    permission: dict[str, Any] = {}
    if settings.read_only:
        servers = tuple(f"{server}_*" for server in settings.mcp)
        permission = dict.fromkeys(("*", *OTHER_TOOLS), "deny")
        permission |= dict.fromkeys((*READ_TOOLS, *servers), "allow")
    for decision, tools in (("allow", settings.allowed_tools), ("deny", settings.denied_tools)):
        for tool in tools:
            name, pattern = take_apart(tool)
            name = "edit" if name in EDITORS else name
            if pattern is None:
                permission[name] = decision
            else:
                known = permission.get(name)
                base = known if isinstance(known, dict) else {"*": known or "ask"}
                permission[name] = {**base, pattern: decision}
    return permission
