"""Anthropic's Messages API: a turn in its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from interlock.testing.sse import compact, event, pieces
from interlock.testing.turn import ToolCall, Turn

STATUS = {"end": "end_turn", "length": "max_tokens", "refusal": "refusal"}
ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
MESSAGES = {401: "invalid x-api-key", 429: "rate limit reached", 529: "Overloaded"}


def answer(turn: Turn, model: str) -> dict[str, Any]:
    """The whole message."""
    blocks = [_block(content) for content in _contents(turn)]
    return _message(model, blocks, _stop_reason(turn), _usage(turn))


def stream(turn: Turn, model: str) -> Iterator[bytes]:
    """The message as events, from message_start to message_stop."""
    usage = _usage(turn)
    # What the real one says here: no stop reason, one token of output. The end has the truth.
    start = _message(model, [], None, usage | {"output_tokens": min(1, turn.usage.output)})
    yield _event("message_start", message=start)
    yield _event("ping")
    for index, content in enumerate(_contents(turn)):
        block = _block(content)
        yield _event("content_block_start", index=index, content_block=_opened(block))
        for delta in _deltas(block):
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    delta = {"stop_reason": _stop_reason(turn), "stop_sequence": None}
    yield _event("message_delta", delta=delta, usage=usage)
    yield _event("message_stop")


def refuse(turn: Turn) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the body of an error."""
    message = turn.message or MESSAGES.get(turn.status, "Internal server error")
    error = {"type": ERRORS.get(turn.status, "api_error"), "message": message}
    return turn.status, {"type": "error", "error": error, "request_id": f"req_{uuid4().hex}"}


def _event(name: str, **data: Any) -> bytes:
    return event({"type": name, **data}, name)


def _message(
    model: str, content: list[dict[str, Any]], stop_reason: str | None, usage: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": f"msg_{uuid4().hex}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage,
    }


def _contents(turn: Turn) -> Iterator[tuple[str, str] | ToolCall]:
    if turn.reasoning:
        yield "thinking", turn.reasoning
    if turn.said:
        yield "text", turn.said
    yield from turn.calls


def _block(content: tuple[str, str] | ToolCall) -> dict[str, Any]:
    if isinstance(content, ToolCall):
        identity = {"id": f"toolu_{uuid4().hex}", "name": content.name}
        return {"type": "tool_use", **identity, "input": content.fields}
    kind, text = content
    signature = {"signature": uuid4().hex} if kind == "thinking" else {}
    return {"type": kind, kind: text, **signature}


def _opened(block: dict[str, Any]) -> dict[str, Any]:
    empty = {"text": "", "thinking": "", "signature": "", "input": {}}
    return block | {key: value for key, value in empty.items() if key in block}


def _deltas(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    kind = block["type"]
    if kind == "tool_use":
        for piece in pieces(compact(block["input"])):
            yield {"type": "input_json_delta", "partial_json": piece}
        return
    for piece in pieces(block[kind]):
        yield {"type": f"{kind}_delta", kind: piece}
    if kind == "thinking":
        yield {"type": "signature_delta", "signature": block["signature"]}


def _stop_reason(turn: Turn) -> str:
    return "tool_use" if turn.calls else STATUS[turn.stop]


def _usage(turn: Turn) -> dict[str, Any]:
    usage = turn.usage
    return {
        "input_tokens": usage.fresh,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write - usage.cache_write_1h,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "output_tokens": usage.output,
        "service_tier": "standard",
    }
