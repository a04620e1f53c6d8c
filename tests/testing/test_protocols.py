"""Every vendor's protocol says the whole turn, in its stream and without."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.engine.errors import InvalidInput
from interlock.testing import ToolCall, Turn, Usage, anthropic, chat_completions, gemini, responses
from interlock.testing.routes import Vendor
from tests.testing.transcripts import (
    Hear,
    Heard,
    events,
    hear_anthropic,
    hear_chat,
    hear_gemini,
    hear_responses,
)

MODEL = "some-model"
# vendor, how its stream is read, its words for: a call, the end, too long, a refusal
VENDORS: list[tuple[Vendor, Hear, tuple[str, str, str, str]]] = [
    (anthropic, hear_anthropic, ("tool_use", "end_turn", "max_tokens", "refusal")),
    (chat_completions, hear_chat, ("tool_calls", "stop", "length", "content_filter")),
    (
        responses,
        hear_responses,
        (
            "response.completed",
            "response.completed",
            "response.incomplete",
            "response.incomplete",
        ),
    ),
    (gemini, hear_gemini, ("STOP", "STOP", "MAX_TOKENS", "SAFETY")),
]
IDS = ["anthropic", "chat_completions", "responses", "gemini"]
STOPS = ("end", "length", "refusal")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
names = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
arguments = st.dictionaries(names, texts | st.integers() | st.lists(texts, max_size=3), max_size=3)
calls = st.lists(st.builds(ToolCall, names, arguments), max_size=3).map(tuple)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    """Counts that fit each other."""
    read, written, fresh, said, thought = (draw(st.integers(0, 10**6)) for _ in range(5))
    return Usage(
        input=read + written + fresh,
        output=said + thought,
        cache_read=read,
        cache_write=written,
        cache_write_1h=draw(st.integers(0, written)),
        reasoning=thought,
    )


turns = st.builds(
    Turn,
    said=texts,
    reasoning=texts,
    calls=calls,
    usage=usages(),
    model=st.none() | st.just("another-model"),
    stop=st.just("end"),
)


@pytest.mark.parametrize(("vendor", "hear", "words"), VENDORS, ids=IDS)
@given(turn=turns)
def test_a_stream_says_the_whole_turn(
    vendor: Vendor, hear: Hear, words: tuple[str, ...], turn: Turn
) -> None:
    """Deltas add up to the texts, the calls and the usage of the turn."""
    model = turn.model or MODEL
    heard = hear(events(b"".join(vendor.stream(turn, model))))
    assert heard == Heard.of(turn, words[0] if turn.calls else words[1], model)


@pytest.mark.parametrize(("vendor", "hear", "words"), VENDORS, ids=IDS)
@pytest.mark.parametrize("stop", STOPS)
def test_a_stream_says_why_it_ends(
    vendor: Vendor, hear: Hear, words: tuple[str, ...], stop: str
) -> None:
    """Its end, too long, refused: each in the vendor's word."""
    stream = b"".join(vendor.stream(Turn.text("So.", stop=stop), MODEL))
    assert hear(events(stream)).finish == words[1 + STOPS.index(stop)]


def plain_usage(answer: Any) -> Any:
    """The usage of an answer without a stream."""
    return answer.get("usage") or answer["usageMetadata"]


def test_an_answer_without_a_stream_has_all_of_it() -> None:
    """Each vendor's own shape of one answer, with text, thoughts and a call."""
    turn = Turn.tool("write", {"path": "a"}, said="Now.", reasoning="Hm.")
    (thinking, text, use) = anthropic.answer(turn, MODEL)["content"]
    assert (thinking["thinking"], text["text"]) == ("Hm.", "Now.")
    assert (use["name"], use["input"]) == ("write", {"path": "a"})

    (choice,) = chat_completions.answer(turn, MODEL)["choices"]
    message = choice["message"]
    assert (message["content"], message["reasoning_content"]) == ("Now.", "Hm.")
    assert message["tool_calls"][0]["function"] == {"name": "write", "arguments": '{"path":"a"}'}
    assert choice["finish_reason"] == "tool_calls"

    reasoning, said, call = responses.answer(turn, MODEL)["output"]
    assert reasoning["summary"] == [{"type": "summary_text", "text": "Hm."}]
    assert said["content"][0]["text"] == "Now."
    assert (call["name"], json.loads(call["arguments"])) == ("write", {"path": "a"})

    (candidate,) = gemini.answer(turn, MODEL)["candidates"]
    thought, part, function = candidate["content"]["parts"]
    assert thought == {"text": "Hm.", "thought": True}
    assert part == {"text": "Now."}
    assert function["functionCall"]["args"] == {"path": "a"}


@pytest.mark.parametrize(
    ("vendor", "expected"),
    [
        (anthropic, {"input_tokens": 1150, "output_tokens": 100}),
        (chat_completions, {"prompt_tokens": 9750, "completion_tokens": 100}),
        (responses, {"input_tokens": 9750, "output_tokens": 100}),
        (gemini, {"promptTokenCount": 9750, "candidatesTokenCount": 70, "thoughtsTokenCount": 30}),
    ],
    ids=IDS,
)
def test_usage_is_counted_as_the_vendor_counts(vendor: Vendor, expected: dict[str, int]) -> None:
    """Anthropic leaves cached tokens out of the input, Gemini thoughts out of the output."""
    usage = Usage(input=9750, output=100, cache_read=6300, cache_write=2300, reasoning=30)
    told = plain_usage(vendor.answer(Turn.text("So.", usage=usage), MODEL))
    assert told | expected == told


def test_every_answer_has_an_id_of_its_own() -> None:
    """A program that counts by message id counts each answer once, over servers too."""
    turn = Turn.tool("write", {})
    for vendor, *_ in VENDORS:
        first, second = vendor.answer(turn, MODEL), vendor.answer(turn, MODEL)
        key = "id" if "id" in first else "responseId"
        assert first[key] != second[key]


def test_codex_hears_the_namespace_of_a_tool() -> None:
    """`mcp__engine.transition` is the tool transition in the namespace mcp__engine."""
    turn = Turn.tool("mcp__engine.transition", {"to": "done"})
    (call,) = responses.answer(turn, MODEL)["output"]
    assert (call["namespace"], call["name"]) == ("mcp__engine", "transition")


def test_a_free_form_call_is_only_for_responses() -> None:
    """Text in place of arguments is a custom tool call; elsewhere it is refused in words."""
    turn = Turn.tool("apply_patch", "*** Begin Patch")
    heard = hear_responses(events(b"".join(responses.stream(turn, MODEL))))
    assert heard.calls == [("apply_patch", "*** Begin Patch")]
    for vendor in (anthropic, chat_completions, gemini):
        with pytest.raises(InvalidInput, match="no free-form call of apply_patch"):
            vendor.answer(turn, MODEL)


@pytest.mark.parametrize(
    "counts",
    [
        {"input": 10, "cache_read": 6, "cache_write": 5},
        {"output": 1, "reasoning": 2},
        {"cache_write": 1, "cache_write_1h": 2},
        {"input": -1},
        {"input": True},
        {"output": 1.5},
    ],
)
def test_usage_that_cannot_be_is_refused(counts: dict[str, Any]) -> None:
    """A part larger than its whole, and what is no count."""
    with pytest.raises(InvalidInput, match="usage"):
        Usage(**counts)


def test_an_error_needs_the_status_of_one() -> None:
    """200 is not an error."""
    with pytest.raises(InvalidInput, match="from 400 to 599, not 200"):
        Turn.error(200)
