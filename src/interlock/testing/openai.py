"""What OpenAI's two APIs have in common: how they say an error."""

from __future__ import annotations

from typing import Any

from interlock.testing.turn import Turn

OVERLOADED, UNAVAILABLE = 529, 503
ERRORS = {
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    404: ("invalid_request_error", "model_not_found", "The model does not exist."),
    429: ("rate_limit_error", "rate_limit_exceeded", "Rate limit reached."),
    503: ("server_error", "server_overloaded", "The server is overloaded."),
}


def refuse(turn: Turn) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the body of an error."""
    status = UNAVAILABLE if turn.status == OVERLOADED else turn.status
    other = "server_error" if status >= 500 else "invalid_request_error"
    kind, code, message = ERRORS.get(status, (other, None, "The server had an error."))
    said = turn.message or message
    return status, {"error": {"message": said, "type": kind, "param": None, "code": code}}
