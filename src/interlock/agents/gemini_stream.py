"""What Gemini CLI tells with `-o stream-json`."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from interlock.agents.faults import Fault, explain
from interlock.agents.invocation import Event
from interlock.agents.reading import Asked, Reading
from interlock.agents.stream import Fields, clip, count_of, fields_of, text_of
from interlock.agents.usage import make_entry
from interlock.engine import Result

EXITS = {41: "not_logged_in", 42: "gone", 53: "max_turns", 55: "untrusted"}
GATED = frozenset(
    ("write_file", "replace", "run_shell_command", "web_fetch", "save_memory", "invoke_agent")
)
"""Tools that are not there where they are not allowed; any other that is not there is a mistake
of the model."""


class GeminiReading(Reading):
    """One run of Gemini CLI. Its result event must say success, and its exit code must be 0."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        self._message = ""  # what came of a message so far

    def take(self, event: dict[str, Any]) -> list[Event] | None:
        """The events that one JSON object stands for; None when it is not known."""
        if event.get("type") == "message":
            return self._take_message(event)
        spoken = self.say(self._message) if self._message else []
        self._message = ""
        events = self._take_other(event)
        return None if events is None and not spoken else [*spoken, *(events or [])]

    def finish(self, result: Result) -> Result:
        """What the run comes to; a message that was cut off counts as it is."""
        self.said = self._message or self.said
        told = result.stderr or ""
        if "MCP issues detected" in told:
            self.broken_servers = ["one that it does not name"]
        if "Skipping system defaults file" in told:  # it thinks the data directory unsafe
            self.doubts.append("it did not take over max_turns and mcp, see what it printed")
        return super().finish(result)

    def explain_exit(self, result: Result) -> Fault:
        """Its exit codes have meanings of their own; any other is an HTTP status modulo 256."""
        fault = super().explain_exit(result)
        kind = EXITS.get(result.code or 0)
        return evolve(fault, kind=kind, status="error", data={}) if kind else fault

    def _take_message(self, event: Fields) -> list[Event]:
        content = event.get("content")
        if event.get("role") != "assistant" or not isinstance(content, str):
            return []
        if event.get("delta") is True:
            self._message += content
            return []
        return self.say(content)

    def _take_other(self, event: Fields) -> list[Event] | None:
        match event.get("type"):
            case "init":
                self.model = text_of(event.get("model"), 200) or self.model
                return self.converse(text_of(event.get("session_id"), 200))
            case "tool_use":
                identity = text_of(event.get("tool_id"), 200)
                tool = text_of(event.get("tool_name"), 200)
                return self.call(identity, tool, event.get("parameters"))
            case "tool_result":
                return self._take_answer(event)
            case "error":
                message = text_of(event.get("message"))
                if event.get("severity") == "error":
                    return self.fail(explain(message))
                return [("error", {"message": message, "kind": "noted"})]
            case "result":
                return self._take_result(event)
        return None

    def _take_answer(self, event: Fields) -> list[Event]:
        identity = text_of(event.get("tool_id"), 200)
        error = fields_of(event.get("error"))
        output = text_of(event.get("output")) or text_of(error.get("message"))
        events = self.answer(identity, event.get("status") == "success", output)
        tool = self.tool_of(identity)
        missing = error.get("type") == "tool_not_registered" and tool in GATED
        if missing or error.get("type") == "policy_violation":
            events += self.deny(tool, output)
        return events

    def _take_result(self, event: Fields) -> list[Event]:
        self.ended = True
        events = self._take_stats(fields_of(event.get("stats")))
        if event.get("status") == "success":
            self.fault = None
            return events
        error = fields_of(event.get("error"))
        message = text_of(error.get("message"))
        if not message and self.fault is not None:
            return events
        return events + self.fail(explain(message or clip(str(event.get("status")), 200)))

    def _take_stats(self, stats: Fields) -> list[Event]:
        """Counted by model for all requests of the run; its output leaves the thoughts out."""
        events: list[Event] = []
        for model, counted in fields_of(stats.get("models")).items():
            part = fields_of(counted)
            given, total = count_of(part.get("input_tokens")), count_of(part.get("total_tokens"))
            output = max(total - given, count_of(part.get("output_tokens")))
            if total or output:
                # A request for each tool call and one for the answer, where there is one model.
                alone = len(fields_of(stats.get("models"))) == 1
                entry = make_entry(
                    text_of(model, 200),
                    count_of(stats.get("tool_calls")) + 1 if alone else None,
                    input_tokens=given,
                    output_tokens=output,
                    cache_read_tokens=count_of(part.get("cached")),
                    reasoning_tokens=output - count_of(part.get("output_tokens")),
                )
                events += self.spend(entry)
        return events
