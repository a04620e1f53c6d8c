"""What Claude Code tells with `--output-format stream-json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from interlock.agents.claude_usage import add_totals, read_request
from interlock.agents.faults import OVERLOADED, RATE_LIMITED, Fault, explain
from interlock.agents.invocation import Event
from interlock.agents.questions import word_question
from interlock.agents.reading import Asked, Reading
from interlock.agents.stream import (
    Fields,
    clip,
    count_of,
    each_of,
    fields_of,
    join_texts,
    summarize,
    text_of,
)
from interlock.agents.usage import Spending
from interlock.agents.waiting import tell_instant
from interlock.engine import Result

SYNTHETIC = "<synthetic>"
QUESTIONS = ("AskUserQuestion", "ExitPlanMode")
"""The tools with which it asks the user."""
QUIET = ("status", "notification", "thinking_tokens", "hook_started", "hook_response")
ERRORS: Mapping[str, tuple[str, str]] = {
    "authentication_failed": ("not_logged_in", "error"),
    "oauth_org_not_allowed": ("forbidden", "error"),
    "billing_error": ("no_credit", "error"),
    "rate_limit": ("rate_limit", RATE_LIMITED),
    "overloaded": ("server", OVERLOADED),
    "server_error": ("server", OVERLOADED),
    "model_not_found": ("unknown_model", "error"),
    "max_output_tokens": ("max_output", "error"),
}
"""What it calls its own errors -> kind, status."""


class ClaudeReading(Reading):
    """One run of Claude Code. Its result event alone says how a run went."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        self.spending = Spending(cumulative=True)
        self._error = ""  # what it called its error
        self._resets: dict[str, Any] = {}
        self._asked: dict[str, str] = {}  # questions without their answer
        self._open: dict[str, tuple[str, dict[str, Any]]] = {}  # requests without their end

    def take(self, event: dict[str, Any]) -> list[Event] | None:
        """The events that one JSON object stands for; None when it is not known."""
        match event.get("type"):
            case "system":
                return self._take_system(event)
            case "assistant":
                return self._take_message(event)
            case "user":
                return self._take_answers(event)
            case "stream_event":
                return self._take_piece(event)
            case "rate_limit_event":
                return self._take_limit(fields_of(event.get("rate_limit_info")))
            case "result":
                return self._take_result(event)
        return None

    def finish(self, result: Result) -> Result:
        """What the run comes to; requests that were cut off count as far as they are known."""
        for model, usage in self._open.values():
            self.spending = self.spending.with_entry(read_request(model, usage))
        self._open.clear()
        return super().finish(result)

    def _take_system(self, event: Fields) -> list[Event] | None:
        match event.get("subtype"):
            case "init":
                self.model = text_of(event.get("model"), 200) or self.model
                self.version = text_of(event.get("claude_code_version"), 50)
                self.broken_servers = [
                    text_of(server.get("name"), 100)
                    for server in each_of(event.get("mcp_servers"))
                    if server.get("status") == "failed"
                ]
                return self.converse(text_of(event.get("session_id"), 200))
            case "api_retry":
                said = f"{event.get('error')} {event.get('error_status') or ''}".strip()
                tries = f"try {event.get('attempt')} of {event.get('max_retries')}"
                return [("error", {"message": clip(f"{said}; {tries}", 500), "kind": "retry"})]
            case "permission_denied":
                tool = text_of(event.get("tool_name"), 200)
                return self.deny(tool, text_of(event.get("message")))
            case subtype if subtype in QUIET:
                return []
        return None

    def _take_message(self, event: Fields) -> list[Event]:
        message = fields_of(event.get("message"))
        if message.get("model") == SYNTHETIC and event.get("error"):
            self._error = text_of(event.get("error"), 100)
            said = join_texts(message.get("content"))
            return [("error", {"message": clip(said), "kind": self._error})]
        events: list[Event] = []
        for block in each_of(message.get("content")):
            match block.get("type"):
                case "text":
                    text = block.get("text")
                    events += self._take_text(text, event) if isinstance(text, str) else []
                case "thinking":
                    thought = text_of(block.get("thinking"))
                    events += [("reasoning", {"text": thought})] if thought else []
                case "tool_use":
                    identity, tool = text_of(block.get("id"), 200), text_of(block.get("name"), 200)
                    events += self.call(identity, tool, block.get("input"))
                    if tool in QUESTIONS and not event.get("parent_tool_use_id"):
                        self._asked[identity] = word_question(block.get("input"))
        return events

    def _take_text(self, text: str, event: Fields) -> list[Event]:
        if event.get("parent_tool_use_id"):  # a subagent's words are not the answer
            return [("text", {"text": clip(text), "subagent": True})]
        return self.say(text)

    def _take_answers(self, event: Fields) -> list[Event]:
        events: list[Event] = []
        for block in each_of(fields_of(event.get("message")).get("content")):
            if block.get("type") == "tool_result":
                identity = text_of(block.get("tool_use_id"), 200)
                output = join_texts(block.get("content"))
                ok = block.get("is_error") is not True
                events += self.answer(identity, ok, output)
                if question := self._asked.pop(identity, ""):
                    events += [] if ok else self.ask(question)
        return events

    def _take_piece(self, event: Fields) -> list[Event]:
        piece = fields_of(event.get("event"))
        place = text_of(event.get("parent_tool_use_id"), 200)
        if piece.get("type") == "message_start":
            message = fields_of(piece.get("message"))
            model = text_of(message.get("model"), 200)
            self._open[place] = (model, dict(fields_of(message.get("usage"))))
        elif piece.get("type") == "message_delta" and place in self._open:
            model, usage = self._open.pop(place)
            told = fields_of(piece.get("usage"))
            usage |= {name: value for name, value in told.items() if value is not None}
            return self.spend(read_request(model, usage))
        return []

    def _take_limit(self, limit: Fields) -> list[Event]:
        if limit.get("status") != "rejected":
            return []
        until = tell_instant(count_of(limit.get("resetsAt")))
        self._resets = {"until": until} if until else {}
        window = text_of(limit.get("rateLimitType"), 100)
        message = f"the limit {window} is reached" + (f", until {until}" if until else "")
        return [("error", {"message": message, "kind": "rate_limit"})]

    def _take_result(self, event: Fields) -> list[Event]:
        self.ended = True
        self.turns = count_of(event.get("num_turns"))
        events = self.converse(text_of(event.get("session_id"), 200))
        for denial in each_of(event.get("permission_denials")):
            tool = text_of(denial.get("tool_name"), 200)
            if tool not in QUESTIONS and not any(known["tool"] == tool for known in self.denials):
                events += self.deny(tool, summarize(denial.get("tool_input")))
        self.spending = add_totals(self.spending, event)
        fault = self._judge_result(event)
        if fault is not None:
            return events + self.fail(fault)
        text = event.get("result")
        self.said = text if isinstance(text, str) and text.strip() else self.said
        return events

    def _judge_result(self, event: Fields) -> Fault | None:
        said = join_texts(event.get("result"))
        listed = event.get("errors")
        errors = [text_of(error) for error in listed] if isinstance(listed, list) else []
        told = "; ".join(filter(None, errors)) or said
        subtype = event.get("subtype")
        if subtype in ("error_max_turns", "error_max_budget_usd"):
            kind = "max_turns" if subtype == "error_max_turns" else "budget"
            return Fault(kind, told or f"it ended with {subtype}")
        if subtype == "success" and event.get("is_error") is False:
            asked = self.spending.entries or self.spending.totals
            return None if asked or self.turns else Fault("silent", f"it asked no model: {told}")
        if event.get("stop_reason") == "refusal":
            return Fault("refused", told)
        http = count_of(event.get("api_error_status"))
        fault = explain(told, http or None, kind="aborted" if errors else "failed")
        if not http and self._error in ERRORS and fault.kind in ("failed", "server"):
            kind, status = ERRORS[self._error]
            fault = evolve(fault, kind=kind, status=status)
        if fault.status == RATE_LIMITED and self._resets:
            fault = evolve(fault, data=self._resets)
        return fault
