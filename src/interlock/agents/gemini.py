"""Agent `gemini`: Google's Gemini CLI.

    gemini [--model M] [--permission-mode MODE] [--read-only] [--allowed-tools T,T]
           [--denied-tools T,T] [--max-turns N] [--system TEXT] [--mcp JSON] [--env NAME,NAME]
           [--program PATH] [--idle SECONDS] [-- ARG ...]

MODE is default, auto_edit (the default: it may edit files), yolo or plan. The user's own settings
go before --max-turns and --mcp.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import ClassVar

from interlock.agents.conversation import Conversation
from interlock.agents.description import Description
from interlock.agents.driver import EVERYWHERE, Driver, flags, with_system
from interlock.agents.gemini_stream import GeminiReading
from interlock.agents.invocation import Invocation
from interlock.agents.options import Settings
from interlock.agents.tools import take_apart

READ_TOOLS = (
    *("read_file", "read_many_files", "list_directory", "glob", "grep_search"),
    *("search_file_content", "google_web_search", "update_topic"),
)


class Gemini(Driver):
    """Gemini CLI, asked with its prompt on standard input."""

    name = "gemini"
    description = Description(
        program="gemini",
        vendor="Google",
        install="npm install -g @google/gemini-cli",
        login="run `gemini` and log in, or set GEMINI_API_KEY",
        tried=("0.61.0", "0.61.0"),
        keys=("GEMINI_API_KEY",),
        resume=True,
        tool_events=True,
        permissions=True,
    )
    options: ClassVar[tuple[str, ...]] = (
        *EVERYWHERE,
        *("permission_mode", "allowed_tools", "denied_tools", "max_turns", "mcp"),
    )
    modes = ("default", "auto_edit", "yolo", "plan")
    risky = r"yolo|^-y|approval|policy|allowed|extension|^-e|mcp|acp|worktree|^-w"
    readers = frozenset((*READ_TOOLS, "web_fetch", "save_memory", "enter_plan_mode"))
    inherit = (
        *("GEMINI_*", "GOOGLE_*", "CLOUDSDK_*"),
        *("CODE_ASSIST_ENDPOINT", "NO_BROWSER"),
    )
    reading = GeminiReading

    def ask(self, settings: Settings, text: str, conversation: Conversation | None) -> Invocation:
        """The prompt goes to standard input, its instructions before it. Which tools it may use
        is written as a policy, which stands over the settings of the user and the repository."""
        mode = "default" if settings.read_only else settings.permission_mode or "auto_edit"
        files = {}
        if rules := "".join(_rules(settings)):
            files["tools.toml"] = rules
        defaults = {
            "mcpServers": settings.mcp,
            "model": {"maxSessionTurns": settings.max_turns} if settings.max_turns else {},
        }
        if any(defaults.values()):
            files["settings.json"] = json.dumps(defaults)
        words = flags(
            {
                "-m": settings.model,
                "-r": conversation.id if conversation else None,
                "--admin-policy": "{files}/tools.toml" if rules else None,
                "--approval-mode": mode,
            }
        )
        where = {"GEMINI_CLI_SYSTEM_DEFAULTS_PATH": "{files}/settings.json"}
        return Invocation(
            ("gemini", "-o", "stream-json", *settings.arguments, *words),
            stdin=with_system(text, settings.system),
            env=where if "settings.json" in files else {},
            defaults={
                # It starts itself once more as a child, and then no signal reaches it.
                "GEMINI_CLI_NO_RELAUNCH": "true",
                # Without it, it refuses to work in a directory that no person has confirmed.
                "GEMINI_CLI_TRUST_WORKSPACE": "true",
            },
            files=files,
        )


def _rules(settings: Settings) -> Iterator[str]:
    """Each tool that is allowed or denied as a rule of its policy; denial goes first."""
    for tool in settings.denied_tools:
        yield _rule("deny", 970, tool)
    servers = tuple(f"mcp_{server}_*" for server in settings.mcp)
    if settings.read_only:
        yield _rule("deny", 900, "*")
        for tool in (*READ_TOOLS, *servers):
            yield _rule("allow", 950, tool)
        return
    for tool in (*settings.allowed_tools, *servers):
        yield _rule("allow", 950, tool)


def _rule(decision: str, priority: int, tool: str) -> str:
    name, pattern = take_apart(tool) if tool != "*" else ("*", None)
    lines = [f"toolName = {json.dumps(name)}"]
    if pattern is not None:
        lines.append(f"commandPrefix = {json.dumps(pattern.removesuffix('*').rstrip(' :'))}")
    lines += [f'decision = "{decision}"', f"priority = {priority}"]
    return "\n".join(("[[rule]]", *lines, "", ""))
