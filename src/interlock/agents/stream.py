"""Lines of JSON from a program that nobody here controls, read so that none of them does harm."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from interlock.agents.invocation import Event
from interlock.engine.payload import visible

MAX_TEXT = 16_000  # characters of one text in an event
MAX_RAW = 2_000  # characters of a line that is kept as it came
MAX_INPUT = 2_000  # characters of a tool call's arguments
MAX_COUNT = 2**53  # what every reader of JSON can hold exactly

Fields = Mapping[str, Any]


def parse_line(line: str) -> dict[str, Any] | None:
    """The JSON object that a line is; None for any other line."""
    text = line.strip()
    if not text.startswith("{"):
        return None
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def raw(line: str) -> list[Event]:
    """The event that keeps a line nobody understands; none for a blank line."""
    text = line.strip()
    if not text:
        return []
    data: dict[str, Any] = {"text": clip(text, MAX_RAW)}
    if len(text) > MAX_RAW:
        data["characters"] = len(text)
    return [("raw", data)]


def clip(text: str, limit: int = MAX_TEXT) -> str:
    """The text, fit to be kept, cut at `limit` characters with a mark that it is cut."""
    return visible(text if len(text) <= limit else f"{text[:limit]}...")


def text_of(value: object, limit: int = MAX_TEXT) -> str:
    """A JSON string, fit to be kept; empty for anything else."""
    return clip(value, limit) if isinstance(value, str) else ""


def count_of(value: object) -> int:
    """A JSON number as a count; 0 for anything else and for what cannot be one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    if isinstance(value, float) and not math.isfinite(value):
        return 0
    return min(max(int(value), 0), MAX_COUNT)


def money_of(value: object) -> float | None:
    """A JSON number as a sum of money; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        amount = float(value)
    except OverflowError:
        return None
    return amount if math.isfinite(amount) and amount >= 0 else None


def fields_of(value: object) -> Fields:
    """A JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def each_of(value: object) -> Iterator[Fields]:
    """The objects of a JSON list; none for anything else."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def summarize(value: object) -> str:
    """A tool call's arguments as a short JSON text."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, TypeError, RecursionError):
        return ""
    return clip(text, MAX_INPUT)


def join_texts(content: object) -> str:
    """The text of a message that is a string, or a list of parts with `text` in them."""
    if isinstance(content, str):
        return visible(content)
    return "\n".join(text for part in each_of(content) if (text := text_of(part.get("text"))))
