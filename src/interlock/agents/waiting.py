"""When a limit passes, found in what a vendor says about it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
UNIT = r"(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)"
SPAN = rf"\d+(?:\.\d+)?\s*{UNIT}\b|\d+(?:\.\d+)?{UNIT}(?=\d)"
SPANS = rf"((?:(?:{SPAN})(?:,|\s|and)*)+)"
ISO = r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
EARLIEST, LATEST = 1_000_000_000, 4_102_444_800  # 2001 and 2100, in seconds of the epoch
LONGEST = 366 * 86400


def find_wait(message: str) -> dict[str, Any]:
    """`retry_after` in seconds, or `until` as ISO time, or `resets` as the vendor words it; empty
    where the message does not say when."""
    head = message[:20_000]
    found = re.search(
        rf"(?:in|after|retryDelay[\"': ]+|wait(?: for)?)\s*\"?{SPANS}", head, re.IGNORECASE
    )
    if found and (seconds := parse_span(found[1])) is not None:
        return {"retry_after": seconds}
    named = re.search(
        r"(?:resets?_in_seconds|retry[-_ ]after)[\"':= ]+(\d+(?:\.\d+)?)", head, re.IGNORECASE
    )
    if named and float(named[1]) <= LONGEST:
        return {"retry_after": float(named[1])}
    instant = re.search(r"(?:resets?_?at[\"':= ]+|\|)(\d{10,13})\b", head, re.IGNORECASE)
    if instant and (until := tell_instant(int(instant[1]))):
        return {"until": until}
    if time := re.search(ISO, head):
        return {"until": time[0]}
    if words := re.search(r"(?:resets?|try again)(?: at)?\s+([^.\n\"]{2,60})", head, re.IGNORECASE):
        return {"resets": words[1].strip()}
    return {}


def parse_span(text: str) -> float | None:
    """A span of time like `2 days 17 hours` or `1h4m20s` in seconds; None for anything else and
    for more than a year."""
    parts = re.findall(rf"(\d+(?:\.\d+)?)\s*{UNIT}(?![a-z])", text, re.IGNORECASE)
    if not parts or any(len(number) > 12 for number, _ in parts):
        return None
    total = sum(float(number) * _factor(unit.lower()) for number, unit in parts)
    return round(total, 3) if total <= LONGEST else None


def tell_instant(epoch: float) -> str | None:
    """Seconds or milliseconds of the epoch as ISO time in UTC; None beyond 2001 to 2100."""
    if not EARLIEST <= epoch <= 1000 * LATEST:
        return None
    seconds = epoch / 1000 if epoch > LATEST else epoch
    if seconds < EARLIEST:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _factor(unit: str) -> float:
    return SECONDS["ms"] if unit.startswith(("ms", "milli")) else SECONDS[unit[0]]
