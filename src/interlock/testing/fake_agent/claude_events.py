"""The words and shapes of Claude Code's events that do not depend on a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from interlock.testing.fake_agent.player import USED, money
from interlock.testing.fake_agent.work import Outcome, command_line, place
from interlock.testing.turn import ToolCall, Turn, Usage

TOOLS = {"write": "Write", "read": "Read", "run": "Bash", "ask": "AskUserQuestion"}
PRICES = {"input": 3, "output": 15, "cache_read": 0.3, "cache_write": 3.75}
OVERLOADED = "API Error: 529 Overloaded. This is a server-side issue, usually temporary."
ERRORS = {
    401: ("authentication_failed", "Invalid API key · Fix external API key"),
    429: ("rate_limit", "API Error: Request rejected (429) · {message}"),
    529: ("server_error", OVERLOADED),
}
"""HTTP status -> its name of it, and what it says."""
LOST = (
    "API Error: Connection to the API was lost (ECONNRESET). This is usually temporary — try again."
)
NOT_THERE = (
    "Error: No such tool available: {tool}. {tool} exists but is not enabled in this context. "
    "Use one of the available tools instead."
)
DENIED = (
    "Permission to use {tool} has been denied because Claude Code is running in don't ask mode."
)


def usage_of(usage: Usage) -> dict[str, Any]:
    """The tokens of a request in its words."""
    lives = {
        "ephemeral_5m_input_tokens": usage.cache_write - usage.cache_write_1h,
        "ephemeral_1h_input_tokens": usage.cache_write_1h,
    }
    return {
        "input_tokens": usage.fresh,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": lives,
        "output_tokens": usage.output,
        "service_tier": "standard",
    }


def spent(model: str, used: Mapping[str, int]) -> dict[str, Any]:
    """What a result says of tokens and money."""
    usage, cost = Usage(**{name: used[name] for name in USED}), money(used, PRICES)
    counted = {
        "inputTokens": usage.fresh,
        "outputTokens": usage.output,
        "cacheReadInputTokens": usage.cache_read,
        "cacheCreationInputTokens": usage.cache_write,
        "costUSD": cost,
        "contextWindow": 200_000,
    }
    return {
        "total_cost_usd": cost,
        "usage": usage_of(usage),
        "modelUsage": {model: counted} if any(used.values()) else {},
    }


def blocks(turn: Turn, identities: list[str]) -> Iterator[dict[str, Any]]:
    """The blocks of a turn's message; `identities` are those of its calls."""
    if turn.reasoning:
        yield {"type": "thinking", "thinking": turn.reasoning, "signature": ""}
    if turn.said:
        yield {"type": "text", "text": turn.said}
    for identity, call in zip(identities, turn.calls, strict=True):
        yield {"type": "tool_use", "id": identity, "name": TOOLS[call.name], "input": given(call)}


def given(call: ToolCall) -> dict[str, Any]:
    """What a call gives its tool."""
    if call.name == "write":
        return {"file_path": place(call), "content": call.fields["content"]}
    if call.name == "ask":
        asked = {"question": call.fields["question"], "header": "Question", "options": []}
        return {"questions": [{**asked, "multiSelect": False}]}
    return {"file_path": place(call)} if call.name == "read" else {"command": command_line(call)}


def opened(block: dict[str, Any]) -> dict[str, Any]:
    """A block before its pieces came."""
    empty = {"text": "", "thinking": "", "input": {}}
    return block | {name: value for name, value in empty.items() if name in block}


def describe(call: ToolCall, outcome: Outcome, *, there: bool) -> tuple[str, object]:
    """What came of a call: the text that the model gets, and what the program notes beside it."""
    tool = TOOLS[call.name]
    if outcome.denied:
        told = (DENIED if there else NOT_THERE).format(tool=tool)
        return told, f"Error: {told}"
    if call.name == "ask":
        return outcome.output, f"Error: {outcome.output}"
    if not outcome.ok:
        told = f"Exit code {outcome.code}\n{outcome.output}"
        return told, f"Error: {told}"
    if call.name != "write":
        return outcome.output, {"type": "text"}
    path = place(call)
    noted = {"type": "create", "filePath": path, "content": call.fields["content"]}
    return f"File created successfully at: {path}", noted
