"""A budget at a shell: the agent is stopped, the session waits, and a raise lets it go on."""

import sys
from pathlib import Path

import pytest

from tests.acceptance.user import Terminal, User, wait_until

SCRIPT = Path(__file__).parent / "spending_agent.py"


@pytest.fixture
def agent(user: User) -> str:
    """What `--agent` gets: a program that spends."""
    program = user.project / "spender"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {SCRIPT} "$@"\n')
    program.chmod(0o755)
    return f"claude-code --program {program}"


def begin(agent: str, *words: str) -> tuple[str, ...]:
    """The words that run a session with this agent."""
    return ("run", "talk", "-i", "text=Write.", "--agent", agent, "--environment", "local", *words)


def asked(user: User) -> list[str]:
    """How each run of the agent began."""
    log = user.project / "asked"
    return log.read_text().split() if log.exists() else []


def test_a_budget_stops_the_agent_and_a_raise_lets_it_go_on(user: User, agent: str) -> None:
    """With what it used in the log, in the conversation that it had."""
    held = user(*begin(agent, "--budget", "money=5,tokens=50k"))
    assert held.returncode == 5, held.stderr
    assert "the budget of this session is used up: 60,010 tokens of 50,000 tokens" in held.stdout
    made = user("current").stdout.strip()
    (prompt, question) = user.json("log")
    assert (prompt["result"]["status"], question["status"]) == ("budget", "open")
    assert prompt["result"]["usage"]["input_tokens"] == 60_000
    assert "budget  this session: $0.1802 of $5.00, 60,010 tokens of 50,000 tokens" in (
        user("show").stdout
    )
    (shown,) = user.json("budget")["budgets"]
    assert shown["spent"] == {"money": 0.18015, "tokens": 60_010}
    assert shown["left"]["tokens"] == 0
    raised = user("budget", "--tokens", "+1M")
    assert f"`interlock run {made}` goes on" in raised.stdout
    done = user("run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert asked(user) == ["begun", "resumed"]
    assert user.json("db", "check")["faults"] == []


def test_a_run_that_stays_goes_on_when_the_budget_is_raised(user: User, agent: str) -> None:
    """Somebody raises it at another terminal."""
    running = user.begin(*begin(agent, "--budget", "tokens=50k", "--wait"))
    wait_until(lambda: "begun" in asked(user))
    wait_until(lambda: (user.json("show")["waiting_for"] or {}).get("kind") == "person")
    change = user.json("budget", "--tokens", "1M")
    assert len(change["going_on"]) == 1
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert "waits for the budget" in out
    assert asked(user) == ["begun", "resumed"]


def test_who_is_asked_at_a_terminal_may_raise_it_at_another(user: User) -> None:
    """The answer is not needed any more, and the session goes on."""
    terminal = Terminal(user, "run", "counting", "--budget", "steps=2")
    terminal.wait_for("is used up: 2 steps of 2 steps")
    terminal.wait_for("answer (")
    assert len(user.json("budget", "--steps", "+10")["going_on"]) == 1
    terminal.type("retry\n")
    terminal.wait_for("comment")
    terminal.type("\n")
    terminal.wait_for("it need not be answered any more")
    status, rest = terminal.finish()
    assert status == 0, rest


def test_a_killed_run_has_spent_what_it_spent(user: User, agent: str) -> None:
    """kill -9 after its request: the next run asks a person, and no agent. Then it goes on with the
    conversation of the run that was killed."""
    running = user.begin(*begin(agent, "--budget", "tokens=1M"))
    wait_until(lambda: "begun" in asked(user))
    wait_until(lambda: spent(user) == 60_010)
    running.kill()
    running.communicate()
    user.json("budget", "--tokens", "50k")
    held = user("run")
    assert held.returncode == 5, held.stderr
    assert "60,010 tokens of 50,000 tokens" in held.stdout
    assert asked(user) == ["begun"]
    assert user("budget", "--clear").returncode == 0
    assert user("run").returncode == 0
    assert asked(user) == ["begun", "resumed"]
    assert user.json("db", "check")["faults"] == []


def spent(user: User) -> int:
    """The tokens that were spent of the one budget."""
    (shown,) = user.json("budget")["budgets"]
    return int(shown["spent"]["tokens"])
