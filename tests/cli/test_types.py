"""`interlock types`: listed, shown, drawn, checked, written, trusted."""

import subprocess
import sys
from pathlib import Path

import pytest

from interlock.plugins.builtin import AGENTS, BUILTIN, ENVIRONMENTS, SESSION_TYPES
from tests.cli.conftest import WORKFLOWS
from tests.cli.desk import Desk

SMALL = """\
from interlock import COMPLETE, SessionType, Shell, step


class Tiny(SessionType):
    transitions = [["ok", "build", COMPLETE]]

    @step
    def build(self, session):
        return Shell(("true",))
"""


@pytest.mark.parametrize(
    ("words", "group"),
    [
        (("types",), SESSION_TYPES),
        (("types", "list"), SESSION_TYPES),
        (("agents",), AGENTS),
        (("agents", "list"), AGENTS),
        (("environments",), ENVIRONMENTS),
        (("environments", "list"), ENVIRONMENTS),
    ],
)
def test_plugins_are_listed(desk: Desk, words: tuple[str, ...], group: str) -> None:
    """Name, source, target; the same names in words and as JSON."""
    found = desk.json(*words)
    assert {one["name"] for one in found} >= set(BUILTIN[group])
    told = desk(*words)
    assert told.status == 0
    assert [line.split()[0] for line in told.out.splitlines()[1:]] == [one["name"] for one in found]


def test_an_agent_is_listed_with_its_program(desk: Desk) -> None:
    """Version, log-in and abilities of one that is here; what installs one that is not."""
    program = desk.home / "claude"
    program.write_text("#!/bin/sh\necho 2.1.197\n")
    program.chmod(0o755)
    desk.set("PATH", str(desk.home))
    found = {one["name"]: one["program"] for one in desk.json("agents")}
    assert found["program"] is None
    here = found["claude-code"]
    assert (here["path"], here["version"], here["logged_in"]) == (str(program), "2.1.197", True)
    assert here["abilities"]["resume"] is True
    assert (found["codex"]["path"], found["codex"]["version"]) == (None, None)
    lines = {line.split()[0]: line for line in desk("agents").out.splitlines()}
    assert lines["claude-code"].split()[2:5] == ["2.1.197", "yes", "resume"]
    assert "not installed" in lines["codex"]
    assert "`npm install -g @openai/codex` installs it" in lines["codex"]


def test_a_trusted_file_that_has_changed_is_listed_and_named_as_broken(desk: Desk) -> None:
    """It is listed; using it is refused with exit status 6 until it is trusted again."""
    file = desk.home / "tiny.py"
    file.write_text(SMALL)
    assert desk("types", "trust", str(file)).out == f"trusted tiny of {file}\n"
    assert desk("run", "tiny").status == 0
    file.write_text(SMALL + "# changed\n")
    told = desk("start", "tiny")
    assert told.status == 6
    assert "interlock types trust" in told.err
    sound = desk("doctor")
    assert sound.status == 1
    assert "tiny" in sound.out
    assert desk("types", "trust", str(file)).status == 0
    assert desk("start", "tiny").status == 0
    file.unlink()
    assert desk("types", "untrust", str(file)).out == f"tiny of {file} can no longer be used\n"
    assert desk("start", "tiny").status == 6
    assert desk("types", "untrust", str(file)).status == 2


def test_a_type_is_shown(desk: Desk) -> None:
    """Description, inputs, steps with limits, and the table."""
    told = desk("types", "show", "greet").out
    for part in ("Say hello, twice where it is wanted.", "name", "optional", "who is greeted",
                 "again  2", "wanted", "at most 100 interactions"):  # fmt: skip
        assert part in told
    found = desk.json("types", "show", "greet")
    assert found["inputs"][0] == {"name": "name", "required": False, "help": "who is greeted"}
    assert found["initial"] == "hello"
    assert [step["name"] for step in found["steps"]] == ["hello", "again"]
    assert found["steps"][1]["attempts"] == 2
    assert found["transitions"][0] == {
        "trigger": "ok",
        "source": "hello",
        "dest": "again",
        "guards": ["wanted"],
        "unless": [],
    }


@pytest.mark.parametrize("name", list(BUILTIN[SESSION_TYPES]))
def test_every_built_in_type_is_shown_and_drawn(desk: Desk, name: str) -> None:
    """In words, as JSON, and in each language."""
    assert desk("types", "show", name).status == 0
    assert desk.json("types", "show", name)["name"] == name
    for language, begin in (("mermaid", "flowchart"), ("dot", "digraph"), ("svg", "<svg")):
        told = desk("types", "graph", name, "--format", language)
        assert told.status == 0
        assert told.out.startswith(begin)
    assert desk("types", "graph", name).out.startswith("flowchart")


def test_a_type_or_a_file_is_checked(desk: Desk) -> None:
    """Each type that a file defines, or the one of a name."""
    told = desk("types", "check", str(WORKFLOWS))
    assert told.status == 0
    assert "greet: well defined; 2 steps, 3 rows\n" in told.out
    assert desk("types", "check", "mend").out == "mend: well defined; 3 steps, 8 rows\n"
    names = [one["name"] for one in desk.json("types", "check", str(WORKFLOWS))]
    assert "greet" in names
    assert desk("start", "greet").status == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('    transitions = [["ok", "build", "nowhere"]]', "nowhere"),
        ("    transitions = []", "has no rows"),
        ("    transitions = [", "SyntaxError"),
        ("    raise RuntimeError('no')", "RuntimeError: no"),
    ],
)
@pytest.mark.parametrize("command", ["check", "trust"])
def test_a_file_that_is_wrong_is_told_with_its_line(
    desk: Desk, command: str, text: str, said: str
) -> None:
    """Exit status 6, the file, the line and the mend in one line."""
    file = desk.home / "wrong.py"
    file.write_text(SMALL.replace('    transitions = [["ok", "build", COMPLETE]]', text))
    told = desk("types", command, str(file))
    assert told.status == 6
    assert told.err.startswith(f"interlock: {file}")
    assert told.err.count("\n") == 1
    assert said in told.err


@pytest.mark.parametrize("words", [("show",), ("graph",), ("check",)])
def test_an_unknown_type_is_told(desk: Desk, words: tuple[str, ...]) -> None:
    """Exit status 6 and the nearest name."""
    told = desk("types", *words, "mnd")
    assert told.status == 6
    assert "there is no session type 'mnd'; did you mean mend?" in told.err


@pytest.mark.parametrize("command", ["check", "trust"])
def test_a_file_that_is_not_there_is_told(desk: Desk, command: str) -> None:
    """Exit status 6, one line."""
    told = desk("types", command, "./nowhere.py")
    assert told.status == 6
    assert "there is no such file" in told.err


def test_a_name_that_is_taken_cannot_be_trusted(desk: Desk) -> None:
    """A built-in name: exit status 4."""
    file = desk.home / "mine.py"
    file.write_text(SMALL.replace("Tiny", "Mend"))
    told = desk("types", "trust", str(file))
    assert told.status == 4
    assert "mend is taken (built-in)" in told.err


def test_a_new_plugin_is_written(desk: Desk) -> None:
    """A package whose own tests pass; a second one of the name is refused."""
    told = desk("types", "new", "spell_check")
    assert told.status == 0
    place = desk.project / "interlock-spell-check"
    assert f"wrote {place.name}" in told.out.replace("./", "")
    assert (place / "pyproject.toml").is_file()
    assert subprocess.run(
        [sys.executable, "-c", "import interlock_spell_check as m; m.SpellCheck.definition"],
        env={"PYTHONPATH": str(place / "src")},
    ).returncode == 0  # fmt: skip
    assert desk("types", "new", "spell_check").status == 2
    assert desk("types", "new", "Spell").status == 2
    assert desk("types", "new", "spell_check", "--directory", str(desk.home)).status == 0
    assert Path(desk.home, "interlock-spell-check").is_dir()
