"""What the pages list is what the code has: fields, variables, layers, figures, tables."""

import inspect
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from attrs import fields

from benchmarks.figures import FIGURES
from interlock import Interaction, Result, Session, Shell
from interlock.agents.usage import COUNTERS
from interlock.cli import amounts, application, documents, failures
from interlock.cli.tree import Group
from interlock.diagrams import mermaid
from interlock.engine import commands, errors
from interlock.environments.environ import ALLOWED
from interlock.environments.local import TIMEOUT
from interlock.plugins import AGENTS, check_file, load_agent
from interlock.plugins.builtin import BUILTIN
from interlock.sessions import Cost, Event
from interlock.store.tables import TABLES
from tests import source_rules
from tests.docs import pages
from tests.docs.pages import DOCS, ROOT

ROW = Interaction(seq=1, step="check", attempt=1, command=Shell(("true",)), session_id="s")
KEYS = ("step", "agent", "model", "day", "type", "session", "row", "time")
COST = Cost(key=dict.fromkeys(KEYS), tokens=dict.fromkeys(COUNTERS, 0))
SESSION = Session(type="mend", step="check")


def section(page: str, heading: str) -> str:
    """What stands under a heading, down to the next of its level."""
    text = (ROOT / page).read_text()
    _, found, rest = text.partition(f"\n## {heading}\n")
    assert found, f"{page} has no heading {heading}"
    return rest.partition("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """The words of code in the first column of the tables of a text."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return [word for cell in rows for word in re.findall(r"`([^`]+)`", cell)]


def members(kind: type) -> list[str]:
    """The names of the attributes of a value's class."""
    return [field.name for field in fields(kind)]


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("Session", list(documents.session_document(SESSION))),
        ("Turn", list(documents.command_document(ROW))),
        ("Interaction", list(documents.interaction_document(ROW))),
        ("Command", [kind.kind for kind in commands.COMMANDS]),
        ("Result", members(Result)),
        ("Cost", list(amounts.cost_document(COST))),
        ("Event", ["interaction_id" if name == "seq" else name for name in members(Event)]),
    ],
)
def test_a_document_has_the_fields_that_are_listed(heading: str, names: list[str]) -> None:
    """Each of them once, and no other."""
    assert sorted(first_cells(section("docs/json.md", heading))) == sorted(names)


@pytest.mark.parametrize("kind", commands.COMMANDS)
def test_a_command_has_the_fields_that_are_listed(kind: type[commands.Command]) -> None:
    """The row of its kind names all of them in order."""
    text = section("docs/json.md", "Command")
    (row,) = (line for line in text.splitlines() if line.startswith(f"| `{kind.kind}`"))
    assert re.findall(r"`([^`]+)`", row.split("|")[2]) == members(kind)
    assert set(members(commands.Child)) <= set(re.findall(r"`(\w+)`", text))


def with_json(group: Group, *path: str) -> Iterator[str]:
    """The commands under a group that take --json."""
    for name in group.table:
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if any(param.name == "as_json" for param in command.params):
            yield " ".join((*path, name))
        if isinstance(command, Group):
            yield from with_json(command, *path, name)


def test_every_command_with_json_is_listed() -> None:
    """The table of documents has each command that prints one, and no other but `export`."""
    told = (DOCS / "json.md").read_text().partition("\n## ")[0]
    listed = {name.partition(" --")[0] for name in first_cells(told)}
    assert isinstance(application.application, Group)
    assert listed - {"export"} == set(with_json(application.application))


def test_every_exit_status_is_listed() -> None:
    """Those that the help names, and those that an error can have."""
    rows = re.findall(r"^\|([\d, ]+)\|", section("docs/json.md", "Exit statuses"), re.MULTILINE)
    numbers = {int(number) for row in rows for number in row.split(",")}
    told = application.HELP.partition("Exit status:")[2]
    assert {int(n) for n in re.findall(r"(?:^|\s{2,})(\d+) {2}", told)} <= numbers
    assert {status for _, status in failures.STATUSES} <= numbers


def test_every_variable_is_listed() -> None:
    """Each that the code reads or sets, and each that a command gets of the user's."""
    source = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    page = (DOCS / "configuration.md").read_text()
    words = set(re.findall(r"\bINTERLOCK_[A-Z_]+[A-Z]\b", source)) - {"INTERLOCK_COMPLETE"}
    assert len(words) >= 7
    assert [name for name in sorted(words) if f"`{name}`" not in page] == []
    own = [name for name in ALLOWED if name.isupper() and not re.search("PROXY|SSL|CERT|CA_", name)]
    assert [name for name in own if f"`{name}`" not in page] == []
    assert f"{TIMEOUT:g}" in page


def test_every_error_is_listed() -> None:
    """Each class that is raised for what a caller does, by its name."""
    page = (DOCS / "python-api.md").read_text()
    kinds = {
        name
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, errors.InterlockError)
    }
    shared = {"InterlockError", "NotFound", "Refused", "TypeUnusable"}
    assert [name for name in sorted(kinds - shared) if f"`{name}`" not in page] == []


def test_every_agent_is_listed() -> None:
    """Each that is built in has a section, or a row with its program and how to install it."""
    page = (DOCS / "use-a-program-as-agent.md").read_text()
    for name in BUILTIN[AGENTS]:
        about = getattr(load_agent(name), "description", None)
        if about is None:
            assert f"\n## {name}\n" in page
        else:
            assert f"| `{name}` | `{about.program}`" in page
            assert f"| `{about.install}` |" in page


def test_the_layers_are_as_they_are_drawn() -> None:
    """The picture has the rows that the source is checked against, in their order."""
    (drawn,) = (
        block
        for block in pages.read(ROOT / "ARCHITECTURE.md").blocks
        if block.text.startswith("engine ")
    )
    rows = [tuple(re.split(r" {3,}", line)[0].split()) for line in drawn.text.splitlines()]
    assert rows == list(source_rules.LAYERS)


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "docs/store.md"])
def test_every_table_is_named(page: str) -> None:
    """The table of tables has each, and no other."""
    heading = "The store" if page == "ARCHITECTURE.md" else "The tables"
    named = first_cells(section(page, heading))
    assert sorted(named) == sorted([*(t._meta.table_name for t in TABLES), "schema_migration"])


def test_every_figure_is_described() -> None:
    """The benchmarks page has each figure that is measured, with its bound."""
    text = section("docs/benchmarks.md", "The figures")
    assert first_cells(text)[: len(FIGURES)] == list(FIGURES)
    for name, measure in FIGURES.items():
        (row,) = (line for line in text.splitlines() if line.startswith(f"| `{name}`"))
        bound = re.search(r"at_(least|most)=([\d.]+)", inspect.getsource(measure))
        wanted = 0.6 if bound is None else float(bound[2])
        assert float(row.split("|")[3].split()[-1]) == wanted


def test_every_test_that_is_named_is_there() -> None:
    """A promise that names the test that shows it names one that exists."""
    names = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    text = "\n".join(page.text for page in pages.every())
    told = set(re.findall(r"`(?:tests/)?(?:\w+/)*(test_\w+\.py)`", text))
    assert told
    assert told - names == set()


def test_every_path_that_is_named_is_there() -> None:
    """So does a file of the source."""
    text = (ROOT / "ARCHITECTURE.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    told = set(
        re.findall(r"`((?:src|tests|docs|tools|engine|sessions|store|environments)/[^`]*)`", text)
    )
    assert told
    assert [
        name
        for name in sorted(told)
        if not (ROOT / name).exists() and not (ROOT / "src" / "interlock" / name).exists()
    ] == []


def test_the_diagram_is_that_of_the_session_type(tmp_path: Path) -> None:
    """README draws what it shows."""
    blocks = pages.read(ROOT / "README.md").blocks
    (code,) = (block for block in blocks if block.title and block.language == "python")
    (drawn,) = (block for block in blocks if block.language == "mermaid")
    file = tmp_path / "shown.py"
    file.write_text(code.text)
    (kind,) = check_file(file)
    assert drawn.text == mermaid(kind.definition)
    assert len(kind.definition.rows) == 10


def test_the_make_targets_that_are_named_are_there() -> None:
    """Each `make NAME` in code is a target of the Makefile."""
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = "\n".join(page.text for page in pages.every())
    named = set(re.findall(r"(?:`|^)make (\w+)(?=[` \n])", text, re.MULTILINE))
    assert {"install", "demo", "test", "bench"} <= named
    assert named - targets == set()


def test_data_that_is_only_shown_can_be_read() -> None:
    """A block of JSON or TOML is JSON or TOML."""
    for page in pages.every():
        for block in page.blocks:
            if block.language == "json":
                json.loads(block.text)
            elif block.language == "toml":
                tomllib.loads(block.text)
