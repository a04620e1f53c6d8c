"""What an agent asks its user becomes the question of the session, as far as it waits for it."""

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from interlock.agents.questions import word_question
from interlock.engine import Prompt, Result
from interlock.engine.pause import NEEDS_INPUT
from tests.agents.streams import SESSION, hear, hear_recorded, load, process, text_of

COLOURS = "Which colour?\n- Red: like fire\n- Blue: like the sea"
PLAN = "May it go on with this plan?\n\n1. Paint it red."


@pytest.mark.parametrize(
    ("stream", "question"),
    [
        ("claude-code-question", COLOURS),
        ("claude-code-question-ends", COLOURS),  # a newer version, which ends its turn at once
        ("claude-code-plan", PLAN),
    ],
)
def test_a_question_at_the_end_waits_for_a_person(stream: str, question: str) -> None:
    """It is the output of the result and an event; that its tool was refused is no denial."""
    heard = hear_recorded(stream, 0)
    assert (heard.result.status, heard.result.output) == (NEEDS_INPUT, question)
    assert heard.result.error is None
    assert heard.of("needs_input") == [{"text": question}]
    assert heard.of("denied") == []
    assert heard.result.remember["conversations"].keys() == {"claude-code"}


def test_a_question_that_it_went_on_without_is_told() -> None:
    """It decided by itself: a warning says what it would have asked."""
    result = hear_recorded("claude-code-question-ignored", 0).result
    assert (result.status, result.output) == ("warning", "I took red.")
    told = "Which colour? - Red: like fire - Blue: like the sea"
    assert result.error == f"nobody answered its question, and it went on: {told}"


@pytest.mark.parametrize("code", [1, 143, None])
def test_a_run_that_failed_is_no_question(code: int | None) -> None:
    """Whatever it asked before."""
    result = process(code, data={"stopped": True} if code is None else {})
    heard = hear("claude-code", text_of("claude-code-question"), result)
    assert heard.result.status == "error"
    late = Result("timeout", error="silent for 1800 s", data={})
    assert hear("claude-code", text_of("claude-code-question"), late).result.status == "timeout"


def test_each_question_is_worded_with_its_answers() -> None:
    """One below the other; what is no question says nothing."""
    questions = [
        {"question": "Which?", "options": [{"label": "A"}, {"description": "none"}, 7]},
        {"question": " ", "options": [{"label": "B"}]},
        {"question": "Who?", "multiSelect": True},
    ]
    assert word_question({"questions": questions}) == "Which?\n- A\n\nWho?\n(several may be chosen)"
    assert word_question({"plan": "  "}) == word_question({}) == word_question(None) == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["questions", "question", "options", "label", "description", "plan"]),
            inner,
        )
    ),
)


@given(JSON)
def test_no_arguments_of_a_tool_can_break_it(arguments: Any) -> None:
    """They come from a model."""
    assert isinstance(word_question(arguments), str)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("claude-code", ("--resume", "c-1", "--fork-session")),
        ("codex", ("fork", "c-1")),
        ("opencode", ("-s", "c-1", "--fork")),
    ],
)
def test_a_conversation_can_be_forked(agent: str, words: tuple[str, ...]) -> None:
    """By the program's own word for it, and only where there is a conversation."""
    session = evolve(SESSION, state={"conversations": {agent: "c-1"}})
    forked = Prompt("Do it.", resume=True, options={"fork": True})
    assert set(words) <= set(load(agent).invoke(forked, session, ()).argv)
    fresh = Prompt("Do it.", options={"fork": True})
    assert not set(words) & set(load(agent).invoke(fresh, session, ()).argv)


def test_claude_code_is_offered_its_questions_where_that_is_asked_for() -> None:
    """With the hook that ends the turn; a prompt that only reads asks nothing."""
    agent = load("claude-code")
    asked = agent.invoke(Prompt("Do it."), SESSION, ("--ask",))
    words = ("--permission-prompt-tool", "stdio", "--settings", "{files}/ask.json")
    assert set(words) <= set(asked.argv)
    assert "AskUserQuestion" in asked.files["ask.json"]
    reading = Prompt("Do it.", options={"read_only": True})
    assert "stdio" not in agent.invoke(reading, SESSION, ("--ask",)).argv
    assert "stdio" not in agent.invoke(Prompt("Do it."), SESSION, ()).argv


@pytest.mark.parametrize(
    ("options", "idle"), [((), 1800), (("--idle", "60"), 60), (("--idle=0",), None)]
)
def test_a_silent_agent_has_half_an_hour(options: tuple[str, ...], idle: int | None) -> None:
    """Unless another time is said, or none."""
    for name in ("claude-code", "codex", "gemini", "opencode", "aider"):
        assert load(name).invoke(Prompt("Do it."), SESSION, options).idle == idle
    said = Prompt("Do it.", options={"idle": 5})
    assert load("codex").invoke(said, SESSION, options).idle == 5
