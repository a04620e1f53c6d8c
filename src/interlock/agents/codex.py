"""Agent `codex`: OpenAI's Codex.

    codex [--model M] [--permission-mode SANDBOX] [--read-only] [--system TEXT] [--mcp JSON]
          [--env NAME,NAME] [--program PATH] [--idle SECONDS] [--fork] [-- ARG ...]

SANDBOX is read-only, workspace-write (the default: it may write in the work directory) or
danger-full-access.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from interlock.agents.codex_stream import CodexReading
from interlock.agents.conversation import Conversation
from interlock.agents.description import Description
from interlock.agents.driver import EVERYWHERE, LONGEST_ARGUMENT, Driver, flags, with_system
from interlock.agents.invocation import Invocation
from interlock.agents.options import Settings


class Codex(Driver):
    """Codex, asked with `codex exec`."""

    name = "codex"
    description = Description(
        program="codex",
        vendor="OpenAI",
        install="npm install -g @openai/codex",
        login="run `codex login`, or set CODEX_API_KEY",
        tried=("0.169.0", "0.169.0"),
        login_check=("login", "status"),
        keys=("CODEX_API_KEY",),
        resume=True,
        fork=True,
        tool_events=True,
        permissions=True,
    )
    options: ClassVar[tuple[str, ...]] = (*EVERYWHERE, "permission_mode", "mcp", "fork")
    modes = ("read-only", "workspace-write", "danger-full-access")
    risky = (
        r"sandbox|^-s|approv|danger|yolo|full-auto|add-dir|permission|mcp_servers|hook|notify|rules"
        r"|trust|worktree|profile|^-p"
    )
    inherit = ("CODEX_*", "OPENAI_*", "AZURE_OPENAI_*", "RUST_LOG")
    reading = CodexReading

    def ask(self, settings: Settings, text: str, conversation: Conversation | None) -> Invocation:
        """The prompt goes to standard input, the instructions of a conversation that goes on too.
        The sandbox is named anew each time: resuming knows no -s and falls back to read-only."""
        system = settings.system or ""
        beside = conversation is None and len(system) <= LONGEST_ARGUMENT
        mode = settings.permission_mode or "workspace-write"
        values: dict[str, Any] = {"sandbox_mode": "read-only" if settings.read_only else mode}
        if beside and system:
            values["developer_instructions"] = system
        configured = tuple(
            word
            for name, value in values.items()
            for word in ("-c", f"{name}={json.dumps(value, ensure_ascii=False)}")
        )
        configured += tuple(
            word for line in _servers(settings.mcp) for word in ("-c", f"mcp_servers.{line}")
        )
        shared = (
            "--json",
            "--skip-git-repo-check",
            *settings.arguments,
            *flags({"-m": settings.model}),
            *configured,
        )
        go_on = "fork" if settings.fork else "resume"
        resumed = (go_on, *shared, conversation.id) if conversation else shared
        return Invocation(
            ("codex", "exec", *resumed, "-"),
            stdin=text if beside else with_system(text, system),
            env={
                name: str(value)
                for server in settings.mcp.values()
                for name, value in server.get("env", {}).items()
            },
        )


def _servers(mcp: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The servers as configuration. A value in `env` must not be seen in the arguments, so the
    program gets it as a variable of its own and hands it on by name."""
    for name, server in mcp.items():
        parts = {
            "command": json.dumps(server["command"]),
            "args": json.dumps(list(server.get("args", []))),
            "env_vars": json.dumps(list(server.get("env", {}))),
            "required": "true",  # without it one that does not start is left out in silence
        }
        told = ",".join(f"{key}={value}" for key, value in parts.items())
        yield f"{name}={{{told}}}"
