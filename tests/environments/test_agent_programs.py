"""What is found of the agent programs on a machine; the programs are scripts of ours."""

import os
from pathlib import Path
from threading import Event

import pytest

from interlock.agents.claude_code import ClaudeCode
from interlock.agents.description import Description
from interlock.agents.invocation import Invocation
from interlock.engine import Interaction, Prompt, Result, Session
from interlock.environments import agent_programs
from interlock.environments.agent_programs import AgentProgram, find_programs, name_version
from interlock.environments.local import Local

LOGGED_OUT = 'case "$1" in --version) echo "claude 2.1.200 (of 2026-01-01)" ;; *) exit 1 ;; esac'


class Agent:
    """An agent whose program is `claude`."""

    inherit = ("CLAUDE_*",)
    description = Description(
        program="claude",
        vendor="Someone",
        install="get claude",
        login="run `claude login`",
        login_check=("login", "status"),
        keys=("CLAUDE_KEY",),
        tried=("2.1.197", "2.1.329"),
    )


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH beside those of the system; no key is set."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.delenv("CLAUDE_KEY", raising=False)
    return tmp_path


def install(folder: Path, script: str) -> Path:
    """`claude` is this script from now on."""
    program = folder / "claude"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def find() -> AgentProgram:
    """The one program that is asked for; an agent without one is left out."""
    (found,) = find_programs({"claude-code": Agent(), "program": object()})
    return found


def test_a_missing_program_is_told_with_what_installs_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And then how to log in."""
    monkeypatch.setenv("PATH", str(folder))
    found = find()
    assert (found.path, found.version, found.logged_in) == (None, None, None)
    assert found.advice == "`get claude` installs it; then run `claude login`"


def test_a_program_is_asked_for_its_version_and_whether_it_is_logged_in(folder: Path) -> None:
    """Its exit code says whether it is, unless a key is set."""
    program = install(folder, LOGGED_OUT)
    found = find()
    assert (found.path, found.version, found.logged_in) == (str(program), "2.1.200", False)
    assert found.advice == "not logged in: run `claude login`"
    install(folder, LOGGED_OUT.replace("exit 1", "exit 0"))
    assert (find().logged_in, find().advice) == (True, "")


def test_a_key_is_as_good_as_a_log_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is not asked then."""
    install(folder, LOGGED_OUT)
    monkeypatch.setenv("CLAUDE_KEY", "x")
    assert find().logged_in is True


def test_it_is_asked_in_an_empty_directory_with_what_a_session_would_give_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of a project is run, and no secret of the user's reaches it."""
    monkeypatch.setenv("SECRET", "s")
    monkeypatch.setenv("CLAUDE_HOME", "h")
    install(folder, f"(pwd; ls -A; env) > {folder}/seen; echo 2.1.197")
    find()
    first, *rest = (folder / "seen").read_text().splitlines()
    assert first not in (str(folder), str(Path.cwd()))
    assert "CLAUDE_HOME=h" in rest
    assert all("=" in line for line in rest)
    assert "SECRET" not in "".join(rest)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("exit 3", "`claude --version` failed: exit code 3"),
        ("echo hello", "`claude --version` names no version"),
        ("exec sleep 600", "`claude --version` failed: timed out after 0.5 s"),
    ],
)
def test_a_program_that_does_not_say_its_version_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, script: str, told: str
) -> None:
    """It fails, says something else, or says nothing for too long; none of it is fatal."""
    monkeypatch.setattr(agent_programs, "PATIENCE", 0.5)
    install(folder, script)
    found = find()
    assert (found.version, found.logged_in, found.advice) == (None, None, told)


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("2.1.197", ""),
        ("2.1.200-beta.1", ""),
        ("2.1.329", ""),
        ("2.1.33", "older than what was tried: 2.1.197 to 2.1.329"),
        ("2.1.330", "newer than what was tried: 2.1.197 to 2.1.329"),
        ("10.0", "newer than what was tried: 2.1.197 to 2.1.329"),
    ],
)
def test_a_version_that_was_not_tried_is_told(version: str, told: str) -> None:
    """It is compared number by number."""
    assert Agent.description.doubt(version) == told


def test_an_option_that_is_not_known_is_told_with_the_version(folder: Path) -> None:
    """With the version that is here and those that were tried; any other error is left alone."""
    install(folder, "echo 1.0.3")
    asked = Invocation(("claude", "-p"))
    failed = Result("error", error="unknown option '--new'", data={"kind": "options"})
    told = name_version(failed, Agent(), asked).error
    assert told == "unknown option '--new': this is claude 1.0.3, and 2.1.197 to 2.1.329 was tried"
    (folder / "claude").unlink()
    told = name_version(failed, Agent(), asked).error
    assert told is not None
    assert told.startswith("unknown option '--new': its version is not known, and 2.1.197")
    other = Result("error", error="no", data={"kind": "silent"})
    assert name_version(other, Agent(), asked) is other
    assert name_version(failed, object(), asked) is failed


def test_a_prompt_that_fails_for_an_option_says_which_version_is_here(folder: Path) -> None:
    """And which were tried."""
    install(
        folder, 'test "$*" = --version && exec echo 1.0.3; echo unknown option --new >&2; false'
    )
    session = Session(
        type="t", step="ask", id="s-1", workdir=str(folder), agent="claude-code -- --new"
    )
    row = Interaction(seq=1, step="ask", attempt=1, command=Prompt("x"), session_id="s-1")
    result = Local().execute(session, row, emit=lambda kind, data: None, stop=Event())
    assert result.status == "error"
    tried = ClaudeCode.description.range
    assert result.error == f"unknown option --new: this is claude 1.0.3, and {tried} was tried"
