"""The page of guarantees names the tests of each promise, and they are there."""

import ast
import re

from tests.docs.pages import DOCS, ROOT

PAGE = (DOCS / "guarantees.md").read_text()
PROMISES = PAGE.partition("\n## What is promised\n")[2].partition("\n## ")[0].split("\n### ")[1:]
NAMED = re.compile(r"`(\w+/\w+\.py)::(\w+)`( \(\*long\*\))?")


def functions(file: str) -> dict[str, list[str]]:
    """The functions of a test file, each with its decorators as they are written."""
    tree = ast.parse((ROOT / "tests" / file).read_text())
    return {
        node.name: [ast.unparse(mark) for mark in node.decorator_list]
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }


def test_each_promise_names_tests_that_exist() -> None:
    """At least one, after what is promised; no promise stands without."""
    assert len(PROMISES) >= 15
    for promise in PROMISES:
        said, found, shown = promise.partition("\nShown by:")
        assert found, said
        named = NAMED.findall(shown)
        assert len(named) == shown.count("::") > 0, said
        for file, test, _ in named:
            assert test in functions(file), f"{file}::{test}"


def test_what_make_test_leaves_out_is_marked_long() -> None:
    """And nothing else is."""
    for file, test, long in NAMED.findall(PAGE):
        marks = functions(file)[test]
        left_out = "pytest.mark.chaos" in marks or any("sizes(None" in mark for mark in marks)
        assert bool(long) == left_out, f"{file}::{test}"
