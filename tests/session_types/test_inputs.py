"""The input of a built-in session type is read by name, or refused with its name at the start."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import SessionType, Shell
from interlock.engine import start
from interlock.engine.errors import InvalidInput
from interlock.session_types import inputs
from tests.session_types.driver import NAMES, load
from tests.session_types.paths import PATHS

REFUSED: list[tuple[str, str, Any, str]] = [
    ("mend", "check", "", "'check' is a command line"),
    ("mend", "check", "'", "'check' is a command line: cannot split"),
    ("mend", "check", "'" * 100_001, "'check' is a command line: cannot split"),
    ("mend", "check", 7, "'check' is a command line that names a program, not 7"),
    ("mend", "check", "x\0" * 1000 + "'", "'check' is a command line"),
    ("mend", "check", [], "'check' is a command line"),
    ("mend", "check", ["ruff", 1], "'check' is a command line"),
    ("mend", "check", "'' x", "names a program"),
    ("mend", "tries", 0, "'tries' is a number, 1 or more, not 0"),
    ("mend", "tries", "-1", "'tries' is a number"),
    ("mend", "tries", True, "'tries' is a number"),
    ("mend", "tries", 1.5, "'tries' is a number"),
    ("mend", "branch", " ", "'branch' is a text"),
    ("mend", "message", ["x"], "'message' is a text"),
    ("change", "rounds", "two", "'rounds' is a number"),
    ("component_spec", "sections", [1], "'sections' is a list of names"),
    ("component_spec", "sections", [], "at least one name"),
    ("component_spec", "sections", ",", "'sections' is a list of names"),
    ("component_test", "tdd", "perhaps", "'tdd' is true or false"),
    ("project_setup", "commands", "git init", "'commands' is an object"),
    ("project_setup", "commands", {"git": "'"}, "'git' is a command line"),
    ("context_coding", "components", [{"name": "cart", "tries": 0}], "component cart: .*'tries'"),
    ("context_coding", "components", [{"name": "cart", "colour": 1}], "no input 'colour'"),
    (
        "context_coding",
        "components",
        [{"name": "a", "priority": "high"}],
        "priority that is no whole number",
    ),
    ("context_coding", "components", [7], "a component that is no name and no object"),
    ("context_coding", "components", [{"priority": 1}], "a component without a proper name"),
    ("context_coding", "components", ["a\nb"], "a component without a proper name"),
    ("context_coding", "path", "code.py", "'path' is the same for cart and order"),
    ("context_coding", "components", 7, "'components' is a list of names"),
]


def refusal(kind: SessionType, given: Mapping[str, Any]) -> str:
    """Why a session does not start; nothing where it does."""
    try:
        start(kind, input=given)
    except InvalidInput as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize(("name", "key", "value", "said"), REFUSED)
def test_a_bad_value_is_refused_when_the_session_starts(
    name: str, key: str, value: Any, said: str
) -> None:
    """The error is one line that names the input."""
    refused = refusal(load(name), {**PATHS[name].input, key: value})
    assert re.search(said, refused)
    assert "\n" not in refused
    assert len(refused) < 300


@pytest.mark.parametrize("name", NAMES)
def test_what_a_type_needs_it_says(name: str) -> None:
    """Every input has help; without one that it needs it does not start, with those it does."""
    kind = load(name)
    assert all(told.strip() for told in kind.inputs.values())
    given = PATHS[name].input
    start(kind, input=given)
    for key in kind.inputs:
        if not key.endswith("?"):
            fewer = {known: given[known] for known in given if known != key}
            assert repr(key) in refusal(kind, fewer)


@pytest.mark.parametrize("name", NAMES)
@given(value=st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()))
def test_any_value_is_taken_or_refused(name: str, value: Any) -> None:
    """Whatever a value is, the session starts or says InvalidInput."""
    kind = load(name)
    for key in (key.removesuffix("?") for key in kind.inputs):
        assert key in (refusal(kind, {**PATHS[name].input, key: value}) or key)


def test_a_command_is_a_line_or_a_list() -> None:
    """Both give the same argv; as a line it is quoted again."""
    line, words = "pytest -k 'a b'", ["pytest", "-k", "a b"]
    assert inputs.read_command({"test": line}, "test") == Shell(("pytest", "-k", "a b"))
    assert inputs.read_command({"test": words}, "test") == Shell(("pytest", "-k", "a b"))
    assert inputs.command_line({"test": words}, "test") == line


def test_values_are_read_as_they_are_typed() -> None:
    """Numbers, flags and lists are also read from the text that a command line gives."""
    assert inputs.read_count({"tries": "12"}, "tries") == 12
    assert inputs.read_count({}, "tries", 3) == 3
    assert inputs.read_flag({"tdd": "yes"}, "tdd") is True
    assert inputs.read_flag({"tdd": "false"}, "tdd") is False
    assert inputs.read_flag({}, "tdd") is False
    assert inputs.read_names({"sections": "Purpose, Public API"}, "sections") == (
        "Purpose",
        "Public API",
    )
    assert inputs.read_text({}, "message", "Mend") == "Mend"


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Shopping Cart!", "shopping-cart"),
        ("--a/../b--", "a-b"),
        ("snake_case", "snake_case"),
        ("日本", "work"),
    ],
)
def test_a_slug_fits_a_branch_name(text: str, made: str) -> None:
    """Lower case; everything but letters, digits and underscores is one dash."""
    assert inputs.slug(text) == made
