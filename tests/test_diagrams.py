"""A diagram shows every step, end, status and guard of a definition, and nothing else."""

import re
from typing import Any

import pytest

from interlock import COMPLETE, Prompt, Session, SessionType, Shell, step
from interlock.diagrams import dot, mermaid
from interlock.engine import Definition
from interlock.engine.table import ENDS
from interlock.plugins import load_type
from interlock.plugins.builtin import BUILTIN, SESSION_TYPES

NAMES = tuple(BUILTIN[SESSION_TYPES])


class Small(SessionType):
    """Build until it is done."""

    transitions = (
        ("ok", "build", COMPLETE, "done", "dirty"),
        ("ok", "build", "build"),
        ("error", "build", "build"),
    )

    @step(attempts=2)
    def build(self, session: Session) -> Shell:
        return Shell(("make",))

    def done(self, session: Session, result: object) -> bool:
        return True

    def dirty(self, session: Session, result: object) -> bool:
        return False


MERMAID = """\
flowchart TD
    start(( )) --> step_build
    step_build["build<br/>2 attempts"]
    step_complete(["complete"])
    step_build -->|"ok [done and not dirty]"| step_complete
    step_build -->|"ok<br/>error"| step_build
"""

DOT = """\
digraph "small" {
    node [shape=box, fontname="sans-serif"];
    edge [fontname="sans-serif", fontsize=10];
    start [shape=circle, label="", width=0.2];
    step_build [label="build\\n2 attempts"];
    step_complete [label="complete", style=rounded, peripheries=2];
    start -> step_build;
    step_build -> step_complete [label="ok [done and not dirty]"];
    step_build -> step_build [label="ok\\nerror"];
}
"""


def odd(*names: str) -> Definition:
    """The definition of a type whose steps have these names."""

    def body(self: Any, session: Session) -> Prompt:
        return Prompt("go on")

    rows = [["ok", name, after] for name, after in zip(names, (*names[1:], COMPLETE), strict=True)]
    steps = {name: step(body) for name in names}
    kind: Any = type("Odd", (SessionType,), {**steps, "transitions": rows})
    definition: Definition = kind.definition
    return definition


def edges(text: str, arrow: str) -> dict[tuple[str, str], list[str]]:
    """The labels between two nodes, as a diagram's text has them."""
    found = re.findall(arrow, text, re.MULTILINE)
    labels = {(a, b): re.split(r"<br/>|\\n", label) for a, label, b in found}
    assert len(labels) == len(found), "two edges between the same nodes"
    return labels


def test_a_table_as_mermaid_and_as_dot() -> None:
    """One node for each step and end, one edge for each pair of them, one line for each row."""
    assert mermaid(Small.definition) == MERMAID
    assert dot(Small.definition) == DOT


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_a_built_in_is_in_its_diagrams(name: str) -> None:
    """Each with its status and its guards, and no edge that is no row."""
    definition = load_type(name).definition
    rows: dict[tuple[str, str], list[str]] = {}
    for row in definition.rows:
        guards = " and ".join([*row.guards, *(f"not {unless}" for unless in row.unless)])
        pair = (f"step_{row.source}", f"step_{row.dest}")
        rows.setdefault(pair, []).append(row.trigger + (f" [{guards}]" if guards else ""))
    assert edges(mermaid(definition), r'^ +(\w+) -->\|"(.*)"\| (\w+)$') == rows
    swapped = edges(dot(definition), r'^ +(?=(\w+) -> \w+ \[label="(.*)"\];$)\w+ -> (\w+) .*$')
    assert swapped == rows


def test_where_a_session_stands_and_has_been_is_marked() -> None:
    """The two are told apart; what the definition does not have is not drawn."""
    definition = load_type("mend").definition
    text = mermaid(definition, at="mend", visited=["check", "mend", "gone"])
    assert "    class step_mend at\n" in text
    assert "    class step_check visited\n" in text
    assert "gone" not in text
    assert "class" not in mermaid(definition, at="gone")
    assert "    class step_failed at\n" in mermaid(definition, at="failed")


def test_visited_steps_are_marked_in_the_order_of_the_table() -> None:
    """The text does not depend on the order of a set."""
    definition = load_type("change").definition
    names = list(definition.steps)
    texts = {mermaid(definition, visited=given) for given in (names, names[::-1], set(names))}
    assert len(texts) == 1
    assert f"class {','.join(f'step_{name}' for name in names)} visited" in texts.pop()


def test_no_name_breaks_a_diagram() -> None:
    """A word of the diagram language is a name like any other; other characters are escaped."""
    definition = odd("end", "graph", "größe", 'a "b" <i> | \\ # `c`')
    drawn = mermaid(definition)
    assert '    step_end["end"]\n' in drawn
    assert '    step2["größe"]\n' in drawn
    assert '    step3["a #34;b#34; #60;i#62; #124; #92; #35; #96;c#96;"]\n' in drawn
    assert '    step3 [label="a \\"b\\" <i> | \\\\ # `c`"];\n' in dot(definition)


def test_an_end_no_row_leads_to_is_not_drawn() -> None:
    """A diagram has the ends of its table alone."""
    for name in NAMES:
        definition = load_type(name).definition
        reached = {row.dest for row in definition.rows}
        for end in ENDS:
            assert (f"step_{end}(" in mermaid(definition)) == (end in reached)
