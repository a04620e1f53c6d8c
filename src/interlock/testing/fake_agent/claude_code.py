"""Claude Code's `claude -p --output-format stream-json`, as version 2.1.197 tells it."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from interlock.testing.fake_agent.claude_events import (
    ERRORS,
    LOST,
    TOOLS,
    blocks,
    describe,
    given,
    opened,
    spent,
    usage_of,
)
from interlock.testing.fake_agent.player import Player, last, read_stdin, take_values
from interlock.testing.fake_agent.stage import Asked
from interlock.testing.fake_agent.work import Outcome
from interlock.testing.turn import ToolCall, Turn

VALUES = (
    *("--output-format", "--input-format", "--model", "--permission-mode", "--max-turns"),
    *(
        "--allowedTools",
        "--disallowedTools",
        "--tools",
        "--mcp-config",
        "--resume",
        "--system-prompt",
    ),
    *("--append-system-prompt", "--session-id", "--settings", "--setting-sources", "--add-dir"),
    *("--max-budget-usd", "--system-prompt-snapshot", "--fallback-model", "--agents"),
    "--permission-prompt-tool",
)


class ClaudeCode(Player):
    """A run of `claude`."""

    kind = "claude-code"
    program = "claude"
    version = "2.1.197 (Claude Code)"

    def read_arguments(self) -> Asked:
        """The prompt is on standard input, or the word that is no option."""
        found = take_values(self.arguments, VALUES)
        turns = last(found, "--max-turns")
        tools = last(found, "--tools")
        self.mode = last(found, "--permission-mode") or "default"
        config = last(found, "--mcp-config")
        servers = json.loads(Path(config).read_text())["mcpServers"] if config else {}
        return Asked(
            prompt=" ".join(found[""]) or read_stdin(),
            conversation=last(found, "--resume"),
            fork="--fork-session" in self.arguments,
            asks="--permission-prompt-tool" in found,
            model=last(found, "--model"),
            system=last(found, "--append-system-prompt", "--system-prompt"),
            read_only=tools is not None and TOOLS["write"] not in tools.split(","),
            max_turns=int(turns) if turns else None,
            servers=tuple(servers),
            denied_tools=tuple((last(found, "--disallowedTools") or "").split(",")),
            partial="--include-partial-messages" in self.arguments,
        )

    @property
    def model(self) -> str:
        """The model that answers."""
        return self.asked.model or "claude-sonnet-4-5"

    def begin(self) -> None:
        """The init event."""
        servers = [{"name": name, "status": "connected"} for name in self.asked.servers]
        self._event(
            "system",
            subtype="init",
            cwd=str(Path.cwd()),
            tools=["Bash", "Edit", "Glob", "Grep", "Read", "Write"],
            mcp_servers=servers,
            model=self.model,
            permissionMode=self.mode,
            slash_commands=[],
            apiKeySource="ANTHROPIC_API_KEY",
            claude_code_version=self.version.split()[0],
            output_style="default",
            agents=[],
            skills=[],
            plugins=[],
        )

    def answer(self, turn: Turn) -> bool:
        """One assistant event a block, with the pieces around it where they are asked for; then
        what came of each call."""
        message: dict[str, Any] = {
            "id": f"msg_{uuid4().hex}",
            "type": "message",
            "role": "assistant",
        }
        message |= {"model": self.model, "stop_reason": None, "stop_sequence": None}
        message |= {"usage": usage_of(turn.usage) | {"output_tokens": 1}}
        self._piece({"type": "message_start", "message": {**message, "content": []}})
        calls = list(turn.calls)
        identities = [f"toolu_{uuid4().hex}" for _ in calls]
        for index, block in enumerate(blocks(turn, identities)):
            begun = {"index": index, "content_block": opened(block)}
            self._piece({"type": "content_block_start", **begun})
            self._message({**message, "content": [block], "context_management": None})
            self._piece({"type": "content_block_stop", "index": index})
        reason = {"stop_reason": "tool_use" if calls else "end_turn", "stop_sequence": None}
        self._piece({"type": "message_delta", "delta": reason, "usage": usage_of(turn.usage)})
        self._piece({"type": "message_stop"})
        for identity, call in zip(identities, calls, strict=True):
            self._tell_outcome(identity, call, self._perform(call))
        self.said = turn.said or self.said
        return not (self.asked.asks and any(call.name == "ask" for call in calls))

    def _perform(self, call: ToolCall) -> Outcome:
        if call.name == "ask" and not self.asked.asks:
            return Outcome(ok=False, denied=True)
        return self.perform(call)

    def tool(self, call: ToolCall) -> str:
        """Its own name for a tool."""
        return TOOLS[call.name]

    def end(self) -> int:
        """A result that is a success."""
        self._result("success", is_error=False, api_error_status=None, result=self.said,
                     stop_reason="end_turn", terminal_reason="completed")  # fmt: skip
        return 0

    def fail(self, turn: Turn) -> int:
        """Two tries more, a message of its own that tells of it, a result that is an error."""
        name, words = ERRORS.get(turn.status, ("server_error", "API Error: {status} {message}"))
        message = turn.message or ("rate limit reached" if turn.status == 429 else "Internal error")
        said = words.format(status=turn.status, message=message)
        error = "overloaded" if turn.status == 529 else name
        for attempt in (1, 2):
            self._event("system", subtype="api_retry", attempt=attempt, max_retries=2,
                        retry_delay_ms=500, error_status=turn.status, error=error)  # fmt: skip
        if turn.status == 429 and turn.retry_after is not None:
            resets = int(datetime.now(UTC).timestamp()) + turn.retry_after
            limit = {"status": "rejected", "resetsAt": resets, "rateLimitType": "five_hour"}
            self._event("rate_limit_event", rate_limit_info=limit)
        return self._fail(name, said, turn.status)

    def break_off(self, turn: Turn) -> int:
        """The same for a connection."""
        return self._fail("server_error", LOST, None)

    def reach_limit(self) -> int:
        """A result without a text."""
        told = [f"Reached maximum number of turns ({self.asked.max_turns or self.turns})"]
        self._result("error_max_turns", is_error=True, stop_reason="tool_use",
                     terminal_reason="max_turns", errors=told)  # fmt: skip
        return 1

    def tell_gone(self) -> int:
        """A result, and nothing before it."""
        wanted = self.asked.conversation or ""
        self.conversation = wanted
        told = f"No conversation found with session ID: {wanted}"
        self._result("error_during_execution", is_error=True, stop_reason=None, errors=[told])
        sys.stderr.write(f"{told}\n")
        return 1

    def _fail(self, name: str, said: str, status: int | None) -> int:
        message: dict[str, Any] = {"id": str(uuid4()), "container": None, "model": "<synthetic>"}
        message |= {"role": "assistant", "stop_reason": "stop_sequence", "stop_sequence": ""}
        message |= {"type": "message", "usage": {"input_tokens": 0, "output_tokens": 0}}
        message |= {"content": [{"type": "text", "text": said}], "context_management": None}
        self._message(message, error=name)
        self._result("success", is_error=True, api_error_status=status, result=said,
                     stop_reason="stop_sequence", terminal_reason="completed")  # fmt: skip
        return 1

    def _tell_outcome(self, identity: str, call: ToolCall, outcome: Outcome) -> None:
        there = not self.asked.read_only and call.name != "ask"
        content, noted = describe(call, outcome, there=there)
        told: dict[str, Any] = {"tool_use_id": identity, "type": "tool_result", "content": content}
        told |= {} if outcome.ok else {"is_error": True}
        self._event(
            "user",
            message={"role": "user", "content": [told]},
            parent_tool_use_id=None,
            timestamp=datetime.now(UTC).isoformat(),
            tool_use_result=noted,
        )

    def _result(self, subtype: str, **fields: Any) -> None:
        denials = [
            {"tool_name": self.tool(call), "tool_use_id": "", "tool_input": given(call)}
            for call in self.denials
            if not self.asked.read_only
        ]
        self._event(
            "result",
            subtype=subtype,
            duration_ms=100,
            duration_api_ms=100,
            num_turns=self.turns or (1 if "result" in fields and fields["is_error"] else 0),
            **spent(self.model, self.used),
            permission_denials=denials,
            **fields,
        )

    def _message(self, message: dict[str, Any], **fields: Any) -> None:
        self._event("assistant", message=message, parent_tool_use_id=None, **fields)

    def _piece(self, event: dict[str, Any]) -> None:
        if self.asked.partial:
            self._event("stream_event", event=event, parent_tool_use_id=None)

    def _event(self, kind: str, **fields: Any) -> None:
        identity = {"session_id": self.conversation, "uuid": str(uuid4())}
        self.tell({"type": kind, **fields, **identity})
