"""A session type's table as a picture, in the languages of Mermaid and of Graphviz.

Steps are boxes and ends are rounded; an edge says which statuses take it and under which guards.
The same definition always gives the same text.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from interlock.engine.definition import Definition
from interlock.engine.steps import Step
from interlock.engine.table import ENDS, Row

STYLES = {"at": "fill:#ffd75f,stroke:#af8700,color:#000", "visited": "fill:#d7e8ff,color:#000"}
"""How the step where a session stands, and those it has been at, are drawn."""


def mermaid(definition: Definition, *, at: str | None = None, visited: Collection[str] = ()) -> str:
    """The Mermaid flowchart of a definition; `at` and `visited` are steps or ends to mark."""
    nodes = _nodes(definition)
    lines = ["flowchart TD", f"    start(( )) --> {nodes[definition.initial]}"]
    for name, node in nodes.items():
        text = "<br/>".join(map(_entities, words_of(definition, name)))
        lines.append(f'    {node}(["{text}"])' if name in ENDS else f'    {node}["{text}"]')
    for (source, dest), labels in edges_of(definition).items():
        text = "<br/>".join(map(_entities, labels))
        lines.append(f'    {nodes[source]} -->|"{text}"| {nodes[dest]}')
    for mark, names in (("at", {at}), ("visited", {*visited} - {at})):
        marked = [node for name, node in nodes.items() if name in names]
        if marked:
            lines.append(f"    classDef {mark} {STYLES[mark]}")
            lines.append(f"    class {','.join(marked)} {mark}")
    return "\n".join(lines) + "\n"


def dot(definition: Definition) -> str:
    """The Graphviz digraph of a definition."""
    nodes = _nodes(definition)
    lines = [
        f"digraph {_quoted(definition.name)} {{",
        '    node [shape=box, fontname="sans-serif"];',
        '    edge [fontname="sans-serif", fontsize=10];',
        '    start [shape=circle, label="", width=0.2];',
    ]
    for name, node in nodes.items():
        shape = ", style=rounded, peripheries=2" if name in ENDS else ""
        text = _quoted("\n".join(words_of(definition, name)))
        lines.append(f"    {node} [label={text}{shape}];")
    lines.append(f"    start -> {nodes[definition.initial]};")
    for (source, dest), labels in edges_of(definition).items():
        lines.append(
            f"    {nodes[source]} -> {nodes[dest]} [label={_quoted(chr(10).join(labels))}];"
        )
    return "\n".join([*lines, "}"]) + "\n"


def nodes_of(definition: Definition) -> list[str]:
    """Every step, the first one first, and every end that a row leads to."""
    ends = [end for end in ENDS if any(row.dest == end for row in definition.rows)]
    others = [name for name in definition.steps if name != definition.initial]
    return [definition.initial, *others, *ends]


def _nodes(definition: Definition) -> dict[str, str]:
    """A name that both languages take for every node."""
    return {
        name: f"step_{name}" if re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) else f"step{number}"
        for number, name in enumerate(nodes_of(definition))
    }


def words_of(definition: Definition, name: str) -> list[str]:
    """What is written into a node: its name and, under it, how often a step may be tried."""
    step: Step | None = definition.steps.get(name)
    if step is None or step.attempts is None:
        return [name]
    return [name, f"{step.attempts} attempts" if step.attempts > 1 else "1 attempt"]


def edges_of(definition: Definition) -> dict[tuple[str, str], list[str]]:
    """What leads from a step to a node, one line for each row, in the order of the table."""
    edges: dict[tuple[str, str], list[str]] = {}
    for row in definition.rows:
        edges.setdefault((row.source, row.dest), []).append(_label(row))
    return edges


def _label(row: Row) -> str:
    conditions = [*row.guards, *(f"not {name}" for name in row.unless)]
    return f"{row.trigger} [{' and '.join(conditions)}]" if conditions else row.trigger


def _entities(text: str) -> str:
    """The text with what Mermaid or HTML would take for its own written as entities."""
    return re.sub(r"[\"#&<>`\\|;{}]", lambda found: f"#{ord(found[0])};", text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
