"""OpenAI's Responses API: a turn in its words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import uuid4

from interlock.testing.openai import refuse as refuse
from interlock.testing.sse import compact, event, pieces
from interlock.testing.turn import ToolCall, Turn

INCOMPLETE = {"length": "max_output_tokens", "refusal": "content_filter"}


def answer(turn: Turn, model: str) -> dict[str, Any]:
    """The whole response."""
    return _ended(_response(model), turn, _items(turn))


def stream(turn: Turn, model: str) -> Iterator[bytes]:
    """The response as events, from response.created to response.completed or .incomplete."""
    numbers = count()

    def send(name: str, **data: Any) -> bytes:
        return event({"type": name, "sequence_number": next(numbers), **data}, name)

    opened, items = _response(model), _items(turn)
    yield send("response.created", response=opened)
    yield send("response.in_progress", response=opened)
    for index, item in enumerate(items):
        started = item | _emptied(item) | {"status": "in_progress"}
        yield send("response.output_item.added", output_index=index, item=started)
        place = {"item_id": item["id"], "output_index": index}
        for name, data in _progress(item):
            yield send(f"response.{name}", **place, **data)
        yield send("response.output_item.done", output_index=index, item=item)
    ended = _ended(opened, turn, items)
    yield send(f"response.{ended['status']}", response=ended)


def _emptied(item: dict[str, Any]) -> dict[str, Any]:
    empty = {"content": [], "summary": [], "arguments": "", "input": ""}
    return {key: value for key, value in empty.items() if key in item}


def _progress(item: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if item["type"] == "function_call":
        for piece in pieces(item["arguments"]):
            yield "function_call_arguments.delta", {"delta": piece}
        yield "function_call_arguments.done", {"arguments": item["arguments"]}
    elif item["type"] == "custom_tool_call":
        for piece in pieces(item["input"]):
            yield "custom_tool_call_input.delta", {"delta": piece}
        yield "custom_tool_call_input.done", {"input": item["input"]}
    elif item["type"] == "reasoning":
        yield from _texts("reasoning_summary_text", "summary", item["summary"][0])
    else:
        yield from _texts("output_text", "content", item["content"][0])


def _texts(name: str, list_name: str, part: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    index = {f"{list_name}_index": 0}
    kind = "content_part" if list_name == "content" else "reasoning_summary_part"
    yield f"{kind}.added", {**index, "part": part | {"text": ""}}
    for piece in pieces(part["text"]):
        yield f"{name}.delta", {**index, "delta": piece}
    yield f"{name}.done", {**index, "text": part["text"]}
    yield f"{kind}.done", {**index, "part": part}


def _items(turn: Turn) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if turn.reasoning:
        summary = [{"type": "summary_text", "text": turn.reasoning}]
        items.append({"type": "reasoning", "id": f"rs_{uuid4().hex}", "summary": summary})
    if turn.said:
        content = [{"type": "output_text", "text": turn.said, "annotations": []}]
        message = {"type": "message", "id": f"msg_{uuid4().hex}", "role": "assistant"}
        items.append({**message, "content": content})
    items += [_call(call) for call in turn.calls]
    return [item | {"status": "completed"} for item in items]


def _call(call: ToolCall) -> dict[str, Any]:
    call_id = f"call_{uuid4().hex}"
    if isinstance(call.arguments, str):
        kind = {"type": "custom_tool_call", "id": f"ctc_{uuid4().hex}", "call_id": call_id}
        return {**kind, "name": call.name, "input": call.arguments}
    # Codex offers the tools of a server as a namespace: `mcp__engine.transition` names one.
    namespace, dot, name = call.name.rpartition(".")
    inside = {"namespace": namespace} if dot else {}
    kind = {"type": "function_call", "id": f"fc_{uuid4().hex}", "call_id": call_id}
    return {**kind, **inside, "name": name, "arguments": compact(call.arguments)}


def _response(model: str) -> dict[str, Any]:
    return {
        "id": f"resp_{uuid4().hex}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": [],
        "parallel_tool_calls": True,
        "usage": None,
    }


def _ended(response: dict[str, Any], turn: Turn, items: list[dict[str, Any]]) -> dict[str, Any]:
    reason = INCOMPLETE.get(turn.stop)
    return response | {
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "output": items,
        "usage": _usage(turn),
    }


def _usage(turn: Turn) -> dict[str, Any]:
    usage = turn.usage
    read, written = usage.cache_read, usage.cache_write
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": read, "cache_write_tokens": written},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }
