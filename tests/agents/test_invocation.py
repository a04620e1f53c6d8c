"""What every agent builds on: an invocation, placeholders, and its own options."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.agents.invocation import Invocation, fill, take_options
from interlock.engine.errors import InvalidInput

VALUES = {"prompt": "{step} {prompt}", "step": "fix", "a.b": "dot"}


@given(words=st.lists(st.text()), values=st.dictionaries(st.sampled_from("abc"), st.text()))
def test_filling_is_replacing_each_name_once(words: list[str], values: dict[str, str]) -> None:
    """Words without a placeholder stay; what was put in is not looked at again."""
    marked = [word.replace("{", "") + "".join(f"{{{name}}}" for name in values) for word in words]
    expected = tuple(word.replace("{", "") + "".join(values.values()) for word in words)
    assert fill(marked, values) == expected


@pytest.mark.parametrize(
    ("word", "filled"),
    [
        ("{prompt}", "{step} {prompt}"),
        ("--ask={prompt}!", "--ask={step} {prompt}!"),
        ("{step}{step}", "fixfix"),
        ("{a.b} {aXb}", "dot {aXb}"),
        ('{"json": {}}', '{"json": {}}'),
        ("{ step } {Step} {{step}}", "{ step } {Step} {fix}"),
        ("${HOME}", "${HOME}"),
    ],
)
def test_other_braces_stay(word: str, filled: str) -> None:
    """Only the exact names are placeholders."""
    assert fill([word], VALUES) == (filled,)


@pytest.mark.parametrize(
    ("words", "taken", "rest"),
    [
        ((), {}, ()),
        (("ruff", "--fix"), {}, ("ruff", "--fix")),
        (("--codes", "0,1", "ruff", "--codes"), {"--codes": "0,1"}, ("ruff", "--codes")),
        (("--any", "--codes", "--x", "f"), {"--any": "", "--codes": "--x"}, ("f",)),
        (("--", "--odd-name", "x"), {}, ("--odd-name", "x")),
        (("-x",), {}, ("-x",)),
    ],
)
def test_own_options_come_before_the_first_word(
    words: tuple[str, ...], taken: dict[str, str], rest: tuple[str, ...]
) -> None:
    """What follows that word belongs to the program."""
    assert take_options(words, {"--codes": True, "--any": False}) == (taken, rest)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fix", "x"), "there is no option --fix; use --codes"),
        (("--codes",), "the option --codes needs a value"),
    ],
)
def test_an_option_that_cannot_be_used_is_told(words: tuple[str, ...], said: str) -> None:
    """With those there are."""
    with pytest.raises(InvalidInput, match=said):
        take_options(words, {"--codes": True})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"argv": ()}, "argv is a list"),
        ({"argv": "ruff check"}, "argv is a list"),
        ({"argv": ("ruff", None)}, "argv is a list"),
        ({"argv": ("ruff",), "env": {"A": 5}}, "env maps strings to strings"),
    ],
)
def test_an_invocation_is_words(given: dict[str, Any], said: str) -> None:
    """A fault of an agent is known where it is made."""
    with pytest.raises(InvalidInput, match=said):
        Invocation(**given)
