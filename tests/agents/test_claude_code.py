"""Claude Code's stream: its events, who used what, and how its result event is read."""

from typing import Any

import pytest

from interlock.engine import Prompt
from tests.agents.streams import Heard, hear, hear_recorded, lines, process

INIT = {"type": "system", "subtype": "init", "session_id": "0f-1", "model": "claude-x"}


def result(**fields: Any) -> dict[str, Any]:
    """A result event."""
    told = {"subtype": "success", "is_error": False, "result": "Done.", "num_turns": 1}
    return {"type": "result", "session_id": "0f-1", **told, **fields}


def end(code: int = 0, **fields: Any) -> Heard:
    """A run with this result event."""
    return hear("claude-code", lines(INIT, result(**fields)), process(code))


def test_the_events_of_a_run() -> None:
    """In order, each once, however often a message comes in pieces."""
    heard = hear_recorded("claude-code-partial")
    assert [kind for kind, _ in heard.events] == [
        *("conversation", "tool_use", "usage", "tool_result", "text", "usage"),
    ]
    (call,) = heard.of("tool_use")
    assert call == {
        "tool": "Write",
        "input": '{"file_path":"/home/user/project/hello.txt","content":"hi"}',
    }
    assert heard.of("tool_result")[0]["ok"] is True
    assert heard.result.output == "Done."
    assert heard.result.data["tools"] == {"Write": 1}
    assert heard.result.data["version"] == "2.1.197"


def test_each_request_is_told_with_what_it_used() -> None:
    """The output of a message's begin is not the truth; its end has it."""
    usage = hear_recorded("claude-code-partial").result.usage
    assert usage is not None
    assert usage["entries"] == [
        {
            "model": "claude-sonnet-4-5",
            "requests": 1,
            "input_tokens": 5000,
            "output_tokens": 40,
            "cache_read_tokens": 3000,
            "cache_write_tokens": 500,
        },
        {"model": "claude-sonnet-4-5", "requests": 1, "input_tokens": 6000, "output_tokens": 50},
    ]
    assert (usage["input_tokens"], usage["output_tokens"], usage["requests"]) == (11000, 90, 2)
    assert usage["vendor_cost_usd"] == pytest.approx(0.026625)


def test_what_a_subagent_used_counts() -> None:
    """The stream does not tell of its requests; the totals at the end do."""
    heard = hear_recorded("claude-code-subagent")
    assert heard.result.usage is not None
    assert (heard.result.usage["input_tokens"], heard.result.usage["output_tokens"]) == (3000, 60)
    assert heard.result.output == "main"


def test_a_request_that_was_cut_off_counts_as_far_as_it_is_known() -> None:
    """Its input was paid."""
    start = {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 7}}}
    heard = hear("claude-code", lines(INIT, {"type": "stream_event", "event": start}), process(143))
    assert heard.result.usage is not None
    assert heard.result.usage["entries"] == [{"model": "m", "requests": 1, "input_tokens": 7}]
    assert heard.kind == "failed"


def test_cache_writes_for_an_hour_are_told_apart() -> None:
    """They cost more."""
    usage = {
        "input_tokens": 1,
        "cache_creation_input_tokens": 5,
        "cache_creation": {"ephemeral_1h_input_tokens": 3},
    }
    start = {"type": "message_start", "message": {"model": "m", "usage": usage}}
    stop = {"type": "message_delta", "usage": {"output_tokens": 2, "input_tokens": None}}
    stream = ({"type": "stream_event", "event": event} for event in (start, stop))
    (entry,) = hear("claude-code", lines(INIT, *stream)).of("usage")
    assert entry == {
        "model": "m",
        "requests": 1,
        "input_tokens": 6,
        "output_tokens": 2,
        "cache_write_tokens": 5,
        "cache_write_1h_tokens": 3,
    }


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"is_error": True, "api_error_status": 401, "result": "x"}, "error", "not_logged_in"),
    ({"is_error": True, "api_error_status": 403, "result": "x"}, "error", "forbidden"),
    ({"is_error": True, "api_error_status": 404, "result": "x"}, "error", "unknown_model"),
    ({"is_error": True, "api_error_status": 413, "result": "x"}, "error", "too_long"),
    ({"is_error": True, "api_error_status": 429, "result": "x"}, "rate_limited", "rate_limit"),
    ({"is_error": True, "api_error_status": 500, "result": "x"}, "overloaded", "server"),
    ({"is_error": True, "api_error_status": 529, "result": "x"}, "overloaded", "server"),
    ({"is_error": True, "result": "Prompt is too long"}, "error", "too_long"),
    ({"is_error": True, "result": "Credit balance is too low"}, "error", "no_credit"),
    ({"is_error": True, "result": "no", "stop_reason": "refusal"}, "error", "refused"),
    ({"is_error": True, "result": "?"}, "error", "failed"),
    ({"is_error": True, "result": ""}, "error", "failed"),
    ({"is_error": None}, "error", "failed"),
    ({"subtype": "error_during_execution", "errors": ["Interrupted"]}, "error", "aborted"),
    ({"subtype": "error_max_turns", "errors": ["Too many"]}, "error", "max_turns"),
    ({"subtype": "error_max_turns"}, "error", "max_turns"),
    ({"subtype": "error_max_budget_usd", "errors": ["Spent"]}, "error", "budget"),
    ({"subtype": "novelty"}, "error", "failed"),
    ({"num_turns": 0, "result": "Unknown command: /x"}, "error", "silent"),
]


@pytest.mark.parametrize(("fields", "status", "kind"), FAULTS)
def test_a_result_with_an_error_in_it_is_one(
    fields: dict[str, Any], status: str, kind: str
) -> None:
    """Whatever the exit code: one that was interrupted ends with 0."""
    for code in (0, 1):
        heard = end(code, **fields)
        assert (heard.result.status, heard.kind) == (status, kind)


def test_only_a_result_without_an_error_is_ok() -> None:
    """And only with exit code 0."""
    assert end().result.ok
    assert end(1).result.status == "error"
    assert not hear("claude-code", lines(INIT)).result.ok


def test_a_limit_is_told_with_the_time_that_it_passes() -> None:
    """From its own event, which is exact; from the words, where there is none."""
    limit = {"status": "rejected", "resetsAt": 1778565600, "rateLimitType": "five_hour"}
    said = result(is_error=True, api_error_status=429, result="You've hit your limit · resets 2pm")
    told = {"type": "rate_limit_event", "rate_limit_info": limit}
    heard = hear("claude-code", lines(INIT, told, said), process(1))
    assert heard.result.status == "rate_limited"
    assert heard.result.data["until"] == "2026-05-12T06:00:00+00:00"
    assert heard.of("error")[0]["message"].startswith("the limit five_hour is reached, until 2026")
    words = hear("claude-code", lines(INIT, said), process(1))
    assert words.result.data["resets"] == "2pm"


@pytest.mark.parametrize("status", ["allowed", "allowed_warning", None, 5])
def test_a_limit_that_is_not_reached_is_nothing(status: Any) -> None:
    """It only tells how much is left."""
    limit = {"type": "rate_limit_event", "rate_limit_info": {"status": status}}
    heard = hear("claude-code", lines(INIT, limit, result()))
    assert (heard.result.status, heard.of("error")) == ("ok", [])


DENIAL = {"tool_name": "Bash", "tool_use_id": "t-1", "tool_input": {"command": "rm"}}


def use(tool: str, *, failed: bool = False) -> list[dict[str, Any]]:
    """A tool call and what came of it."""
    call = {"type": "tool_use", "id": f"t-{tool}", "name": tool, "input": {}}
    answer = {"type": "tool_result", "tool_use_id": f"t-{tool}", "content": "x", "is_error": failed}
    return [
        {"type": "assistant", "message": {"content": [call]}},
        {"type": "user", "message": {"content": [answer]}},
    ]


def test_a_denial_is_an_error_where_nothing_was_changed() -> None:
    """It could not do what it was asked for; where it changed something, that is a warning."""
    told = result(permission_denials=[DENIAL])
    read = hear("claude-code", lines(INIT, *use("Read"), *use("Write", failed=True), told))
    assert (read.result.status, read.kind) == ("error", "denied")
    assert read.result.error == "it changed nothing: it was not allowed to use Bash"
    assert read.of("denied") == [{"tool": "Bash", "reason": '{"command":"rm"}'}]
    wrote = hear("claude-code", lines(INIT, *use("Write"), told))
    assert (wrote.result.status, wrote.kind) == ("warning", "denied")
    assert wrote.result.error == "it was not allowed to use Bash"


def test_a_denial_is_expected_of_a_prompt_that_only_reads() -> None:
    """It is a warning: that is what was asked for."""
    told = result(permission_denials=[DENIAL])
    prompt = Prompt("x", options={"read_only": True})
    heard = hear("claude-code", lines(INIT, *use("Read"), told), prompt=prompt)
    assert (heard.result.status, heard.kind) == ("warning", "denied")


def test_a_server_that_was_asked_for_and_is_broken_is_an_error() -> None:
    """Any other broken one is a warning; one that waits for a login is nothing."""
    servers = [{"name": "engine", "status": "failed"}, {"name": "mail", "status": "needs-auth"}]
    stream = lines({**INIT, "mcp_servers": servers}, result())
    asked = Prompt("x", options={"mcp": {"engine": {"command": "serve"}}})
    heard = hear("claude-code", stream, prompt=asked)
    assert (heard.result.status, heard.kind) == ("error", "mcp")
    assert heard.result.error == "these MCP servers did not start: engine"
    assert hear("claude-code", stream).result.status == "warning"


def test_a_conversation_that_is_gone_is_forgotten() -> None:
    """The next prompt begins anew, and other agents' conversations stay."""
    heard = hear_recorded("claude-code-gone", 1)
    assert heard.kind == "gone"
    assert heard.result.remember == {"conversations": {}, "usage_seen": {}}


def test_a_line_into_which_another_was_written_is_kept_and_the_rest_read() -> None:
    """That happens: the two halves are no JSON, and the result event still is."""
    torn = '{"type":"assistant","message":{"content":[{"type":"text","text":"par'
    limit = '{"type":"rate_limit_event","rate_limit_info":{"status":"allowed"}}'
    stream = f'{lines(INIT)}{torn}{limit}\ntial"}}]}}}}\n{lines(result())}'
    heard = hear("claude-code", stream)
    assert heard.result.ok
    assert [kind for kind, _ in heard.events] == ["conversation", "raw", "raw"]


def test_a_hook_may_speak_before_it_begins() -> None:
    """The first event need not be the first of the run."""
    hook = {"type": "system", "subtype": "hook_started", "session_id": "0f-1"}
    heard = hear("claude-code", lines(hook, INIT, result()))
    assert heard.result.ok
    assert heard.of("conversation") == [{"id": "0f-1"}]
