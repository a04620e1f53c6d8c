"""A run that is stopped in the middle keeps what it told of having used until then."""

from typing import Any

import pytest

from interlock import Result
from tests.agents.streams import AGENTS, agent_of, hear, text_of

STREAMS = (*(f"{name}-success" for name in AGENTS), "claude-code-subagent", "claude-code-partial")
LIVE = ("claude-code-partial", "opencode-success", "aider-success")
"""Those that tell of each request when it is over, and not only at the end of the run."""

STOPPED = Result(
    "error", error="stopped on request", code=-15, duration_ms=5, data={"stopped": True}
)


def count(entry: Any) -> int:
    """The tokens of an entry, or of a whole usage."""
    return int(entry.get("input_tokens", 0) + entry.get("output_tokens", 0))


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stopped_run_keeps_what_it_used(stream: str) -> None:
    """Wherever it is stopped: no request that was told of is lost, and it is known as stopped."""
    lines = text_of(stream).splitlines(keepends=True)
    for place in range(len(lines) + 1):
        heard = hear(agent_of(stream), "".join(lines[:place]), STOPPED)
        assert heard.result.status == "error"
        assert heard.result.data["stopped"] is True
        told = sum(count(entry) for entry in heard.of("usage"))
        kept = count(heard.result.usage or {})
        # A request that Claude Code had begun counts as far as it is known.
        assert kept >= told if agent_of(stream) == "claude-code" else kept == told


@pytest.mark.parametrize("stream", LIVE)
def test_an_agent_tells_what_it_uses_while_it_works(stream: str) -> None:
    """Before the run is over: a budget can stop it."""
    *before, _ = text_of(stream).splitlines(keepends=True)
    heard = hear(agent_of(stream), "".join(before), STOPPED)
    assert sum(count(entry) for entry in heard.of("usage")) > 0
