"""opencode's `opencode run --format json`, as version 1.18 tells it."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any
from uuid import uuid4

from interlock.testing.fake_agent.player import Player, last, money, read_stdin, take_values
from interlock.testing.fake_agent.stage import Asked
from interlock.testing.fake_agent.work import Outcome, command_line, place
from interlock.testing.turn import ToolCall, Turn, Usage

VALUES = ("--format", "-m", "--model", "-s", "--session", "--agent", "--title", "--command")
TOOLS = {"write": "write", "read": "read", "run": "bash"}
PERMISSIONS = {"write": "edit", "read": "read", "run": "bash"}
PRICES = {"input": 3, "output": 15, "cache_read": 0.3, "cache_write": 3.75}
ERRORS = {401: "Incorrect API key provided.", 429: "Rate limit reached.", 529: "Overloaded"}
REJECTED = "The user rejected permission to use this specific tool call."
NOT_THERE = "Model tried to call unavailable tool 'invalid'. Available tools: glob, grep, read."


class OpenCode(Player):
    """A run of `opencode`."""

    kind = "opencode"
    program = "opencode"
    version = "1.18.33"

    def read_arguments(self) -> Asked:
        """The prompt is on standard input. What it may do stands in a variable."""
        found = take_values(self.arguments, VALUES)
        words = [word for word in found[""] if word != "run"]
        permission = json.loads(os.environ.get("OPENCODE_PERMISSION", "{}"))
        denied = [name for name, said in permission.items() if said == "deny"]
        return Asked(
            prompt=" ".join(words) or read_stdin(),
            conversation=last(found, "-s", "--session"),
            fork="--fork" in self.arguments,
            model=last(found, "-m", "--model"),
            read_only="edit" in denied and "bash" in denied,
            denied_tools=tuple(TOOLS[name] for name, of in PERMISSIONS.items() if of in denied),
        )

    def new_conversation(self) -> str:
        """The id of a session."""
        return f"ses_{uuid4().hex[:24]}"

    def answer(self, turn: Turn) -> bool:
        """One step. A call that a person would have been asked about stops the run."""
        message = f"msg_{uuid4().hex[:24]}"
        self._part("step_start", message, type="step-start", snapshot="0" * 40)
        if turn.reasoning:
            self._part("reasoning", message, type="reasoning", text=turn.reasoning, time=_times())
        if turn.said:
            self._part("text", message, type="text", text=turn.said, time=_times())
        asked = False
        for call in turn.calls:
            outcome = self.perform(call)
            there = self.tool(call) not in self.asked.denied_tools
            asked = asked or (outcome.denied and there)
            state = self._state(call, outcome, there=there)
            named = {"tool": self.tool(call), "callID": f"call_{uuid4().hex[:24]}"}
            self._part("tool_use", message, type="tool", **named, state=state)
        reasons = {"end": "stop", "length": "length", "refusal": "content-filter"}
        self._part(
            "step_finish",
            message,
            type="step-finish",
            reason="tool-calls" if turn.calls else reasons[turn.stop],
            snapshot="0" * 40,
            tokens=_tokens(turn.usage),
            cost=money(_used(turn.usage), PRICES),
        )
        return not asked

    def tool(self, call: ToolCall) -> str:
        """Its own name for a tool."""
        return TOOLS[call.name]

    def end(self) -> int:
        """Nothing: the end of the process is the end."""
        return 0

    def fail(self, turn: Turn) -> int:
        """An error event."""
        status = 503 if turn.status == 529 else turn.status
        message = turn.message or ERRORS.get(turn.status, "Internal server error")
        if turn.retry_after is not None:
            message += f" Try again in {turn.retry_after} seconds."
        passes = status == 429 or status >= 500
        return self._fail({"message": message, "statusCode": status, "isRetryable": passes})

    def break_off(self, turn: Turn) -> int:
        """An error event without a status."""
        return self._fail({"message": "fetch failed: connection lost"})

    def tell_gone(self) -> int:
        """On standard error alone."""
        sys.stderr.write(f"Error: Session not found: {self.asked.conversation}\n")
        return 1

    def _state(self, call: ToolCall, outcome: Outcome, *, there: bool) -> dict[str, Any]:
        given = {"filePath": place(call), "content": call.fields.get("content")}
        if call.name != "write":
            given = {"filePath": place(call)} if call.name == "read" else {}
        given = given or {"command": command_line(call)}
        if outcome.denied or not outcome.ok:
            told = outcome.output if not outcome.denied else REJECTED if there else NOT_THERE
            return {"status": "error", "input": given, "error": told, "time": _times()}
        output = "Wrote file successfully." if call.name == "write" else outcome.output
        title = str(call.fields.get("path", given.get("command", "")))
        return {"status": "completed", "input": given, "output": output, "metadata": {},
                "title": title, "time": _times()}  # fmt: skip

    def _fail(self, data: dict[str, Any]) -> int:
        self._event("error", error={"name": "APIError", "data": data})
        return 1

    def _part(self, kind: str, message: str, **fields: Any) -> None:
        known = {"id": f"prt_{uuid4().hex[:24]}", "messageID": message}
        self._event(kind, part={**known, "sessionID": self.conversation, **fields})

    def _event(self, kind: str, **fields: Any) -> None:
        self.tell({"type": kind, "timestamp": _now(), "sessionID": self.conversation, **fields})


def _now() -> int:
    return round(time.time() * 1000)


def _times() -> dict[str, int]:
    return {"start": _now(), "end": _now()}


def _used(usage: Usage) -> dict[str, int]:
    names = ("input", "output", "cache_read", "cache_write")
    return {name: getattr(usage, name) for name in names}


def _tokens(usage: Usage) -> dict[str, Any]:
    return {
        "total": usage.input + usage.output,
        "input": usage.fresh,
        "output": usage.output - usage.reasoning,
        "reasoning": usage.reasoning,
        "cache": {"write": usage.cache_write, "read": usage.cache_read},
    }
