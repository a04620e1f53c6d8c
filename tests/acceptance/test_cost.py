"""What a session cost, by the installed command, after real runs of an agent's program."""

import shlex
from pathlib import Path

from tests.acceptance.user import User
from tests.agents.streams import text_of

CODEX = """#!/bin/sh
case $1 in --version) echo codex-cli 0.169.0; exit ;; esac
cat > /dev/null
if test -e {again}; then cat {second}; else touch {again}; cat {first}; fi
"""
"""Prints the stream of one recorded run, and then that of the run which went on with it."""


def install_codex(home: Path) -> None:
    """Put the program where the user has programs of their own."""
    names = ("first", "second", "again")
    places = {name: shlex.quote(str(home / name)) for name in names}
    for name, stream in (("first", "codex-reasoning"), ("second", "codex-resumed")):
        (home / name).write_text(text_of(stream))
    (home / "bin").mkdir()
    (home / "bin" / "codex").write_text(CODEX.format(**places))
    (home / "bin" / "codex").chmod(0o755)


def test_a_conversation_that_went_on_is_paid_once(user: User) -> None:
    """The second stream counts the first one's tokens again; the sums have each token once, the
    price is that of the model, and pricing anew changes nothing."""
    install_codex(user.home)
    user.environ["PATH"] = f"{user.home / 'bin'}:{user.environ['PATH']}"
    twice = "sh -c 'test -e passed || { touch passed; false; }'"
    task = ("-i", "task=Say hello", "-i", f"evaluate={twice}")
    agent = ("--agent", "codex --model gpt-5.5", "--environment", "local")
    ran = user("run", "agent_task", *task, *agent)
    assert ran.returncode == 0, ran.stderr
    found = user.json("cost")
    assert (found["total"]["input_tokens"], found["total"]["output_tokens"]) == (7000, 80)
    (sums,) = found["costs"]
    assert (sums["step"], sums["agent"], sums["model"]) == ("work", "codex", "gpt-5.5")
    assert sums["cost_usd"] == found["total"]["cost_usd"] > 0
    rows = user.json("cost", "--rows")["costs"]
    assert [row["input_tokens"] for row in rows] == [6000, 1000]
    assert [row["seq"] for row in rows] == [1, 3]
    assert user.json("cost", "reprice")["changed"] == 0
    assert "7,080 tokens, $" in user("show").stdout
    assert user("cost", "--by", "agent", "--since", "1h").stdout.splitlines()[1].startswith("codex")
    assert user("db", "check").returncode == 0
