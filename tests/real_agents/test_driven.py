"""The real programs driven by Interlock itself: from the command line to the rows of the log."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from interlock.testing import ModelServer, Turn, Usage
from tests.real_agents.aider import AIDER, COMMIT, EDIT
from tests.real_agents.cases import TEXT
from tests.real_agents.desk import Desk
from tests.real_agents.driver import Driver, name_agent
from tests.real_agents.programs import NotInstalled, Program, locate, version

pytestmark = pytest.mark.real_agents

FIRST = Usage(input=9750, output=100, cache_read=6300)
SECOND = Usage(input=10_000, output=40)
THIRD = Usage(input=11_000, output=20)


def test_it_works_until_the_evaluation_passes(program: Program, desk: Desk) -> None:
    """It does nothing at first, is told so in the same conversation, and writes the file; no
    token is counted twice."""
    script = (
        Turn.text("Nothing to do.", usage=FIRST),
        Turn.tools(program.write(desk.path, TEXT), usage=SECOND),
        Turn.text("Done.", usage=THIRD),
    )
    with ModelServer(*script) as server:
        driver = Driver(desk, program, server.url)
        session, results = driver.work(name_agent(program, server.url), "grep hi hello.txt")
        bodies = [json.dumps(request.body) for request in server.turns]
    assert session["status"] == "complete", results
    assert desk.path.read_text() == TEXT
    assert len(bodies) == 3
    assert "--Write hello.txt" in bodies[0]
    assert "Nothing to do." in bodies[1]
    assert [(result["status"], result["output"]) for result in results] == [
        ("ok", "Nothing to do."),
        ("ok", "Done."),
    ]
    first, second = (result["usage"] for result in results)
    assert (first["input_tokens"], first["output_tokens"]) == (9750, 100)
    assert (second["input_tokens"], second["output_tokens"]) == (21_000, 60)
    assert (first["requests"], second["requests"]) == (1, 2)
    names = {result["data"]["conversation_id"] for result in results}
    assert len(names) == 1
    assert results[1]["remember"]["conversations"] == {program.slug: names.pop()}


def test_it_only_reads_when_that_is_asked_for(program: Program, desk: Desk) -> None:
    """Its own tool that writes is not there, or does not write; it is no error to try."""
    script = (Turn.tools(program.write(desk.path, TEXT)), Turn.text("I could not."))
    with ModelServer(*script) as server:
        driver = Driver(desk, program, server.url)
        agent = name_agent(program, server.url, "--read-only")
        session, results = driver.work(agent, "test ! -e hello.txt")
    assert session["status"] == "complete", results
    assert not desk.path.exists()
    assert results[0]["status"] in ("ok", "warning"), results


def test_a_wrong_key_is_told_with_what_to_do(program: Program, desk: Desk) -> None:
    """The session goes on to its evaluation, and the row says how to log in."""
    with ModelServer(Turn.error(401), repeat_last=True) as server:
        driver = Driver(desk, program, server.url)
        _, results = driver.work(name_agent(program, server.url), "true")
    (result,) = results
    assert (result["status"], result["data"]["kind"]) == ("error", "not_logged_in")
    assert "\n" not in result["error"]


def test_aider_works_too(desk: Desk, record_property: Callable[[str, object], None]) -> None:
    """It edits the file and commits nothing: the session does that."""
    try:
        locate(AIDER)
        record_property("real agent", f"{AIDER.name} {version(AIDER)}")
    except NotInstalled as error:
        record_property("real agent", AIDER.name)
        pytest.skip(str(error))
    with ModelServer(EDIT, COMMIT, aside=None) as server:
        driver = Driver(desk, AIDER, server.url)
        session, results = driver.work(name_agent(AIDER, server.url), "grep hi hello.txt")
    assert session["status"] == "complete", results
    assert desk.path.read_text() == TEXT
    assert results[0]["status"] == "ok"
    assert results[0]["usage"]["model"] == "gpt-4o"
    log = ("git", "log", "--format=%s")
    told = subprocess.run(log, cwd=desk.repo, capture_output=True, text=True, check=True)
    assert told.stdout == "Begin\n"
