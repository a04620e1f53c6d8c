"""Conversations of the real programs go on: forked, handed over, answered, given to another."""

from __future__ import annotations

import json
import shutil

import pytest

from interlock.agents.handoff import BEGIN
from interlock.cli.descriptions import RESUMED
from interlock.testing import ModelRequest, ModelServer, Turn, Usage
from tests.real_agents.cases import TEXT
from tests.real_agents.conftest import choose
from tests.real_agents.desk import Desk
from tests.real_agents.driver import LOCAL, Driver, name_agent
from tests.real_agents.programs import PROGRAMS, NotInstalled, Program, Task, locate

pytestmark = pytest.mark.real_agents

CLAUDE, CODEX = PROGRAMS[0], PROGRAMS[1]
MEMORIES = {  # where each keeps its conversations, below its home
    "claude-code": ".claude/projects",
    "codex": ".codex/sessions",
    "gemini": ".gemini/tmp",
    "opencode": ".local/share/opencode",
}
FIRST, SECOND, THIRD = (Usage(input=n, output=9) for n in (1000, 2000, 3000))
COLOURS = [
    {"label": "Red", "description": "like fire"},
    {"label": "Blue", "description": "like the sea"},
]
QUESTION = {
    "questions": [
        {"question": "Which colour?", "header": "Colour", "multiSelect": False, "options": COLOURS}
    ]
}


@pytest.fixture
def both(desk: Desk) -> Desk:
    """A desk where Claude Code and Codex are installed."""
    for program in (CLAUDE, CODEX):
        try:
            locate(program)
        except NotInstalled as error:
            pytest.skip(str(error))
    return desk


def resumed(driver: Driver, session: str) -> list[tuple[str, str]]:
    """How the session's agents were brought to go on, as the log tells it."""
    lines = [line.strip() for line in driver.call("log", session, "--full").stdout.splitlines()]
    told = [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]
    return [
        (how, name) for name, words in told for how in RESUMED if words.startswith(RESUMED[how])
    ]


def texts(server: ModelServer) -> list[str]:
    """All that each request says, as one text."""
    return [json.dumps(request.body) for request in server.turns]


@pytest.mark.parametrize("program", choose("claude-code", "codex", "gemini"), indirect=True)
def test_a_lost_conversation_is_handed_over(program: Program, desk: Desk) -> None:
    """The program has forgotten it, says so, and is told from our log what was done; the work is
    one interaction."""
    script = (
        Turn.text("I looked at it."),
        Turn.tools(program.write(desk.path, TEXT)),
        Turn.text("Done."),
    )
    place = desk.home / MEMORIES[program.slug]
    forget = f"import shutil, pathlib, sys; shutil.rmtree({str(place)!r}, ignore_errors=True)"
    check = f"{forget}; sys.exit(not pathlib.Path('hello.txt').exists())"
    with ModelServer(*script) as server:
        driver = Driver(desk, program, server.url)
        agent = name_agent(program, server.url)
        session, answers = driver.work(agent, f'python3 -c "{check}"')
        how = resumed(driver, session["id"])
        told = texts(server)
    assert session["status"] == "complete", answers
    assert how == [("hand_off", program.slug)], answers
    assert len(answers) == 2
    assert len(told) == 3
    assert BEGIN[:40] in told[1]
    assert "> I looked at it." in told[1]
    first, second = (answer["data"]["conversation_id"] for answer in answers)
    assert first != second
    assert answers[1]["remember"]["conversations"] == {program.slug: second}


@pytest.mark.parametrize("program", choose("claude-code", "codex", "opencode"), indirect=True)
def test_a_conversation_can_be_forked(program: Program, desk: Desk) -> None:
    """The copy knows what was said, has another name, and no token of it is counted twice."""
    script = (
        Turn.text("Nothing to do.", usage=FIRST),
        Turn.tools(program.write(desk.path, TEXT), usage=SECOND),
        Turn.text("Done.", usage=THIRD),
    )
    with ModelServer(*script) as server:
        driver = Driver(desk, program, server.url)
        agent = name_agent(program, server.url, "--fork")
        session, answers = driver.work(agent, "grep hi hello.txt")
        told = texts(server)
    assert session["status"] == "complete", answers
    assert "Nothing to do." in told[1]
    assert len({answer["data"]["conversation_id"] for answer in answers}) == 2
    assert [answer["usage"]["input_tokens"] for answer in answers] == [1000, 5000]


@pytest.mark.parametrize("program", choose("claude-code", "codex"), indirect=True)
def test_a_turn_that_was_killed_is_gone_on_with(program: Program, desk: Desk) -> None:
    """Nobody saw its result, yet it is the same conversation: its name was in the events."""
    script = (
        Turn.tools(program.write(desk.path, TEXT), usage=FIRST),
        Turn.hang(600),
        Turn.text("Done.", usage=THIRD),
    )
    with ModelServer(*script) as server:
        driver = Driver(desk, program, server.url)
        inputs = {"task": "Write hello.txt", "evaluate": "grep hi hello.txt"}
        id_ = driver.start("agent_task", *LOCAL, **inputs)
        running = driver.begin("run", id_)
        assert server.wait_for(lambda requests: sum(r.turn is not None for r in requests) > 1)
        running.kill()
        running.wait()
        session = driver.run(id_)
        (answer,) = driver.answers(id_)[1:]
        how, told = resumed(driver, id_), texts(server)
    assert session["status"] == "complete", answer
    assert how == [("recovered", program.slug)]
    assert "hello.txt" in told[2]
    assert "Your last turn on this was interrupted" in told[2]
    assert told[2].count("Write hello.txt") >= 2  # what was said before, and what is asked now


@pytest.mark.parametrize("program", choose("claude-code"), indirect=True)
def test_a_question_is_put_to_a_person(program: Program, desk: Desk) -> None:
    """With the answers that the agent offers; what the person says reaches the agent, where it was
    in the work."""
    script = (
        Turn.tool("AskUserQuestion", QUESTION),
        Turn.text("I wait."),
        Turn.tools(program.write(desk.path, TEXT)),
        Turn.text("Done."),
    )
    with ModelServer(*script) as server:
        driver = Driver(desk, program, server.url)
        agent = name_agent(program, server.url, "--ask")
        inputs = {"task": "Write hello.txt", "evaluate": "grep hi hello.txt"}
        id_ = driver.start("agent_task", *LOCAL, agent=agent, **inputs)
        waiting = driver.run(id_)
        (asked,) = driver.answers(id_)
        empty = driver.call("answer", id_, "reply")
        driver.interlock("answer", id_, "reply", "--comment", "Red, like the barn.")
        session = driver.run(id_)
        told = texts(server)
    question = "Which colour?\n- Red: like fire\n- Blue: like the sea"
    assert waiting["status"] == "active"
    assert (asked["status"], asked["output"]) == ("needs_input", question)
    assert '--comment "..."' in empty.stderr
    assert session["status"] == "complete"
    assert "Red, like the barn." in told[2]
    assert "AskUserQuestion" in told[2]  # the conversation itself goes on


def test_another_vendor_goes_on_with_the_session(both: Desk) -> None:
    """It is told what the first did, what was asked and answered, and does the rest."""
    script = (
        Turn.tool("AskUserQuestion", QUESTION, said="I looked around."),
        Turn.text("I wait."),
        Turn.tools(CODEX.write(both.path, TEXT)),
        Turn.text("Done."),
    )
    with ModelServer(*script) as server:
        driver = Driver(both, CLAUDE, server.url)
        driver.env |= CODEX.env(server.url, both.home, Task())
        inputs = {"task": "Write hello.txt", "evaluate": "grep hi hello.txt"}
        agent = name_agent(CLAUDE, server.url, "--ask")
        id_ = driver.start("agent_task", *LOCAL, agent=agent, **inputs)
        driver.run(id_)
        driver.interlock("answer", id_, "reply", "--comment", "Red, like the barn.")
        session = driver.run(id_, "--agent", name_agent(CODEX, server.url))
        answers, how, told = driver.answers(id_), resumed(driver, id_), texts(server)
    assert session["status"] == "complete", answers
    assert both.path.read_text() == TEXT
    assert [answer["data"]["agent"] for answer in answers] == ["claude-code", "codex"]
    assert how == [("hand_off", "codex")]
    assert BEGIN[:40] in told[2]
    for known in ("Which colour?", "Red, like the barn.", "Write hello.txt"):
        assert known in told[2]


def test_a_limited_vendor_gives_way_to_another(both: Desk) -> None:
    """While the limit lasts the next of the line does the work, in the same interaction."""

    def answer(request: ModelRequest) -> Turn:
        if "messages" in request.path:
            return Turn.error(429, "This would exceed your rate limit", retry_after=1)
        done = "function_call_output" in json.dumps(request.body)
        return Turn.text("Done.") if done else Turn.tools(CODEX.write(both.path, TEXT))

    with ModelServer(answer, repeat_last=True) as server:
        driver = Driver(both, CLAUDE, server.url)
        driver.env |= CODEX.env(server.url, both.home, Task()) | {"CLAUDE_CODE_MAX_RETRIES": "1"}
        first, second = (name_agent(program, server.url) for program in (CLAUDE, CODEX))
        session, answers = driver.work(f"{first} || {second}", "grep hi hello.txt")
        how = resumed(driver, session["id"])
    assert session["status"] == "complete", answers
    (result,) = answers
    assert (result["status"], result["data"]["agent"]) == ("ok", "codex")
    assert how == [("switch", "codex")]
    assert list(session["state"]["limited"]["until"]) == [first]


def test_the_programs_keep_their_conversations_where_we_look() -> None:
    """A test that deletes nothing would show nothing."""
    assert set(MEMORIES) == {program.slug for program in PROGRAMS}
    assert shutil.which("python3")
