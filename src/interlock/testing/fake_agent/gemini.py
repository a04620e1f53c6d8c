"""Gemini CLI's `gemini -o stream-json`, as version 0.61 tells it."""

from __future__ import annotations

import json
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from interlock.testing.fake_agent.player import Player, last, read_stdin, take_values
from interlock.testing.fake_agent.stage import Asked
from interlock.testing.fake_agent.work import command_line, place
from interlock.testing.turn import ToolCall, Turn

VALUES = (
    *("-o", "--output-format", "-m", "--model", "-r", "--resume", "--approval-mode", "-p"),
    *("--prompt", "--admin-policy", "--policy", "--allowed-tools", "-e", "--extensions"),
)
TOOLS = {"write": "write_file", "read": "read_file", "run": "run_shell_command"}
STATUS = {401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}
SAID = {401: "API key not valid.", 429: "Resource has been exhausted.",
        503: "The model is overloaded."}  # fmt: skip
LIMIT = (
    "Reached max session turns for this session. Increase the number of turns by specifying "
    "maxSessionTurns in settings.json."
)
ENDED_BY_LIMIT, UNKNOWN_CONVERSATION = 53, 42
PIECE = 3  # characters of an answer in one event


class Gemini(Player):
    """A run of `gemini`."""

    kind = "gemini"
    program = "gemini"
    version = "0.61.0"

    def read_arguments(self) -> Asked:
        """The prompt is on standard input. What it may do stands in a policy."""
        found = take_values(self.arguments, VALUES)
        policy = last(found, "--admin-policy", "--policy")
        rules = Path(policy).read_text() if policy else ""
        mode = last(found, "--approval-mode") or "default"
        denied = re.findall(r'toolName = "([^"]+)"\ndecision = "deny"', rules)
        settings = _settings()
        return Asked(
            prompt=last(found, "-p", "--prompt") or read_stdin(),
            conversation=last(found, "-r", "--resume"),
            model=last(found, "-m", "--model"),
            read_only="*" in denied or mode in ("default", "plan"),
            max_turns=settings.get("model", {}).get("maxSessionTurns"),
            servers=tuple(settings.get("mcpServers", {})),
            denied_tools=tuple(denied),
        )

    @property
    def model(self) -> str:
        """The model that answers."""
        return self.asked.model or "gemini-2.5-pro"

    def begin(self) -> None:
        """The session, and the prompt once more."""
        self._event("init", session_id=self.conversation, model=self.model)
        self._event("message", role="user", content=self.asked.prompt)

    def answer(self, turn: Turn) -> bool:
        """The message in pieces, then each call. What is not allowed is not there."""
        for start in range(0, len(turn.said), PIECE):
            piece = turn.said[start : start + PIECE]
            self._event("message", role="assistant", content=piece, delta=True)
        for number, call in enumerate(turn.calls):
            tool = self.tool(call)
            identity = f"{tool}__{self.turns:04x}{number:04x}"
            given = {"file_path": place(call), "content": call.fields.get("content")}
            if call.name != "write":
                given = {"file_path": place(call)} if call.name == "read" else {}
            given = given or {"command": command_line(call)}
            self._event("tool_use", tool_name=tool, tool_id=identity, parameters=given)
            self._tell_outcome(identity, call)
        return True

    def tool(self, call: ToolCall) -> str:
        """Its own name for a tool."""
        return TOOLS[call.name]

    def end(self) -> int:
        """A result that is a success."""
        self._event("result", status="success", stats=self._stats())
        return 0

    def fail(self, turn: Turn) -> int:
        """A result that is an error; the exit status is the HTTP status modulo 256."""
        status = 503 if turn.status == 529 else turn.status
        message = turn.message or SAID.get(status, "An internal error has occurred.")
        error: dict[str, Any] = {"code": status, "message": message}
        error["status"] = STATUS.get(status, "INTERNAL")
        if turn.retry_after is not None:
            error["details"] = [{"retryDelay": f"{turn.retry_after}s"}]
        self._fail("unknown", f"[API Error: {json.dumps({'error': error})}]")
        return status % 256

    def break_off(self, turn: Turn) -> int:
        """The same for a connection."""
        self._fail("unknown", "[API Error: terminated]")
        return 1

    def reach_limit(self) -> int:
        """An error with an exit status of its own."""
        self._fail("FatalTurnLimitedError", LIMIT)
        return ENDED_BY_LIMIT

    def tell_gone(self) -> int:
        """On standard error alone."""
        sys.stderr.write(f"Error resuming session: Invalid session identifier "
                         f'"{self.asked.conversation}".\n')  # fmt: skip
        return UNKNOWN_CONVERSATION

    def _tell_outcome(self, identity: str, call: ToolCall) -> None:
        outcome = self.perform(call)
        fields: dict[str, Any] = {"tool_id": identity}
        if outcome.ok:
            fields |= {"status": "success"} | ({"output": outcome.output} if outcome.output else {})
        else:
            told = f'Tool "{self.tool(call)}" not found.' if outcome.denied else outcome.output
            kind = "tool_not_registered" if outcome.denied else "execution_failed"
            fields |= {"status": "error", "output": told, "error": {"type": kind, "message": told}}
        self._event("tool_result", **fields)

    def _fail(self, kind: str, message: str) -> None:
        error = {"type": kind, "message": message}
        self._event("result", status="error", error=error, stats=self._stats())

    def _stats(self) -> dict[str, Any]:
        used = self.used
        output = used["output"] - used["reasoning"]
        counted = {
            "total_tokens": used["input"] + used["output"],
            "input_tokens": used["input"],
            "output_tokens": output,
            "cached": used["cache_read"],
            "input": used["input"] - used["cache_read"],
        }
        rest = {"duration_ms": 100, "tool_calls": self.calls}
        return {**counted, **rest, "models": {self.model: counted}}

    def _event(self, kind: str, **fields: Any) -> None:
        self.tell({"type": kind, "timestamp": datetime.now(UTC).isoformat(), **fields})


def _settings() -> dict[str, Any]:
    path = os.environ.get("GEMINI_CLI_SYSTEM_DEFAULTS_PATH")
    settings: dict[str, Any] = json.loads(Path(path).read_text()) if path else {}
    return settings
