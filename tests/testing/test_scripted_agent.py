"""Sessions with fake agents, in the environment that runs the real ones."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interlock.testing import Fault, Turn
from tests.testing.fake_runs import KINDS
from tests.testing.types_under_test import Hasty, Talk

Make = Callable[..., Any]
HELLO = Turn.tool("write", {"path": "hello.txt", "content": "hi\n"})


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_has_its_conversation_with_it(
    session_of: Make, scripted_agent: Make, assert_path: Make, tmp_path: Path, kind: str
) -> None:
    """Found on PATH or named; the second prompt goes on where the vendor keeps conversations."""
    agent = scripted_agent(kind, HELLO, Turn.text("Done."), Turn.text("Again."))
    named = session_of(Talk, agent=agent if kind != "codex" else kind).run()
    assert_path(named, "first:ok second:ok complete")
    assert (tmp_path / "hello.txt").read_text() == "hi\n"
    first, second = agent.runs
    assert Path(first.directory) == tmp_path
    known = named.session.state.get("conversations", {}).get(kind)
    assert (first.conversation, second.conversation) == (None, known)
    assert (known is None) is (kind == "aider")
    assert "Again." in named.session.last("second").output


def test_one_that_hangs_is_ended(session_of: Make, scripted_agent: Make) -> None:
    """When the step's time is over."""
    agent = scripted_agent("claude-code", Fault("hang"))
    session = session_of(Hasty, agent=agent).run()
    assert session.path == [("write", "timeout")]


def test_several_runs_share_one_script(scripted_agent: Make, tmp_path: Path) -> None:
    """Also at the same time: each takes turns that no other one has."""
    agent = scripted_agent("codex", *(Turn.text(f"number {n}") for n in range(6)))
    asked = [str(agent.program), "exec", "--json", "-"]
    running = [
        subprocess.Popen(asked, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=tmp_path)
        for _ in range(6)
    ]
    said = []
    for process in running:
        out, _ = process.communicate(timeout=120)
        said += [
            event["item"]["text"]
            for event in map(json.loads, out.decode().splitlines())
            if event["type"] == "item.completed"
        ]
    assert sorted(said) == [f"number {n}" for n in range(6)]
    assert (len(agent.runs), agent.left) == (6, 0)


def test_it_is_played_from_the_command_line(tmp_path: Path) -> None:
    """The module installs a program for a script, and refuses one that is wrong in a line."""
    script = tmp_path / "script.json"
    script.write_text(json.dumps([{"said": "Hello."}]))
    module = [sys.executable, "-m", "interlock.testing.fake_agent"]
    words = ["gemini", str(script), "--install", str(tmp_path / "bin")]
    installed = subprocess.run([*module, *words], capture_output=True, text=True, timeout=60)
    program = installed.stdout.strip()
    assert program == str(tmp_path / "bin" / "gemini")
    done = subprocess.run([program, "-p", "Hi"], capture_output=True, text=True, timeout=60)
    assert '"status":"success"' in done.stdout
    script.write_text("[1]")
    wrong = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "fake gemini: entry 1 of the script: it is not an object\n"
    usage = subprocess.run([*module, "gimini", "x"], capture_output=True, text=True, timeout=60)
    assert usage.returncode == 2
    assert "there is no fake of 'gimini'; use claude-code, codex, gemini," in usage.stderr


def test_two_of_a_kind_are_two(
    session_of: Make, scripted_agent: Make, assert_path: Make, tmp_path: Path
) -> None:
    """Each with a script of its own; the newest is found first on PATH."""
    one, two = (
        scripted_agent("gemini", Turn.text("one")),
        scripted_agent("gemini", Turn.text("two")),
    )
    named = session_of(Talk, agent=one).run(until="second")
    found = session_of(Talk, agent="gemini").run(until="second")
    assert [driven.session.last("first").output for driven in (named, found)] == ["one", "two"]
    assert (one.left, two.left) == (0, 0)
    assert os.environ["PATH"].startswith(str(tmp_path / "interlock-bin"))
