"""Server-sent events: how the vendors stream an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

PIECES = 4  # a text comes in at most so many deltas


def compact(data: Any) -> str:
    """JSON without blanks, as the vendors write it."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def event(data: Mapping[str, Any], name: str | None = None) -> bytes:
    """One event with JSON in it, named where the protocol names its events."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {compact(data)}\n\n".encode()


def pieces(text: str) -> list[str]:
    """The text in up to `PIECES` parts, none of them empty; joined they are the text."""
    size = max(1, -(-len(text) // PIECES))
    return [text[start : start + size] for start in range(0, len(text), size)]
