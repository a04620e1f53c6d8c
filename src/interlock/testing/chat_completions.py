"""OpenAI's Chat Completions API, which many other servers speak: a turn in its words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from interlock.testing.openai import refuse as refuse
from interlock.testing.sse import compact, event, pieces
from interlock.testing.turn import Turn

FINISH = {"end": "stop", "length": "length", "refusal": "content_filter"}
DONE = b"data: [DONE]\n\n"


def answer(turn: Turn, model: str) -> dict[str, Any]:
    """The whole completion."""
    message: dict[str, Any] = {"role": "assistant", "content": turn.said or None}
    if turn.reasoning:
        message["reasoning_content"] = turn.reasoning
    if turn.calls:
        message["tool_calls"] = _calls(turn)
    choice = {"index": 0, "message": message, "finish_reason": _finish(turn), "logprobs": None}
    return {**_head(model, "chat.completion"), "choices": [choice], "usage": _usage(turn)}


def stream(turn: Turn, model: str) -> Iterator[bytes]:
    """The completion as chunks, the usage in one of its own, then [DONE]."""
    head = _head(model, "chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return event({**head, "choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    for piece in pieces(turn.reasoning):
        yield chunk({"reasoning_content": piece})
    for piece in pieces(turn.said):
        yield chunk({"content": piece})
    for index, call in enumerate(_calls(turn)):
        arguments = call["function"]["arguments"]
        opened = call | {"function": call["function"] | {"arguments": ""}}
        yield chunk({"tool_calls": [{"index": index, **opened}]})
        for piece in pieces(arguments):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, _finish(turn))
    yield event({**head, "choices": [], "usage": _usage(turn)})
    yield DONE


def _head(model: str, kind: str) -> dict[str, Any]:
    identity = {"id": f"chatcmpl-{uuid4().hex}", "object": kind}
    return {**identity, "created": int(time.time()), "model": model}


def _calls(turn: Turn) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_{uuid4().hex}",
            "type": "function",
            "function": {"name": call.name, "arguments": compact(call.fields)},
        }
        for call in turn.calls
    ]


def _finish(turn: Turn) -> str:
    return "tool_calls" if turn.calls else FINISH[turn.stop]


def _usage(turn: Turn) -> dict[str, Any]:
    usage = turn.usage
    read, written = usage.cache_read, usage.cache_write
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": written},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }
