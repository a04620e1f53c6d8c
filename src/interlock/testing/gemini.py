"""Google's Gemini API: a turn in its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from interlock.testing.sse import event, pieces
from interlock.testing.turn import Turn

OVERLOADED, UNAVAILABLE = 529, 503
FINISH = {"end": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY"}
ERRORS = {
    400: ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    401: ("UNAUTHENTICATED", "API key not valid."),
    403: ("PERMISSION_DENIED", "Permission denied."),
    404: ("NOT_FOUND", "The model was not found."),
    429: ("RESOURCE_EXHAUSTED", "Resource has been exhausted."),
    503: ("UNAVAILABLE", "The model is overloaded."),
}
DETAIL = "type.googleapis.com/google.rpc."


def answer(turn: Turn, model: str) -> dict[str, Any]:
    """The whole answer."""
    return _answer(model, uuid4().hex, _parts(turn), FINISH[turn.stop], _usage(turn))


def stream(turn: Turn, model: str) -> Iterator[bytes]:
    """The answer in chunks; the last one has the reason and the usage."""
    identity = uuid4().hex
    for part in _parts(turn):
        texts = pieces(part["text"]) if "text" in part else []
        for chunk in [part | {"text": piece} for piece in texts] or [part]:
            yield event(_answer(model, identity, [chunk], None, _usage(turn, ended=False)))
    yield event(_answer(model, identity, [{"text": ""}], FINISH[turn.stop], _usage(turn)))


def refuse(turn: Turn) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the body of an error."""
    status = UNAVAILABLE if turn.status == OVERLOADED else turn.status
    name, message = ERRORS.get(status, ("INTERNAL", "An internal error has occurred."))
    error: dict[str, Any] = {"code": status, "message": turn.message or message, "status": name}
    if turn.retry_after is not None:
        delay = f"{turn.retry_after}s"
        error["details"] = [{"@type": f"{DETAIL}RetryInfo", "retryDelay": delay}]
    return status, {"error": error}


def _answer(
    model: str,
    identity: str,
    parts: list[dict[str, Any]],
    finish: str | None,
    usage: dict[str, int],
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": model,
        "responseId": identity,
    }


def _parts(turn: Turn) -> list[dict[str, Any]]:
    thought = [{"text": turn.reasoning, "thought": True}] if turn.reasoning else []
    said = [{"text": turn.said}] if turn.said else []
    calls = [
        {"functionCall": {"id": uuid4().hex[:8], "name": call.name, "args": call.fields}}
        for call in turn.calls
    ]
    return [*thought, *said, *calls]


def _usage(turn: Turn, *, ended: bool = True) -> dict[str, int]:
    usage = turn.usage
    counts = {
        "promptTokenCount": usage.input,
        "cachedContentTokenCount": usage.cache_read,
    }
    if not ended:
        return counts | {"totalTokenCount": usage.input}
    return counts | {
        "candidatesTokenCount": usage.output - usage.reasoning,
        "thoughtsTokenCount": usage.reasoning,
        "totalTokenCount": usage.input + usage.output,
    }
