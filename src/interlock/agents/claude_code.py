"""Agent `claude-code`: Anthropic's Claude Code.

    claude-code [--model M] [--permission-mode MODE] [--read-only] [--allowed-tools T,T]
                [--denied-tools T,T] [--max-turns N] [--system TEXT] [--mcp JSON] [--env NAME,NAME]
                [--program PATH] [--idle SECONDS] [--ask] [--fork] [-- ARG ...]

It may edit files in the work directory unless a permission mode is named. With `--ask` it is given
its tool that asks the user, and its question is put to a person.
"""

from __future__ import annotations

import json
import shlex
from typing import ClassVar

from interlock.agents.claude_stream import QUESTIONS, ClaudeReading
from interlock.agents.conversation import Conversation
from interlock.agents.description import Description
from interlock.agents.driver import EVERYWHERE, LONGEST_ARGUMENT, Driver, flags, with_system
from interlock.agents.invocation import Invocation
from interlock.agents.options import Settings

READ_TOOLS = ("Read", "Glob", "Grep")
ANSWER_LATER = {
    "continue": False,
    "stopReason": "a person answers",
    "hookSpecificOutput": {
        "hookEventName": "PreToolUse",
        "permissionDecision": "deny",
        "permissionDecisionReason": "A person will answer this later. End your turn now.",
    },
}
ASKING = {
    "hooks": {
        "PreToolUse": [
            {
                "matcher": "|".join(QUESTIONS),
                "hooks": [
                    {
                        "type": "command",
                        "command": f"printf %s {shlex.quote(json.dumps(ANSWER_LATER))}",
                    }
                ],
            }
        ]
    }
}
"""Settings with which a question ends its turn: the answer comes with the next one."""


class ClaudeCode(Driver):
    """Claude Code, asked with `claude -p`."""

    name = "claude-code"
    description = Description(
        program="claude",
        vendor="Anthropic",
        install="npm install -g @anthropic-ai/claude-code",
        login="run `claude` and log in, or set ANTHROPIC_API_KEY",
        tried=("2.1.197", "2.1.329"),
        login_check=("auth", "status"),
        keys=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"),
        resume=True,
        fork=True,
        cost=True,
        tool_events=True,
        permissions=True,
    )
    options: ClassVar[tuple[str, ...]] = (
        *EVERYWHERE,
        *("permission_mode", "allowed_tools", "denied_tools", "max_turns", "mcp", "ask", "fork"),
    )
    risky = r"permission|tools|mcp|setting|add-dir|plugin|agent|bare|worktree|system-prompt"
    readers = frozenset(
        (
            *(*READ_TOOLS, "LS", "NotebookRead", "WebFetch", "WebSearch", "ToolSearch"),
            *("TodoWrite", "TaskCreate", "TaskGet", "TaskList", "TaskUpdate", "TaskOutput"),
        )
    )
    inherit = (
        "ANTHROPIC_*",
        "CLAUDE_CONFIG_DIR",
        "CLAUDE_CODE_OAUTH_TOKEN*",
        "CLAUDE_CODE_USE_*",
        "CLAUDE_CODE_SKIP_*",
        "CLAUDE_CODE_MAX_*",
        "CLAUDE_CODE_DISABLE_*",
        *("API_TIMEOUT_MS", "MAX_THINKING_TOKENS", "DISABLE_TELEMETRY", "IS_SANDBOX"),
        *("AWS_*", "GOOGLE_APPLICATION_CREDENTIALS", "CLOUD_ML_REGION", "VERTEX_REGION_*"),
    )
    reading = ClaudeReading

    def ask(self, settings: Settings, text: str, conversation: Conversation | None) -> Invocation:
        """The prompt goes to standard input. The instructions of a conversation that goes on go
        there too: the program keeps those that it began with."""
        system = settings.system or ""
        beside = conversation is None and len(system) <= LONGEST_ARGUMENT
        files = {"mcp.json": json.dumps({"mcpServers": settings.mcp})} if settings.mcp else {}
        allowed = (*settings.allowed_tools, *(f"mcp__{server}" for server in settings.mcp))
        denied = settings.denied_tools
        words: tuple[str, ...] = ()
        if settings.read_only:
            words = ("--tools", ",".join(READ_TOOLS), "--setting-sources", "user")
            words += ("--strict-mcp-config",)
        words += ("--fork-session",) if settings.fork and conversation else ()
        if settings.ask:  # without a way to answer them its questions are not offered
            files["ask.json"] = json.dumps(ASKING)
            words += ("--permission-prompt-tool", "stdio", "--settings", "{files}/ask.json")
        mode = "dontAsk" if settings.read_only else settings.permission_mode or "acceptEdits"
        words += flags(
            {
                "--allowedTools": ",".join(allowed),
                "--disallowedTools": ",".join(denied),
                "--mcp-config": "{files}/mcp.json" if settings.mcp else None,
                "--resume": conversation.id if conversation else None,
                "--model": settings.model,
                "--max-turns": settings.max_turns,
                "--append-system-prompt": system if beside else None,
                "--permission-mode": mode,
            }
        )
        stream = ("--output-format", "stream-json", "--verbose", "--include-partial-messages")
        return Invocation(
            ("claude", "-p", *stream, *words, *settings.arguments),
            stdin=text if beside else with_system(text, system),
            # It tries ten times, with minutes between, also where nobody is logged in.
            defaults={"CLAUDE_CODE_MAX_RETRIES": "3", "DISABLE_AUTOUPDATER": "1"},
            files=files,
        )
