"""What Codex tells with `codex exec --json`."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from interlock.agents.faults import explain
from interlock.agents.invocation import Event
from interlock.agents.reading import Asked, Reading
from interlock.agents.stream import Fields, count_of, each_of, fields_of, join_texts, text_of
from interlock.agents.usage import Spending, make_entry

TOOLS = {
    "command_execution": "exec_command",
    "file_change": "apply_patch",
    "web_search": "web_search",
    "mcp_tool_call": "mcp",
    "collab_tool_call": "agent",
}
HEADS = ("command", "changes", "query", "arguments")


class CodexReading(Reading):
    """One run of Codex. It ends with turn.completed or turn.failed; an `error` may be neither."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        self.spending = Spending(cumulative=True, model=self.model or None)

    def take(self, event: dict[str, Any]) -> list[Event] | None:
        """The events that one JSON object stands for; None when it is not known."""
        match event.get("type"):
            case "thread.started":
                return self.converse(text_of(event.get("thread_id"), 200))
            case "turn.started":
                return []
            case "item.started" | "item.completed" as kind:
                return self._take_item(fields_of(event.get("item")), kind == "item.completed")
            case "item.updated":
                return []
            case "turn.completed":
                return self._take_usage(fields_of(event.get("usage")))
            case "error":
                message = text_of(event.get("message"))
                return [("error", {"message": message, "kind": explain(message).kind})]
            case "turn.failed":
                self.ended = True
                return self.fail(explain(text_of(fields_of(event.get("error")).get("message"))))
        return None

    def _take_item(self, item: Fields, done: bool) -> list[Event] | None:
        kind = item.get("type")
        if kind in TOOLS:
            return self._take_call(item, TOOLS[kind], done)
        if not done:
            return []
        if kind == "agent_message":
            text = item.get("text")
            return self.say(text) if isinstance(text, str) else []
        if kind == "reasoning":
            thought = text_of(item.get("text"))
            return [("reasoning", {"text": thought})] if thought else []
        if kind == "error":
            return [("error", {"message": text_of(item.get("message")), "kind": "noted"})]
        return None

    def _take_call(self, item: Fields, tool: str, done: bool) -> list[Event]:
        identity = text_of(item.get("id"), 200)
        if tool == "mcp":
            tool = f"mcp__{text_of(item.get('server'), 100)}__{text_of(item.get('tool'), 100)}"
        events: list[Event] = []
        if not self.tool_of(identity):
            events += self.call(identity, tool, {k: item[k] for k in HEADS if k in item})
        if done:
            ok = item.get("status") == "completed" and not item.get("exit_code")
            output = text_of(item.get("aggregated_output"))
            result = fields_of(item.get("result"))
            output = output or join_texts(result.get("content")) or _changes(item)
            events += self.answer(identity, ok, output or text_of(item.get("error")))
        return events

    def _take_usage(self, usage: Fields) -> list[Event]:
        """Counted over the whole conversation, for all its requests together."""
        self.ended = True
        counters = {
            "input_tokens": count_of(usage.get("input_tokens")),
            "output_tokens": count_of(usage.get("output_tokens")),
            "cache_read_tokens": count_of(usage.get("cached_input_tokens")),
            "cache_write_tokens": count_of(usage.get("cache_write_input_tokens")),
            "reasoning_tokens": count_of(usage.get("reasoning_output_tokens")),
        }
        # A request for each tool call and one for the answer: that is how it works mostly.
        requests = sum(self.tools.values()) + 1
        self.spending = evolve(self.spending, totals={"": counters}, requests=requests)
        entry = make_entry(self.model, requests, **counters)
        return [("usage", {**entry, "cumulative": True})]


def _changes(item: Fields) -> str:
    paths = (text_of(change.get("path"), 500) for change in each_of(item.get("changes")))
    return "\n".join(filter(None, paths))
