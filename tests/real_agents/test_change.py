"""A change by the real Claude Code, from its start to the merged branch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from interlock.testing import ModelRequest, ModelServer, Turn, Usage
from tests.real_agents.conftest import choose
from tests.real_agents.desk import Desk
from tests.real_agents.driver import Driver, wait_for_turn, wait_until, write_there
from tests.real_agents.programs import Program

pytestmark = pytest.mark.real_agents
PLANNED = Usage(input=5000, output=200)
WORKED = Usage(input=9750, output=100, cache_read=6300, cache_write=2300)
REVIEWED = Usage(input=8000, output=50)
GREETER = 'def greet(name):\n    return f"Hello, {name}!"\n'
CHECK = "from greeter import greet\nassert greet('Ada') == 'Hello, Ada!'\n"


def git(desk: Desk, *words: str) -> str:
    """What git says in the user's repository."""
    author = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
    done = subprocess.run(
        ("git", *author, *words), cwd=desk.repo, capture_output=True, text=True, check=True
    )
    return done.stdout


def read_of(request: ModelRequest) -> str:
    """All that the request tells the model."""
    return str(request.body)


@pytest.mark.parametrize("program", choose("claude-code"), indirect=True)
def test_a_change_is_planned_made_reviewed_and_merged(program: Program, desk: Desk) -> None:
    """A person approves the plan and the result. Interlock is killed while the agent is in the
    middle of its work, and the next run has it go on. In the end the branch is merged, the log is
    whole, and every token of the prompts that came to an end is counted once."""
    (desk.repo / "check.py").write_text(CHECK)
    git(desk, "add", ".")
    git(desk, "commit", "-q", "-m", "Say how a person is greeted")
    script = (
        Turn.text("Write greeter.py with one function.", usage=PLANNED),
        write_there(program, "def greet(name):\n", name="greeter.py", usage=WORKED),
        Turn.hang(3600),
        write_there(program, GREETER, name="greeter.py", usage=WORKED),
        Turn.text("Done.", usage=WORKED),
        Turn.text("It does what it should.\n\nVERDICT: approve", usage=REVIEWED),
    )
    with ModelServer(*script) as server:
        driver = Driver(desk, program, server.url)
        session = driver.start(
            "change", change="Greet people by name", test=f"{sys.executable} -B check.py"
        )
        assert driver.run(session)["step"] == "approve_plan"
        driver.interlock("answer", session, "approve")
        running = driver.begin("run", session)
        wait_for_turn(server, 2)
        running.kill()
        running.wait()
        wait_until(lambda: driver.running() == [])
        assert driver.run(session)["step"] == "approve_change"
        assert git(desk, "log", "--format=%s", "main").split("\n")[0].startswith("Say how")
        driver.interlock("answer", session, "approve")
        ended = driver.run(session)
        planning, *_, reviewing = map(read_of, server.turns)
    assert ended["status"] == "complete", driver.interlock("log", session)
    assert "Plan this change, and change nothing yet" in planning
    assert "Review what differs from main" in reviewing
    check_repository(desk)
    check_log(driver, session)


def check_repository(desk: Desk) -> None:
    """The user's branch has the change by a merge, and the files of it."""
    subjects = git(desk, "log", "--first-parent", "--format=%s", "main").splitlines()
    assert subjects == [
        "Merge branch 'change-greet-people-by-name' into main",
        "Say how a person is greeted",
        "Begin",
    ]
    assert git(desk, "status", "--porcelain") == ""
    assert (desk.repo / "greeter.py").read_text() == GREETER


def check_log(driver: Driver, session: str) -> None:
    """Each row is closed, the killed one as unknown, and the whole leads to where it stands."""
    rows = driver.interlock("log", session)
    told = [(row["step"], row["status"]) for row in rows]
    assert told == [
        ("plan", "done"),
        ("approve_plan", "done"),
        ("branch", "done"),
        ("implement", "unknown"),
        ("implement", "done"),
        ("test", "done"),
        ("review", "done"),
        ("approve_change", "done"),
        ("finalize", "done"),
        ("merge", "done"),
    ]
    used = {
        row["step"]: row["result"]["usage"]
        for row in rows
        if row["status"] == "done" and row["command"]["kind"] == "prompt"
    }
    tokens = {step: (one["input_tokens"], one["output_tokens"]) for step, one in used.items()}
    assert tokens == {"plan": (5000, 200), "implement": (19_500, 200), "review": (8000, 50)}
    assert all(one["model"] == "claude-sonnet-4-5" for one in used.values())
    assert driver.interlock("db", "check")["faults"] == []
    assert driver.running() == []
