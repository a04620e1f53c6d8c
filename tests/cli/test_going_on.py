"""A session goes on after a question, with what its agent forgot, and with another agent."""

import shlex
import stat
import sys
from pathlib import Path

import pytest

from interlock.agents.handoff import BEGIN
from tests.cli.desk import Desk

FAKE = Path(__file__).parent / "fake_claude.py"


@pytest.fixture
def agent(tmp_path: Path) -> str:
    """An agent line for the program that asks and forgets."""
    program = tmp_path / "claude"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I "{FAKE}" "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return shlex.join(("claude-code", "--program", str(program)))


def test_a_question_of_the_agent_is_answered_with_words(desk: Desk, agent: str) -> None:
    """What to type is told, a reply without words is refused, and the agent gets them; that it has
    forgotten the conversation is made good from the log."""
    asked = desk("run", "talk", "-i", "text=Paint it.", "--agent", agent)
    assert asked.status == 5
    assert "Which?\n- A\n" in asked.out
    assert 'reply --comment "..."` tells the agent\n' in asked.out
    assert "error` takes the rows that the step has for an error\n" in asked.out
    shown = desk("show").out
    assert "conversation  claude-code " in shown
    assert "usage_seen" not in shown
    refused = desk("answer", "reply")
    assert (refused.status, refused.err.count("\n")) == (2, 1)
    assert "the agent asked something: answer it with --comment" in refused.err
    assert desk("answer", "reply", "--comment", "A, please.").status == 0
    done = desk("run")
    assert done.status == 0, done.err
    assert "#3 work: ask the agent: Others worked on this before you" in done.out
    first, answer, last = desk.json("log")
    assert (first["result"]["status"], answer["result"]["output"]) == ("needs_input", "A, please.")
    for told in (BEGIN, "Paint it.", "Which?", "A, please."):
        assert told in last["result"]["output"]
    log = desk("log", "--full").out
    assert "      ? Which?\n      ? - A\n" in log
    assert f"      > {BEGIN}\n" in log
    assert "claude-code is told from the log what was done: No conversation found" in log


def test_another_agent_goes_on(desk: Desk, agent: str) -> None:
    """From here on; it is told what the first did, and so is the log."""
    made = desk("run", "talk", "-i", "text=Paint it.", "--agent", agent, "--json").json
    assert desk("answer", "reply", "--comment", "A, please.").status == 0
    done = desk("run", made["id"], "--agent", "program cat")
    assert done.status == 0, done.err
    assert desk.json("show")["agent"] == "program cat"
    printed = desk.json("log")[-1]["result"]["output"]
    assert "and claude-code ended needs_input" in printed
    assert printed.rstrip().endswith("Paint it.")
    log = desk("log", "--full").out
    assert "program is told from the log what was done: others have worked since" in log
    assert 'reassign {"agent":"program cat"' in log.replace(": ", ":")


def test_a_result_that_is_handed_in_can_ask(desk: Desk) -> None:
    """Whoever takes the turns says what the agent asked."""
    desk.start("talk", "-i", "text=Paint it.")
    assert desk("next").status == 0
    assert desk("submit", "1", "--status", "needs_input", "--output", "Which?").status == 0
    assert "ask a person: Which?" in desk("next").out
    assert desk("answer", "reply", "--comment", "A.").status == 0
    assert "The answer:\n\nA.\n" in desk("next").out


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("nobody", 6, "there is no agent 'nobody'"),
        ("codex ||", 2, "an agent is empty: name one"),
        ("codex || nobody", 6, "there is no agent 'nobody'"),
        (" ", 2, "the agent is empty"),
    ],
)
def test_an_agent_that_cannot_be_used_is_told(
    desk: Desk, line: str, status: int, said: str
) -> None:
    """In one line, for a new session and for one that is there; nothing runs."""
    made = desk.start("talk", "-i", "text=x", "--agent", "program cat")
    for words in (
        ("run", made),
        ("run", "talk", "-i", "text=x"),
        ("start", "talk", "-i", "text=x"),
    ):
        told = desk(*words, "--agent", line)
        assert (told.status, told.err.count("\n")) == (status, 1), told.err
        assert said in told.err
    assert len(desk.json("list")) == 1
    assert desk.json("show")["agent"] == "program cat"
    assert desk.json("log") == []
