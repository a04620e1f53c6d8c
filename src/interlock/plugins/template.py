"""The files of a new plugin package: path -> text, with `$name`-like places to fill."""

from __future__ import annotations

from collections.abc import Mapping

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "$project"
version = "0.1.0"
description = "The session type $name for Interlock."
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["interlock>=$version"]

[project.entry-points."interlock.session_types"]
$name = "$package:$kind"

[tool.hatch.build.targets.wheel]
packages = ["src/$package"]

[tool.pytest.ini_options]
testpaths = ["tests"]
"""

README = """\
# $project

The session type `$name` for Interlock: an agent works on a task until a check
passes, three times at most.

Install it beside Interlock, run its tests, and see that Interlock knows it:

    pip install -e . pytest
    pytest
    interlock types show $name

Run it on the files of the directory you stand in:

    interlock run $name -i task="Mend the spelling" -i check="codespell ." \\
        --agent "program codespell --write-changes ."

The session type is in `src/$package/__init__.py`. Change the table and the
steps; the tests need no agent and start no process.
"""

MODULE = '''\
"""An agent works on a task until a check passes."""

from interlock import COMPLETE, Prompt, Session, SessionType, Shell, step


class $kind(SessionType):
    inputs = {"task": "what to do", "check": "the command that must pass"}
    transitions = [["ok", "work", "check"],
                   ["ok", "check", COMPLETE],
                   ["error", "check", "work"]]  # fmt: skip

    @step(attempts=3)
    def work(self, session: Session) -> Prompt:
        return Prompt(f"{session.input['task']}\\n{session.last('check').output}")

    @step(timeout=600)
    def check(self, session: Session) -> Shell:
        return Shell.parse(session.input["check"])
'''

TESTS = '''\
"""The engine alone drives the session type $name: no agent, no process."""

from interlock import Result, Session, Shell
from interlock.engine import handle_result, next_command, start
from interlock.plugins import load_type

from $package import $kind

PASSED = Result("ok")
FAILED = Result("error", output="line 7: wrong")


def drive(*results: Result) -> Session:
    """A session after these results, with its next command open while it is active."""
    kind = $kind()
    session = start(kind, input={"task": "Mend it.", "check": "make check"})
    for result in results:
        session = handle_result(kind, next_command(kind, session), result)
    return next_command(kind, session) if session.active else session


def test_the_agent_is_asked_first() -> None:
    """The first command is the prompt with the task."""
    session = drive()
    assert session.step == "work"
    assert session.open.command.text.startswith("Mend it.")


def test_then_the_check_runs() -> None:
    """After the agent's turn the check runs as a list of words."""
    assert drive(PASSED).open.command == Shell(("make", "check"), timeout=600)


def test_a_check_that_passes_completes_the_session() -> None:
    """Work and one check that passes is the whole session."""
    assert drive(PASSED, PASSED).status == "complete"


def test_a_check_that_fails_goes_back_to_the_agent() -> None:
    """The agent is told what the check said."""
    assert "line 7: wrong" in drive(PASSED, FAILED).open.command.text


def test_the_third_check_that_fails_ends_the_session() -> None:
    """Work is tried three times, then the session has failed."""
    assert drive(*[PASSED, FAILED] * 2).status == "active"
    assert drive(*[PASSED, FAILED] * 3).status == "failed"


def test_interlock_finds_it_by_name() -> None:
    """Once the package is installed, its name stands for this class."""
    assert load_type("$name") is $kind
'''

FILES: Mapping[str, str] = {
    "pyproject.toml": PYPROJECT,
    "README.md": README,
    "src/$package/__init__.py": MODULE,
    "src/$package/py.typed": "",
    "tests/test_$name.py": TESTS,
}
