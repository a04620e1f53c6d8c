"""Whatever a program prints is read: recorded streams, cut ones, garbage, formats not known yet."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from interlock.engine import Prompt, Result
from interlock.engine.payload import accept, check_payload
from tests.agents.streams import (
    AGENTS,
    EXITS,
    MORE,
    RECORDED,
    agent_of,
    hear,
    hear_recorded,
    lines,
    load,
    process,
    text_of,
)

STREAMS = sorted(path.stem for folder in (RECORDED, MORE) for path in folder.glob("*.[jt]*"))
STREAMS.remove("exits")
PROMPT = Prompt("Write hello.txt")

EXPECTED: dict[str, tuple[str, str | None]] = {
    "aider-cut-once": ("ok", None),
    "aider-error-429": ("ok", None),
    "aider-error-401": ("error", "not_logged_in"),
    "aider-success": ("ok", None),
    "claude-code-broken-server": ("warning", "mcp"),
    "claude-code-budget": ("error", "budget"),
    "claude-code-cut": ("overloaded", "network"),
    "claude-code-cut-once": ("ok", None),
    "claude-code-denied": ("error", "denied"),
    "claude-code-error-401": ("error", "not_logged_in"),
    "claude-code-error-429": ("ok", None),
    "claude-code-gone": ("error", "gone"),
    "claude-code-max-turns": ("error", "max_turns"),
    "claude-code-max-turns-denied": ("error", "max_turns"),
    "claude-code-no-key": ("error", "not_logged_in"),
    "claude-code-overloaded": ("overloaded", "server"),
    "claude-code-plan": ("needs_input", None),
    "claude-code-question": ("needs_input", None),
    "claude-code-question-ends": ("needs_input", None),
    "claude-code-question-ignored": ("warning", "unanswered"),
    "claude-code-partial": ("ok", None),
    "claude-code-rate-limit": ("rate_limited", "rate_limit"),
    "claude-code-read-only": ("ok", None),
    "claude-code-refusal": ("error", "refused"),
    "claude-code-subagent": ("ok", None),
    "claude-code-success": ("ok", None),
    "claude-code-too-long-answer": ("error", "max_output"),
    "claude-code-unknown-command": ("error", "silent"),
    "claude-code-unknown-model": ("error", "unknown_model"),
    "codex-cut": ("overloaded", "network"),
    "codex-cut-once": ("ok", None),
    # It tells nothing of the command that its sandbox stopped; only its own words say so.
    "codex-denied": ("ok", None),
    "codex-error-401": ("error", "not_logged_in"),
    "codex-error-429": ("ok", None),
    "codex-no-key": ("error", "not_logged_in"),
    "codex-overloaded": ("overloaded", "server"),
    "codex-rate-limit": ("rate_limited", "rate_limit"),
    "codex-reasoning": ("ok", None),
    "codex-resumed": ("ok", None),
    "codex-silent": ("error", "silent"),
    "codex-success": ("ok", None),
    "codex-too-long-answer": ("error", "max_output"),
    "codex-unknown-model": ("error", "unknown_model"),
    "gemini-cut": ("overloaded", "network"),
    "gemini-cut-once": ("overloaded", "network"),
    "gemini-denied": ("error", "denied"),
    "gemini-error-401": ("error", "not_logged_in"),
    "gemini-error-429": ("ok", None),
    "gemini-killed": ("error", "cut"),
    "gemini-max-turns": ("error", "max_turns"),
    "gemini-plan": ("ok", None),
    "gemini-read-only": ("error", "denied"),
    "gemini-silent": ("error", "silent"),
    "gemini-success": ("ok", None),
    "gemini-unknown-model": ("error", "unknown_model"),
    "opencode-cut-once": ("ok", None),
    "opencode-denied": ("error", "denied"),
    "opencode-error-401": ("error", "not_logged_in"),
    "opencode-error-429": ("ok", None),
    "opencode-killed": ("error", "cut"),
    "opencode-read-only": ("error", "denied"),
    "opencode-refusal": ("error", "refused"),
    "opencode-silent": ("error", "silent"),
    "opencode-success": ("ok", None),
    "opencode-too-long-answer": ("error", "max_output"),
    "opencode-unknown-model": ("error", "unknown_model"),
}
FINE = ("ok", "warning", "needs_input")
FAILED = {name: 1 for name, (status, _) in EXPECTED.items() if status not in FINE}
ENDED_WELL = (
    *("claude-code-unknown-command", "codex-silent", "gemini-killed", "gemini-read-only"),
    *("gemini-silent", "opencode-killed", "opencode-read-only", "opencode-silent"),
    *("opencode-too-long-answer",),
)
"""Streams that go with exit code 0 although the run came to nothing good."""


def code_of(stream: str) -> int:
    """The exit code that a recorded run ended with."""
    return EXITS.get(stream, 0 if stream in ENDED_WELL else FAILED.get(stream, 0))


def test_every_recorded_stream_has_its_meaning_here() -> None:
    """None is forgotten, and there is none for this that is no more."""
    assert sorted(EXPECTED) == STREAMS


@pytest.mark.parametrize("stream", STREAMS)
def test_a_recorded_run_comes_to_what_it_was(stream: str) -> None:
    """Its status, and the kind of what went wrong, with a cause in words on one line."""
    heard = hear_recorded(stream, code_of(stream))
    assert (heard.result.status, heard.kind) == EXPECTED[stream], heard.result.error
    if heard.result.status not in ("ok", "needs_input"):
        assert heard.result.error
        assert "\n" not in heard.result.error


@pytest.mark.parametrize("stream", STREAMS)
def test_a_run_is_never_ok_by_its_exit_code_alone(stream: str) -> None:
    """An exit code that is not 0 is an error whatever was told before."""
    heard = hear_recorded(stream, 3)
    assert heard.result.status not in ("ok", "warning")


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("text", ["", "\n\n", "hello\n", '{"type":"novelty"}\n', "{}\n", "[1]\n"])
def test_a_run_that_tells_of_no_end_is_an_error(agent: str, text: str) -> None:
    """Nothing that is not known to be an end is taken for one."""
    assert hear(agent, text).result.status == "error"
    assert hear(agent, text).kind in ("silent", "cut")


@pytest.mark.parametrize("agent", AGENTS[:4])
@pytest.mark.parametrize("line", ["words", '{"type":"novelty","x":[1]}', "[1]", '{"half', "5"])
def test_a_line_that_is_not_known_is_kept(agent: str, line: str) -> None:
    """As it came."""
    assert hear(agent, f"{line}\n").events == [("raw", {"text": line})]


@pytest.mark.parametrize("agent", AGENTS)
def test_a_long_line_is_kept_in_part(agent: str) -> None:
    """Its head, and how long it was."""
    (_, data), *more = hear(agent, "x" * 5000).events
    assert not more
    assert len(data["text"]) < 2100
    assert data["characters"] == 5000


TEXTS = {stream: text_of(stream) for stream in STREAMS}


@settings(max_examples=60, deadline=None)
@given(stream=st.sampled_from(STREAMS), data=st.data())
def test_a_stream_may_end_or_be_torn_anywhere(stream: str, data: st.DataObject) -> None:
    """What was recorded, cut at any character and with any text put in, is read to an end that
    can be kept."""
    text = TEXTS[stream]
    place = data.draw(st.integers(0, len(text)))
    noise = data.draw(st.text(max_size=30))
    rest = data.draw(st.integers(place, len(text)))
    check(agent_of(stream), text[:place] + noise + text[rest:])


def known_words() -> tuple[list[str], list[str]]:
    """The keys and the short texts of all recorded events: what a reader may look at."""
    keys: set[str] = set()
    texts: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            keys.update(value)
            for part in value.values():
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)
        elif isinstance(value, str) and len(value) < 30:
            texts.add(value)

    for text in TEXTS.values():
        for line in text.split("\n"):
            if line.startswith("{"):
                walk(json.loads(line))
    return sorted(keys), sorted(texts)


KEYS, SHORT = known_words()
ODD = st.sampled_from(["\ud800", "a\0b", "-x", "", 2**70, -1, 1e308, float("nan"), float("inf")])
VALUES = st.recursive(
    st.sampled_from(SHORT) | ODD | st.none() | st.booleans() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=10,
)
EVENTS = st.builds(
    lambda event, kind: {**event, "type": kind},
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6),
    st.sampled_from(SHORT) | VALUES,
)


@settings(max_examples=150, deadline=None)
@given(agent=st.sampled_from(AGENTS), events=st.lists(EVENTS, max_size=6))
def test_events_of_any_shape_are_read(agent: str, events: list[dict[str, object]]) -> None:
    """Known words in any place with any value: nothing raises, and all that is made can be kept."""
    check(agent, lines(*events))


@given(agent=st.sampled_from(AGENTS), text=st.text(max_size=200))
@example("claude-code", "[" * 100_000)
@example("codex", "{" * 100_000)
@example("codex", '{"a":' * 50_000 + "1" + "}" * 50_000)
@example("gemini", '{"type":"result","stats":{"models":{"m":{"total_tokens":' + "9" * 5000 + "}}}}")
@example("opencode", '{"type":"step_finish","part":{"cost":1e999,"tokens":{"input":1e400}}}')
@example("aider", "Repo-map: x\nTokens: " + "9" * 400 + "k sent, 1 received.")
@example("claude-code", '{"type":"result","total_cost_usd":NaN,"num_turns":-5,"errors":7}')
def test_text_of_any_kind_is_read(agent: str, text: str) -> None:
    """Garbage, depth, numbers that no computer holds."""
    check(agent, text)


def check(agent: str, text: str) -> None:
    """The events and the result can be kept, and the status is one that the engine knows."""
    for code in (0, 1):
        heard = hear(agent, text, process(code))
        for kind, data in heard.events:
            check_payload(data, kind)
        accept(heard.result)
        assert heard.result.status in (
            *("ok", "warning", "error", "rate_limited", "overloaded", "needs_input"),
        )


def test_a_whole_run_can_be_read_at_once() -> None:
    """As the contract of every agent has it, when no more is known than the prompt."""
    for stream in ("claude-code-success", "codex-success", "gemini-success", "aider-success"):
        agent = load(agent_of(stream))
        whole = process(0, stdout=TEXTS[stream])
        assert agent.read(PROMPT, whole) == hear_recorded(stream, options=()).result


@pytest.mark.parametrize("agent", AGENTS)
def test_a_process_that_ended_otherwise_has_the_last_word(agent: str) -> None:
    """Its time ran out, somebody stopped it, a signal killed it: it is not ok, and the
    conversation is remembered."""
    text = TEXTS[f"{agent}-success"]
    late = hear(agent, text, Result("timeout", error="timed out after 5 s", code=-15))
    assert (late.result.status, late.kind) == ("timeout", "timeout")
    stopped = process(-15, error="stopped on request", data={"stopped": True})
    assert hear(agent, text, stopped).kind == "stopped"
    killed = hear(agent, text[: len(text) // 2], process(-9, error="killed by SIGKILL (Killed)"))
    assert killed.result.status == "error"
    assert "SIGKILL" in (killed.result.error or "")
    for heard in (late, killed):
        remembered = heard.result.remember.get("conversations", {})
        assert (agent in remembered) == load(agent).description.resume


@pytest.mark.parametrize("agent", AGENTS)
def test_a_program_that_is_not_there_is_told_with_what_installs_it(agent: str) -> None:
    """Anything else that kept it from starting is told as it is."""
    missing = process(None, error="the program x was not found: install it, or add its folder")
    heard = hear(agent, "", missing)
    assert heard.kind == "not_installed"
    assert load(agent).description.install in (heard.result.error or "")
    other = hear(agent, "", process(None, error="x may not be run: make it executable"))
    assert (other.kind, other.result.error) == (
        "not_started",
        "x may not be run: make it executable",
    )


@pytest.mark.parametrize("agent", AGENTS)
def test_nobody_logged_in_is_told_with_what_to_do(agent: str) -> None:
    """For each program the way that it has."""
    heard = hear_recorded(f"{agent}-error-401", EXITS.get(f"{agent}-error-401", 0))
    assert heard.result.error is not None
    assert heard.result.error.endswith(load(agent).description.login)


EXITING = [
    ("claude-code", 1, "error: unknown option '--nope'\n(Did you mean --name?)", "options"),
    ("claude-code", 1, "Error: Session ID 1-2 is already in use.", "in_use"),
    ("codex", 2, "error: unexpected argument '--nope' found", "options"),
    (
        "codex",
        1,
        "Error: thread/resume failed: no rollout found for thread id 1 (code -32600)",
        "gone",
    ),
    ("codex", 1, "Error: required MCP servers failed to initialize: engine: No such file", "mcp"),
    ("gemini", 1, "Unknown argument: nope", "options"),
    ("gemini", 41, "you must specify the GEMINI_API_KEY environment variable.", "not_logged_in"),
    ("gemini", 42, "Error resuming session: No previous sessions found", "gone"),
    ("gemini", 55, "Gemini CLI is not running in a trusted directory.", "untrusted"),
    ("opencode", 1, "opencode run [message..]\n\nrun opencode with a message", "options"),
    ("opencode", 1, "Error: Session not found", "gone"),
    ("aider", 2, "aider: error: unrecognized arguments: --nope", "options"),
    ("claude-code", 1, "Something new went wrong", "failed"),
]


@pytest.mark.parametrize(("agent", "code", "stderr", "kind"), EXITING)
def test_what_is_told_on_standard_error_alone_is_understood(
    agent: str, code: int, stderr: str, kind: str
) -> None:
    """Where the stream says nothing."""
    heard = hear(agent, "", process(code, stderr=stderr))
    assert (heard.result.status, heard.kind) == ("error", kind)
