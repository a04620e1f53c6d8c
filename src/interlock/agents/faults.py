"""What went wrong with an agent, read from what its vendor says: a status, a kind, a cause."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import evolve, field, frozen

from interlock.agents.stream import clip
from interlock.agents.waiting import find_wait

RATE_LIMITED = "rate_limited"
OVERLOADED = "overloaded"
MAX_CAUSE = 2_000  # characters


@frozen
class Fault:
    """Why a run is not ok."""

    kind: str
    cause: str
    """In words, on one line."""
    status: str = "error"
    """`error`; `rate_limited` or `overloaded` for what is nobody's fault and passes."""
    data: Mapping[str, Any] = field(factory=dict)
    """For `rate_limited`, when it passes where that is known: see `find_wait`."""

    def advising(self, advice: str) -> Fault:
        """The same fault, its cause with what to do about it."""
        return evolve(self, cause=f"{self.cause}: {advice}") if advice else self


BY_STATUS: Mapping[int, tuple[str, str]] = {
    401: ("not_logged_in", "error"),
    402: ("no_credit", "error"),
    403: ("forbidden", "error"),
    404: ("unknown_model", "error"),
    408: ("network", OVERLOADED),
    413: ("too_long", "error"),
    429: ("rate_limit", RATE_LIMITED),
}

BILLING = r"credit balance|insufficient[_ ]quota|billing|payment required"

BY_WORDS: tuple[tuple[str, str, str], ...] = (
    # what is said, kind, status; the first that fits
    (r"no conversation found|session not found|no rollout found|resuming session", "gone", ""),
    (r"is already in use", "in_use", ""),
    (r"unknown option|unexpected argument|unknown argument|unrecognized argument", "options", ""),
    (r"invalid value|cannot be used multiple times", "options", ""),
    (r"mcp server", "mcp", ""),
    (r"empty response", "silent", ""),
    (r"trusted (directory|folder)|not inside a trusted", "untrusted", ""),
    (r"max(imum|_)? ?(number of |session )?turns|turn ?limit", "max_turns", ""),
    (r"model.{0,60}(not exist|not found|not supported|unsupported|no access)", "unknown_model", ""),
    (r"(unknown|invalid|issue with the selected) model", "unknown_model", ""),
    (r"models?\b.{0,40}was not found|model_?not_?found", "unknown_model", ""),
    (r"output token maximum|max_output_tokens|max_tokens", "max_output", ""),
    (r"prompt is too long|context.{0,12}(length|window|limit)|too many tokens", "too_long", ""),
    (r"usage policy|content.?filter|safety|refus(ed|al) to", "refused", ""),
    (r"usage limit|rate.?limit|too many requests|hit your limit|quota", "rate_limit", RATE_LIMITED),
    (r"resource.{0,12}exhausted|limit reached|credit balance", "rate_limit", RATE_LIMITED),
    (r"not logged in|log ?in|api[ _]key|unauthori[sz]ed|authenticat", "not_logged_in", ""),
    (r"credential|missing environment variable|auth method", "not_logged_in", ""),
    (r"overloaded|high demand|unavailable|internal (server )?error", "server", OVERLOADED),
    (r"econn|enotfound|getaddrinfo|network|connection|socket|fetch failed", "network", OVERLOADED),
    (r"stream disconnected|timed? ?out|error decoding|\bterminated\b", "network", OVERLOADED),
)


def explain(message: str, http: int | None = None, kind: str = "failed") -> Fault:
    """The fault that a vendor's message and, where there is one, HTTP status stand for.

    `kind` is that of a message which says nothing known.
    """
    cause = " ".join(clip(message, MAX_CAUSE).split()) or "it said nothing about why"
    http = http or find_http(cause)
    if http is not None and http >= 500:
        return Fault("server", cause, OVERLOADED)
    found, status = BY_STATUS.get(http or 0) or _search(cause) or (kind, "error")
    if found == "rate_limit":
        wait = find_wait(message)
        if re.search(BILLING, cause, re.IGNORECASE) and not wait:
            return Fault("no_credit", cause)
        return Fault(found, cause, status, wait)
    return Fault(found, cause, status)


def find_http(message: str) -> int | None:
    """The HTTP status that a message tells of; None where it tells of none."""
    found = re.search(
        r"(?:status(?:[ _]?code)?[\"': ]{1,4}|API Error: |\"code\":\s*|HTTP )([45]\d\d)\b",
        message,
        re.IGNORECASE,
    )
    return int(found[1]) if found else None


def _search(cause: str) -> tuple[str, str] | None:
    for words, kind, status in BY_WORDS:
        if re.search(words, cause, re.IGNORECASE):
            return kind, status or "error"
    return None
