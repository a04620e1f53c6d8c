"""Reads each vendor's stream the way its clients do: deltas added up, the last usage taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from attrs import field, mutable

from interlock.testing import Turn

Event = tuple[str | None, Any]


@mutable
class Heard:
    """What a client has of a turn."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, Any]] = field(factory=list)
    input: int = 0
    output: int = 0
    cache_read: int = 0
    finish: str = ""
    model: str = ""

    @classmethod
    def of(cls, turn: Turn, finish: str, model: str) -> Heard:
        """What the turn says, whoever says it."""
        return cls(
            text=turn.said,
            reasoning=turn.reasoning,
            calls=[(call.name, call.arguments) for call in turn.calls],
            input=turn.usage.input,
            output=turn.usage.output,
            cache_read=turn.usage.cache_read,
            finish=finish,
            model=turn.model or model,
        )


def events(stream: bytes) -> Iterator[Event]:
    """The events of a stream: their name and their data. Fails on a line of another kind."""
    *whole, rest = stream.decode().split("\n\n")
    assert rest == ""
    for block in whole:
        *named, data = block.split("\n")
        name = named[0].removeprefix("event: ") if named else None
        assert data.startswith("data: ")
        text = data.removeprefix("data: ")
        yield name, None if text == "[DONE]" else json.loads(text)


def hear_anthropic(told: Iterable[Event]) -> Heard:
    """Messages: blocks opened, filled and closed one after the other."""
    heard, parts, open_block = Heard(), "", {}
    usage: dict[str, Any] = {}
    names = []
    for name, data in told:
        assert name == data["type"]
        names.append(name)
        if name == "message_start":
            heard.model, usage = data["message"]["model"], data["message"]["usage"]
            assert data["message"]["stop_reason"] is None
        elif name == "content_block_start":
            open_block, parts = data["content_block"], ""
        elif name == "content_block_delta":
            delta = data["delta"]
            heard.text += delta.get("text", "")
            heard.reasoning += delta.get("thinking", "")
            parts += delta.get("partial_json", "")
        elif name == "content_block_stop" and open_block["type"] == "tool_use":
            heard.calls.append((open_block["name"], json.loads(parts)))
        elif name == "message_delta":
            usage, heard.finish = usage | data["usage"], data["delta"]["stop_reason"]
    assert names[:2] == ["message_start", "ping"]
    assert names[-2:] == ["message_delta", "message_stop"]
    assert names.count("content_block_start") == names.count("content_block_stop")
    heard.cache_read = usage["cache_read_input_tokens"]
    written = usage["cache_creation_input_tokens"]
    assert sum(usage["cache_creation"].values()) == written
    heard.input = usage["input_tokens"] + heard.cache_read + written
    heard.output = usage["output_tokens"]
    return heard


def hear_chat(told: Iterable[Event]) -> Heard:
    """Chat Completions: one choice in chunks, the usage in the last, then [DONE]."""
    heard = Heard()
    names: dict[int, str] = {}
    arguments: dict[int, str] = {}
    *chunks, done = [data for _, data in told]
    assert done is None
    for chunk in chunks:
        assert chunk["object"] == "chat.completion.chunk"
        heard.model = chunk["model"]
        for choice in chunk["choices"]:
            delta = choice["delta"]
            heard.text += delta.get("content") or ""
            heard.reasoning += delta.get("reasoning_content", "")
            heard.finish = choice["finish_reason"] or heard.finish
            for call in delta.get("tool_calls", []):
                index, function = call["index"], call["function"]
                names.setdefault(index, function.get("name", ""))
                arguments[index] = arguments.get(index, "") + function["arguments"]
    heard.calls = [(names[index], json.loads(text)) for index, text in arguments.items()]
    usage = chunks[-1]["usage"]
    heard.input, heard.output = usage["prompt_tokens"], usage["completion_tokens"]
    heard.cache_read = usage["prompt_tokens_details"]["cached_tokens"]
    assert usage["total_tokens"] == heard.input + heard.output
    return heard


def hear_responses(told: Iterable[Event]) -> Heard:
    """Responses: items added, filled and done; the last event has the whole again."""
    heard, texts = Heard(), {"output_text": "", "reasoning_summary_text": ""}
    arguments: dict[str, str] = {}
    done: list[Any] = []
    last: Any = None
    for number, (name, data) in enumerate(told):
        assert (name, number) == (data["type"], data["sequence_number"])
        _, _, rest = data["type"].partition(".")
        kind, _, step = rest.rpartition(".")
        if step == "delta" and kind in texts:
            texts[kind] += data["delta"]
        elif step == "delta":
            arguments[data["item_id"]] = arguments.get(data["item_id"], "") + data["delta"]
        elif rest == "output_item.done":
            done.append(data["item"])
        last = data
    response = last["response"]
    assert response["output"] == done
    for item in done:
        if item["type"] == "function_call":
            assert item["arguments"] == arguments[item["id"]]
            heard.calls.append((item["name"], json.loads(item["arguments"])))
        elif item["type"] == "custom_tool_call":
            assert item["input"] == arguments.get(item["id"], "")
            heard.calls.append((item["name"], item["input"]))
    heard.text, heard.reasoning = texts["output_text"], texts["reasoning_summary_text"]
    usage = response["usage"]
    heard.input, heard.output = usage["input_tokens"], usage["output_tokens"]
    heard.cache_read = usage["input_tokens_details"]["cached_tokens"]
    heard.finish, heard.model = last["type"], response["model"]
    return heard


def hear_gemini(told: Iterable[Event]) -> Heard:
    """Gemini: parts of one candidate, the last of them with the reason and the usage."""
    heard = Heard()
    answer: Any = None
    for _, answer in told:
        (candidate,) = answer["candidates"]
        heard.finish = candidate.get("finishReason", "")
        for part in candidate["content"]["parts"]:
            if call := part.get("functionCall"):
                heard.calls.append((call["name"], call["args"]))
            elif part.get("thought"):
                heard.reasoning += part["text"]
            else:
                heard.text += part["text"]
    usage = answer["usageMetadata"]
    heard.input, heard.cache_read = usage["promptTokenCount"], usage["cachedContentTokenCount"]
    heard.output = usage["candidatesTokenCount"] + usage["thoughtsTokenCount"]
    heard.model = answer["modelVersion"]
    return heard


Hear = Callable[[Iterable[Event]], Heard]
