"""The streams of Codex, Gemini CLI, opencode and Aider: what each tells in its own way."""

from typing import Any

import pytest

from interlock.engine import Prompt
from tests.agents.streams import hear, hear_recorded, lines, process, text_of


def test_codex_tells_of_commands_thoughts_and_words() -> None:
    """A command that begins and ends is one call."""
    heard = hear_recorded("codex-reasoning")
    assert [kind for kind, _ in heard.events] == [
        *("conversation", "tool_use", "tool_result", "reasoning", "text", "usage"),
    ]
    assert heard.of("tool_use")[0]["tool"] == "exec_command"
    assert heard.result.data["tools"] == {"exec_command": 1}
    usage = heard.result.usage
    assert usage is not None
    assert usage["model"] == "gpt-5.5"
    assert (usage["input_tokens"], usage["cache_read_tokens"]) == (6000, 3000)
    assert (usage["output_tokens"], usage["reasoning_tokens"]) == (60, 10)
    assert usage["requests"] == 2


def item(kind: str, **fields: Any) -> dict[str, Any]:
    """An item of Codex that is done."""
    return {"type": "item.completed", "item": {"id": "i-1", "type": kind, **fields}}


THREAD = {"type": "thread.started", "thread_id": "01a2"}
DONE = {"type": "turn.completed", "usage": {}}

ITEMS = [
    (item("command_execution", status="failed", exit_code=1), "exec_command", False),
    (item("command_execution", status="completed", exit_code=3), "exec_command", False),
    (item("command_execution", status="completed", exit_code=0), "exec_command", True),
    (item("file_change", status="completed", changes=[{"path": "a"}]), "apply_patch", True),
    (
        item("mcp_tool_call", status="completed", server="s", tool="t", result={"content": []}),
        "mcp__s__t",
        True,
    ),
    (item("mcp_tool_call", status="failed", server="s", tool="t", error="no"), "mcp__s__t", False),
    (item("web_search", status="completed", query="q"), "web_search", True),
]


@pytest.mark.parametrize(("event", "tool", "ok"), ITEMS)
def test_codex_tells_of_every_kind_of_tool(event: dict[str, Any], tool: str, ok: bool) -> None:
    """With how it went, also where its begin was not told."""
    heard = hear("codex", lines(THREAD, event, DONE))
    assert heard.of("tool_use")[0]["tool"] == tool
    assert heard.of("tool_result")[0]["ok"] is ok


def test_codex_notes_and_retries_are_no_failure() -> None:
    """An `error` may be harmless; only turn.failed says that it failed."""
    note = item("error", message="Model metadata not found")
    retry = {"type": "error", "message": "Reconnecting... 1/4 (timeout)"}
    said = item("agent_message", text="Done.")
    heard = hear("codex", lines(THREAD, note, retry, said, DONE))
    assert heard.result.ok
    assert len(heard.of("error")) == 2
    kept = item("novelty", text="x")
    assert hear("codex", lines(kept)).events[0][0] == "raw"


CODEX_FAULTS = [
    ("unexpected status 401 Unauthorized: x, url: http://h/v1", "error", "not_logged_in"),
    ("exceeded retry limit, last status: 429 Too Many Requests", "rate_limited", "rate_limit"),
    ("You've hit your usage limit. Try again in 2 hours 5 minutes.", "rate_limited", "rate_limit"),
    ("Quota exceeded. Check your plan and billing details.", "error", "no_credit"),
    ("unexpected status 503 Service Unavailable: x", "overloaded", "server"),
    ("stream disconnected before completion: x", "overloaded", "network"),
    ("Missing environment variable: `KEY`.", "error", "not_logged_in"),
    ("Incomplete response returned, reason: content_filter", "error", "refused"),
    ("Your input exceeds the context window of this model.", "error", "too_long"),
    ("The 'x' model is not supported when using Codex", "error", "unknown_model"),
    ("", "error", "failed"),
]


@pytest.mark.parametrize(("message", "status", "kind"), CODEX_FAULTS)
def test_codex_says_why_a_turn_failed(message: str, status: str, kind: str) -> None:
    """In words only."""
    failed = {"type": "turn.failed", "error": {"message": message}}
    heard = hear("codex", lines(THREAD, failed), process(1))
    assert (heard.result.status, heard.kind) == (status, kind)


def test_a_limit_of_codex_tells_when_it_passes() -> None:
    """In seconds from now."""
    message = "You've hit your usage limit. Upgrade to Pro or try again in 2 hours 5 minutes."
    heard = hear("codex", lines({"type": "turn.failed", "error": {"message": message}}), process(1))
    assert heard.result.data["retry_after"] == 7500


def test_gemini_puts_its_message_together() -> None:
    """One text, when the next thing happens; what comes after the last tool is the answer."""
    heard = hear_recorded("gemini-success")
    assert [kind for kind, _ in heard.events] == [
        *("conversation", "text", "tool_use", "tool_result", "text", "usage"),
    ]
    assert [data["text"] for data in heard.of("text")] == ["I write it.", "Done."]
    assert heard.result.output == "Done."


def test_gemini_counts_thoughts_as_output() -> None:
    """Its own output leaves them out, its total does not."""
    models = {"m": {"total_tokens": 130, "input_tokens": 100, "output_tokens": 20, "cached": 60}}
    done = {"type": "result", "status": "success", "stats": {"tool_calls": 2, "models": models}}
    said = {"type": "message", "role": "assistant", "content": "Done."}
    usage = hear("gemini", lines(said, done)).result.usage
    assert usage is not None
    assert usage["entries"] == [
        {
            "model": "m",
            "requests": 3,
            "input_tokens": 100,
            "output_tokens": 30,
            "cache_read_tokens": 60,
            "reasoning_tokens": 10,
        }
    ]


def test_gemini_must_say_success_and_exit_with_0() -> None:
    """Either alone is wrong: it ends with 0 after an error, and after a signal."""
    said = {"type": "message", "role": "assistant", "content": "Done."}
    good = {"type": "result", "status": "success", "stats": {}}
    bad = {"type": "result", "status": "error", "error": {"message": "[API Error: terminated]"}}
    assert hear("gemini", lines(said, good)).result.ok
    assert hear("gemini", lines(said, bad)).kind == "network"
    assert hear("gemini", lines(said, good), process(144)).result.status == "error"
    assert hear("gemini", lines(said)).kind == "cut"


def test_gemini_does_not_have_what_it_is_not_allowed() -> None:
    """A tool that nobody has is a mistake of the model, not a denial."""
    call = {"type": "tool_use", "tool_id": "1", "tool_name": "write_file", "parameters": {}}
    missing = {"type": "tool_not_registered", "message": "not found"}
    answer = {"type": "tool_result", "tool_id": "1", "status": "error", "error": missing}
    done = {"type": "result", "status": "success"}
    assert hear("gemini", lines(call, answer, done)).kind == "denied"
    invented = {**call, "tool_name": "fly"}
    assert hear("gemini", lines(invented, answer, done)).result.ok
    prompt = Prompt("x", options={"read_only": True})
    assert hear("gemini", lines(call, answer, done), prompt=prompt).result.status == "warning"


def test_gemini_tells_on_standard_error_what_it_left_out() -> None:
    """A server that did not start, settings that it did not take over."""
    done = lines(
        {"type": "message", "role": "assistant", "content": "x"},
        {"type": "result", "status": "success"},
    )
    for told, kind in (
        ("MCP issues detected.", "mcp"),
        ("Skipping system defaults file", "options"),
    ):
        heard = hear("gemini", done, process(0, stderr=told))
        assert (heard.result.status, heard.kind) == ("warning", kind)


def test_an_unknown_option_is_known_for_one_before_a_long_help() -> None:
    """What is wrong stands before it; the help has words of every kind."""
    told = "Unknown arguments: new\n\nUsage: gemini\n" + "an mcp server, log in\n" * 500
    heard = hear("gemini", "", process(1, stderr=told))
    assert heard.kind == "options"
    assert heard.result.error == "Unknown arguments: new"


def test_opencode_logs_which_servers_did_not_start() -> None:
    """One that the session asked for is an error, any other a warning, and what it logs is no
    reason of anything else."""
    log = (
        'timestamp=2026-11-28T16:34:19Z level=WARN message="server unavailable" key=docs type=local'
    )
    ran = process(0, stderr=f"{log}\n{log}\n")
    servers = Prompt("x", options={"mcp": {"docs": {"command": "docs-server"}}})
    asked = hear("opencode", text_of("opencode-success"), ran, prompt=servers)
    assert (asked.result.status, asked.kind) == ("error", "mcp")
    assert asked.result.error == "these MCP servers did not start: docs"
    unasked = hear("opencode", text_of("opencode-success"), ran)
    assert (unasked.result.status, unasked.kind) == ("warning", "mcp")
    failed = hear("opencode", "", process(1, stderr=f"{log}\nSession not found"))
    assert (failed.kind, failed.result.error) == ("gone", "Session not found")


def test_opencode_ends_no_run_for_its_turns() -> None:
    """A model that goes on when it was told to end is a warning."""

    def turns(most: int) -> tuple[str, str | None]:
        prompt = Prompt("x", options={"max_turns": most})
        heard = hear("opencode", text_of("opencode-success"), prompt=prompt)
        return heard.result.status, heard.result.error

    assert turns(2) == ("ok", None)
    told = "its model went on after 1 turns, when it was told to end"
    assert turns(1) == ("warning", told)


def test_opencode_tells_each_step() -> None:
    """With tokens and money; its input leaves the cache out, its output the reasoning."""
    heard = hear_recorded("opencode-success")
    usage = heard.result.usage
    assert usage is not None
    assert usage["entries"][0] == {
        "model": "m1",
        "requests": 1,
        "input_tokens": 9750,
        "output_tokens": 100,
        "cache_read_tokens": 6300,
    }
    assert usage["vendor_cost_usd"] == pytest.approx(0.01704)
    assert heard.result.data["turns"] == 2


def test_opencode_says_0_of_a_price_it_does_not_know() -> None:
    """That is no figure."""
    part = {"reason": "stop", "cost": 0, "tokens": {"input": 5}}
    heard = hear("opencode", lines({"type": "step_finish", "part": part}))
    assert heard.result.usage is not None
    assert heard.result.usage["vendor_cost_usd"] is None


def test_opencode_must_end_with_a_step_that_stopped() -> None:
    """One that ends with a tool call goes on, and one that began is not over."""
    call = {"type": "step_finish", "part": {"reason": "tool-calls"}}
    stop = {"type": "step_finish", "part": {"reason": "stop"}}
    text = {"type": "text", "sessionID": "ses_1", "part": {"text": "Done."}}
    assert hear("opencode", lines(text, call, stop)).result.ok
    assert hear("opencode", lines(text, stop, {"type": "step_start"})).kind == "cut"
    assert hear("opencode", lines(text, call)).kind == "cut"


def test_aider_tells_edits_and_tokens() -> None:
    """What it tells about itself first is kept and is no answer."""
    heard = hear_recorded("aider-success")
    assert heard.result.ok
    assert heard.of("tool_use") == [{"tool": "edit", "input": '{"path":"hello.txt"}'}]
    assert heard.result.data["model"] == "openai/gpt-4o"
    assert heard.result.usage is not None
    assert heard.result.usage["entries"] == [
        {"model": "gpt-4o", "requests": 1, "input_tokens": 820, "output_tokens": 9}
    ]
    assert heard.result.usage["vendor_cost_usd"] == 0.0021
    assert "Main model" not in heard.result.output


def test_aider_ends_well_after_an_error_too() -> None:
    """An error that no answer follows is one; exit code 0 says nothing."""
    begin = "Repo-map: disabled\n"
    failed = "litellm.RateLimitError: Too many requests. Please retry in 12s.\n"
    retry = "Retrying in 0.2 seconds...\n"
    answer = "Hello.\nTokens: 1.2k sent, 300 cache write, 1k cache hit, 5 received.\n"
    limited = hear("aider", begin + failed + retry + failed)
    assert limited.result.status == "rate_limited"
    assert limited.result.data["retry_after"] == 12
    heard = hear("aider", begin + failed + retry + answer)
    assert heard.result.ok
    (entry,) = heard.of("usage")
    assert (entry["input_tokens"], entry["cache_write_tokens"]) == (1200, 300)
    assert entry["cache_read_tokens"] == 1000
