"""Which address of which vendor asks for what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, Protocol

from attrs import frozen

from interlock.testing import anthropic, chat_completions, gemini, responses
from interlock.testing.request import ModelRequest
from interlock.testing.sse import compact
from interlock.testing.turn import Turn

Kind = Literal["answer", "stream", "count"]
CHARACTERS_PER_TOKEN = 4  # a rough count is enough for a program that asks how long its prompt is


class Vendor(Protocol):
    """How one API says a turn."""

    def answer(self, turn: Turn, model: str) -> dict[str, Any]:
        """The turn as one JSON document."""

    def stream(self, turn: Turn, model: str) -> Iterator[bytes]:
        """The turn as server-sent events."""

    def refuse(self, turn: Turn) -> tuple[int, dict[str, Any]]:
        """The HTTP status and the JSON document of an error."""


@frozen
class Route:
    """What a request is: a question to `vendor`'s model, or for a count of tokens."""

    vendor: Vendor
    kind: Kind


POSTS: tuple[tuple[str, Vendor, Kind | None], ...] = (
    # the end of the path; the vendor; the kind, or None: the body says whether to stream
    (r"/messages", anthropic, None),
    (r"/messages/count_tokens", anthropic, "count"),
    (r"/responses", responses, None),
    (r"/chat/completions", chat_completions, None),
    (r"/models/[^/:]+:generateContent", gemini, "answer"),
    (r"/models/[^/:]+:streamGenerateContent", gemini, "stream"),
    (r"/models/[^/:]+:countTokens", gemini, "count"),
)


def route(request: ModelRequest) -> Route | None:
    """The route of a request; None when it asks for something else."""
    if request.method != "POST":
        return None
    for pattern, vendor, kind in POSTS:
        if re.fullmatch(rf".*{pattern}", request.path):
            streams: Kind = "stream" if request.fields.get("stream") else "answer"
            return Route(vendor, kind or streams)
    return None


def count_tokens(request: ModelRequest) -> dict[str, int]:
    """A rough count, under Anthropic's name and under Gemini's."""
    tokens = len(compact(request.body)) // CHARACTERS_PER_TOKEN
    return {"input_tokens": tokens, "totalTokens": tokens}


def list_models(request: ModelRequest, names: tuple[str, ...]) -> dict[str, Any] | None:
    """The list of models, as OpenAI and Anthropic or as Gemini give it; None if not asked for."""
    if request.method != "GET" or not request.path.endswith("/models"):
        return None
    if "/v1beta" in request.path:
        return {"models": [{"name": f"models/{name}", "displayName": name} for name in names]}
    made = {"created": 0, "created_at": "1970-01-01T00:00:00Z", "owned_by": "interlock"}
    kind = {"object": "model", "type": "model"}
    data = [{"id": name, "display_name": name, **kind, **made} for name in names]
    return {"object": "list", "data": data, "has_more": False, "models": []}
