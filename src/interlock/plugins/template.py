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
    pytest --interlock-cov
    interlock types show $name

Run it on the files of the directory you stand in:

    interlock run $name -i task="Mend the spelling" -i check="codespell ." \\
        --agent "program codespell --write-changes ."

The session type is in `src/$package/__init__.py`. Change the table and the
steps. The tests need no agent and start no process; `--interlock-cov` names the
rows of the table that none of them took.
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
"""Sessions of type $name, driven by results that are written here."""

from collections.abc import Callable

from interlock import Result, Shell
from interlock.plugins import load_type
from interlock.testing import DrivenSession, assert_path

from $package import $kind

Make = Callable[..., DrivenSession]
INPUT = {"task": "Mend it.", "check": "make check"}
WRONG = Result("error", output="line 7: wrong")


def test_the_agent_works_and_the_check_is_run(session_of: Make) -> None:
    """The task is the prompt, and the check a list of words."""
    session = session_of($kind, INPUT).run({"work": "ok", "check": "ok"})
    assert session.command("work").text.startswith("Mend it.")
    assert session.command("check") == Shell(("make", "check"), timeout=600)
    assert_path(session, "work check complete")


def test_a_check_that_fails_goes_back_to_the_agent(session_of: Make) -> None:
    """The agent is told what the check said."""
    session = session_of($kind, INPUT).run({"work": "ok", "check": [WRONG, "ok"]})
    assert "line 7: wrong" in session.command("work").text
    assert_path(session, "work check:error work check:ok complete")


def test_the_third_check_that_fails_ends_the_session(session_of: Make) -> None:
    """Work is tried three times."""
    session = session_of($kind, INPUT).run({"work": "ok", "check": WRONG})
    assert_path(session, "work check work check work check:error failed")


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
