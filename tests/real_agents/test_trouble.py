"""What can be wrong beside the work itself: each is told in the log, in one line."""

from __future__ import annotations

import pytest

from interlock.pricing import price_entry
from interlock.testing import ModelServer, Turn, Usage
from tests.real_agents.cases import TEXT
from tests.real_agents.conftest import ALL, choose
from tests.real_agents.desk import Desk
from tests.real_agents.driver import TOLD, Driver, name_agent, wait_for_turn, write_there
from tests.real_agents.programs import Program

pytestmark = pytest.mark.real_agents
USED = Usage(input=9750, output=100, cache_read=6300)
KEYS = {
    "claude-code": "ANTHROPIC_API_KEY",
    "codex": "MODEL_SERVER_KEY",
    "gemini": "GEMINI_API_KEY",
}
UNKNOWN = {  # as each vendor says it, with a 404
    "claude-code": "model: no-such-model",
    "codex": "The requested model 'no-such-model' does not exist.",
    "gemini": "models/no-such-model is not found for API version v1beta",
    "opencode": "The model `no-such-model` does not exist or you do not have access to it.",
}


@pytest.mark.parametrize("program", choose(*ALL, quick=False), indirect=True)
def test_an_option_that_is_not_known_is_told_with_the_version(program: Program, desk: Desk) -> None:
    """With the version that is here and those that were tried."""
    with ModelServer(Turn.text("Done.")) as server:
        driver = Driver(desk, program, server.url)
        agent = name_agent(program, server.url, arguments=["--no-such-option"])
        answer = driver.ask("Write hello.txt", agent=agent)
        assert server.turns == ()
    assert (answer["status"], answer["data"]["kind"]) == ("error", "options"), answer
    assert ": this is " in answer["error"]
    assert answer["error"].endswith(" was tried")
    assert "\n" not in answer["error"]


@pytest.mark.parametrize("program", choose(*ALL, quick=False), indirect=True)
def test_a_model_that_does_not_exist_is_told(program: Program, desk: Desk) -> None:
    """It is asked for by its name, and that there is none is not tried again for ever."""
    with ModelServer(Turn.error(404, UNKNOWN[program.slug]), repeat_last=True) as server:
        driver = Driver(desk, program, server.url)
        agent = name_agent(program, server.url)
        if program.slug != "opencode":  # which knows its models from its configuration
            agent = agent.replace(TOLD[program.slug][1], "no-such-model")
        answer = driver.ask("Write hello.txt", agent=agent)
        asked = {request.model for request in server.turns}
    assert asked == ({"m1"} if program.slug == "opencode" else {"no-such-model"})
    assert (answer["status"], answer["data"]["kind"]) == ("error", "unknown_model"), answer
    assert "\n" not in answer["error"]


SERVING = choose("claude-code", "codex", "opencode", quick=False)
"""Gemini CLI trusts no settings in a directory for temporary files, which this test works in."""


@pytest.mark.parametrize("program", SERVING, indirect=True)
def test_a_server_that_does_not_start_is_told(program: Program, desk: Desk) -> None:
    """A session that asks for it does not go on without it and take that for success."""
    with ModelServer(Turn.text("Done."), repeat_last=True) as server:
        driver = Driver(desk, program, server.url)
        broken = '{"gone": {"command": "/no/such/server"}}'
        agent = name_agent(program, server.url, "--mcp", broken)
        answer = driver.ask("Write hello.txt", agent=agent)
    assert (answer["status"], answer["data"]["kind"]) == ("error", "mcp"), answer
    assert "gone" in answer["error"]


@pytest.mark.parametrize("program", choose(*KEYS), indirect=True)
def test_nobody_logged_in_is_told_with_what_to_do(program: Program, desk: Desk) -> None:
    """Without a key or an account it asks no model."""
    with ModelServer(Turn.text("Done.")) as server:
        driver = Driver(desk, program, server.url)
        del driver.env[KEYS[program.slug]]
        answer = driver.ask("Write hello.txt")
        assert server.turns == ()
    assert (answer["status"], answer["data"]["kind"]) == ("error", "not_logged_in"), answer
    assert "\n" not in answer["error"]


@pytest.mark.parametrize("program", choose(*ALL, quick=False), indirect=True)
def test_a_stream_that_breaks_off_is_no_success(program: Program, desk: Desk) -> None:
    """kill -9 of the program itself in the middle of its work: what it said before counts for
    nothing, and the next prompt goes on."""
    with ModelServer(Turn.hang(3600), write_there(program, TEXT), Turn.text("Done.")) as server:
        driver = Driver(desk, program, server.url)
        session = driver.start("agent_task", task="Write hello.txt", evaluate="test -s hello.txt")
        running = driver.begin("run", session)
        wait_for_turn(server, 0)
        driver.kill_program()
        assert running.wait() == 0
    first, *_, last = driver.answers(session)  # Claude Code may not know the conversation any more
    assert (first["status"], first["code"]) == ("error", -9), first
    assert last["status"] == "ok", last
    assert (driver.tree(session) / "hello.txt").read_text() == TEXT


@pytest.mark.parametrize("program", choose("claude-code"), indirect=True)
def test_a_limit_is_slept_off(program: Program, desk: Desk) -> None:
    """Where the program gives up and says how long, the session waits so long and asks once more;
    that is not counted as a try."""
    limit = Turn.error(429, "Rate limit reached: try again in 2 seconds", retry_after=2)
    with ModelServer(limit, write_there(program, TEXT), Turn.text("Done.")) as server:
        driver = Driver(desk, program, server.url)
        driver.env["CLAUDE_CODE_MAX_RETRIES"] = "0"
        agent = name_agent(program, server.url).replace("max_retries=2", "max_retries=0")
        session = driver.start("errand", agent=agent, task="Write hello.txt")
        ended = driver.run(session, "--wait")
    assert ended["status"] == "complete", driver.answers(session)
    rows = driver.interlock("log", session)
    assert [row["command"]["kind"] for row in rows] == ["prompt", "wait", "prompt"]
    assert [row["attempt"] for row in rows] == [1, 1, 1]
    limited, _, done = (row["result"] for row in rows)
    assert (limited["status"], limited["data"]["kind"]) == ("rate_limited", "rate_limit")
    assert limited["data"]["retry_after"] == 2
    assert done["status"] == "ok"


def test_a_budget_that_is_used_up_holds_the_session(program: Program, desk: Desk) -> None:
    """No second prompt is begun, and a person is asked; when the budget is raised the session goes
    on to its end. What was used is told in tokens and in money, each request once."""
    script = (
        write_there(program, TEXT, usage=USED),
        Turn.text("Done.", usage=USED),
        write_there(program, TEXT, name="second.txt", usage=USED),
        Turn.text("Done.", usage=USED),
    )
    with ModelServer(*script, repeat_last=True) as server:
        driver = Driver(desk, program, server.url)
        inputs = {"task": "Write two files", "evaluate": "test -s second.txt"}
        session = driver.start("agent_task", "--budget", "tokens=9000", **inputs)
        held = driver.run(session)
        *_, question = driver.interlock("log", session)
        assert len(driver.answers(session)) == 1
        check_cost(driver, session, least=1)
        assert driver.call("budget", session, "--tokens", "1M").returncode == 0
        ended = driver.run(session)
    assert (held["status"], question["command"]["kind"]) == ("active", "ask")
    assert "9,000 tokens" in question["command"]["question"]
    assert ended["status"] == "complete", driver.answers(session)
    check_cost(driver, session, least=3)
    assert driver.running() == []


def check_cost(driver: Driver, session: str, least: int) -> None:
    """So many requests, or more, have each what `USED` says, and its price."""
    spent = driver.interlock("cost", session)["own"]
    requests = spent["requests"]
    assert requests >= least
    assert (spent["input_tokens"], spent["cache_read_tokens"]) == (9750 * requests, 6300 * requests)
    assert spent["output_tokens"] == 100 * requests
    if driver.program.slug == "opencode":  # a model of that name is in no price list
        assert (spent["cost_usd"], spent["unpriced_requests"]) == (None, requests)
        assert spent["vendor_cost_usd"] == pytest.approx(0.01374 * requests)
        return
    tokens = {"input_tokens": 9750, "output_tokens": 100, "cache_read_tokens": 6300}
    one = price_entry({"model": TOLD[driver.program.slug][1], **tokens})
    assert one is not None
    assert spent["cost_usd"] == pytest.approx(float(one) * requests)
