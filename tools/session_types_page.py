"""Writes `docs/session-types.md` from the session types themselves: `make docs` runs it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from interlock import SessionType
from interlock.diagrams import mermaid
from interlock.plugins import load_type
from interlock.plugins.builtin import BUILTIN, SESSION_TYPES

PAGE = Path(__file__).parent.parent / "docs" / "session-types.md"

INTRODUCTION = """\
# Session types

These session types come with Interlock. Each is a table of transitions: a step is a box, and an
edge says which result leads where, in brackets under which guard. Rows are tried in the order of
the table, so a guarded edge goes before the plain one beside it.

A warning takes the edges of `ok`, and a timeout those of `error`. A step with a number of attempts
fails the session when they are used up. `interlock retry` takes a failed session up again at the
step where it failed, with all its limits anew.

Language, paths, commands and templates come from the input. A command line is split into words as
a shell would split it, but no shell runs. Give text with `-i KEY=VALUE`, other values with
`-i KEY:=JSON`, or all of them in a file with `--input FILE.json`. A list of names may also be a
text with commas.

This page is made from the code by `make docs`.
"""

EXAMPLES = {
    "mend": "-i check='ruff check .' --agent 'program ruff check --fix .'",
    "change": "-i change='Let a cart be emptied' -i test='pytest -q' -i into=main",
    "agent_task": "-i task='Make the tests in tests/test_cart.py pass' -i evaluate='pytest -q'",
    "chat": "-i instruction='Answer questions about this code base'",
    "component_spec": "-i component=cart -i path=docs/cart.md -i sections='Purpose,Public API'",
    "context_spec": "-i context=shop -i path=docs/shop.md",
    "component_coding": (
        "-i component=cart -i path=shop/cart.py -i test='pytest -q tests/test_cart.py' "
        "-i spec=docs/cart.md -i language=Python"
    ),
    "component_test": (
        "-i component=cart -i path=tests/test_cart.py -i check='ruff check tests' "
        "-i test='pytest -q tests/test_cart.py' -i tdd=true"
    ),
    "component_design_review": (
        "-i context=shop -i documents=docs/cart.md,docs/order.md -i report=docs/review.md"
    ),
    "context_design": "-i context=shop -i components=cart,order -i path='docs/{name}.md'",
    "context_coding": (
        "-i context=shop -i components=cart,order -i path='shop/{name}.py' "
        "-i test='pytest -q tests/test_{name}.py'"
    ),
    "context_testing": (
        "-i context=shop -i components=cart,order -i path='tests/test_{name}.py' "
        "-i check='ruff check tests/test_{name}.py' -i test='pytest -q tests/test_{name}.py'"
    ),
    "integration": (
        "-i context=shop -i path=tests/integration -i test='pytest -q tests/integration'"
    ),
    "project_setup": (
        "-i check='python requirements_report.py' -i 'commands:={\"git\": \"git init\"}'"
    ),
}
"""For each type what follows `interlock start TYPE` on one line."""


def write_page() -> str:
    """The text of the page."""
    kinds = {name: load_type(name) for name in BUILTIN[SESSION_TYPES]}
    listed = [f"- [`{name}`](#{name}): {_summary(kind)}" for name, kind in kinds.items()]
    sections = [_section(name, kind) for name, kind in kinds.items()]
    return "\n".join([INTRODUCTION, *listed, "", "\n".join(sections)])


def _section(name: str, kind: type[SessionType]) -> str:
    diagram = mermaid(kind.definition)
    return "\n".join(
        [
            f"## `{name}`\n",
            f"{inspect.getdoc(kind)}\n",
            *_table(kind),
            f"\n```mermaid\n{diagram}```\n",
            f"```sh\ninterlock start {name} {EXAMPLES[name]}\n```\n",
        ]
    )


def _table(kind: type[SessionType]) -> Iterator[str]:
    yield "| input | | what it is |"
    yield "|---|---|---|"
    for key, told in kind.inputs.items():
        need = "optional" if key.endswith("?") else "needed"
        yield f"| `{key.removesuffix('?')}` | {need} | {told.replace('|', '&#124;')} |"


def _summary(kind: type[SessionType]) -> str:
    return (inspect.getdoc(kind) or "").splitlines()[0]


if __name__ == "__main__":
    PAGE.write_text(write_page(), encoding="utf-8")
