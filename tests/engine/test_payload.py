"""What may be kept: plain data that JSON does not change, and text that can be shown."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.engine import Call, Result, Shell
from interlock.engine.errors import InvalidInput
from interlock.engine.payload import (
    MAX_DEPTH,
    MAX_REASON,
    accept,
    check_fields,
    check_payload,
    describe,
    visible,
)

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
TEXTS = ("stdout", "stderr", "output", "error")
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


@given(value=PLAIN)
def test_plain_data_is_taken_and_json_keeps_it(value: Any) -> None:
    """What passes the check comes back from JSON as it went in."""
    check_payload(value, "data")
    assert json.loads(json.dumps(value)) == value


def nested(depth: int) -> Any:
    """A list in a list, so deep."""
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": {1}}, "data.a has a set, which JSON has not"),
        ({"a": {"b": {"c": {"d": b"x"}}}}, "data.a.b.c has a bytes, which JSON has not"),
        ([object()], "data has a object, which JSON has not"),
        ({5: "x"}, "data has the key 5; keys are strings"),
        (float("nan"), "data has nan, which JSON has not; write it as a string"),
        ([float("-inf")], "data has -inf, which JSON has not; write it as a string"),
        (2**63, "data has a number beyond 64 bits; write it as a string"),
        (-(2**63) - 1, "data has a number beyond 64 bits; write it as a string"),
        ("a\0b", "data has a NUL character; remove it"),
        ({"a\0": 1}, "data has a NUL character; remove it"),
        ("é\ud800", "data has a lone surrogate, which is no text; remove it"),
        ({"\udcff": 1}, "data has a lone surrogate, which is no text; remove it"),
        (nested(MAX_DEPTH + 1), f"data is nested deeper than {MAX_DEPTH} levels"),
        (nested(100_000), f"data is nested deeper than {MAX_DEPTH} levels"),
    ],
    ids=range(14),
)
def test_what_json_cannot_keep_is_refused(value: Any, said: str) -> None:
    """The message says where it is and what is wrong with it."""
    with pytest.raises(InvalidInput) as raised:
        check_payload(value, "data")
    assert str(raised.value) == said


def test_what_stands_at_the_edge_is_taken() -> None:
    """The deepest nesting, the widest numbers, tuples and other mappings."""
    frozen: Mapping[str, Any] = MappingProxyType({"a": (1, 2)})
    for value in (nested(MAX_DEPTH), 2**63 - 1, -(2**63), frozen, "é", True):
        check_payload(value, "data")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("é 你 \n\t", "é 你 \n\t"),
        ("a\0b", "a\ufffd\\x00b"),
        ("a\udcffb", "a\ufffd\\xffb"),
        ("é\0\ud800", "é\ufffd\\x00\ufffd\\ud800"),
        ("a\ufffd\\x00b", "a\ufffd\\x00b"),
    ],
)
def test_characters_that_no_text_may_hold_are_made_visible(text: str, shown: str) -> None:
    """NUL and lone surrogates become escapes; everything else stays."""
    assert visible(text) == shown
    check_payload(visible(text), "text")


def test_what_is_no_text_is_refused() -> None:
    """Bytes are not guessed at."""
    with pytest.raises(InvalidInput, match="a text is needed, not b'x'"):
        visible(b"x")  # type: ignore[arg-type]


def test_a_result_is_accepted_with_its_text_made_visible() -> None:
    """Each of its texts is; one that needs nothing stays as it is."""
    dirty: dict[str, Any] = {name: f"{name}\0" for name in TEXTS}
    shown: dict[str, Any] = {name: f"{name}\ufffd\\x00" for name in TEXTS}
    assert accept(Result(**dirty, code=1)) == Result(**shown, code=1)
    clean = Result(stdout="é", data={"a": [1]}, usage={"tokens": 5}, remember={"n": 1})
    assert accept(clean) == clean
    bare = Result(stdout="é")
    assert accept(bare) is bare


@pytest.mark.parametrize("name", ["data", "usage", "remember"])
def test_a_result_holds_what_is_read_back(name: str) -> None:
    """Tuples, enums and the like become what JSON makes of them, and nobody changes them later."""

    class Ratio(float):
        pass

    class Word(str):
        __slots__ = ()

    inner = [1, (2, None)]
    given: Any = {Word("a"): inner, "b": MappingProxyType({"c": Word("d"), "e": Ratio(0.5)})}
    kept = getattr(accept(Result(**{name: given})), name)
    inner.append("later")
    assert kept == {"a": [1, [2, None]], "b": {"c": "d", "e": 0.5}}
    assert json.loads(json.dumps(kept)) == kept
    assert {type(key) for key in kept} == {str}
    assert (type(kept["b"]), type(kept["b"]["c"]), type(kept["b"]["e"])) == (dict, str, float)


@pytest.mark.parametrize("name", ["data", "usage", "remember"])
def test_a_result_with_data_that_json_cannot_keep_is_refused(name: str) -> None:
    """The message names the attribute."""
    given: dict[str, Any] = {name: {"a": {1}}}
    with pytest.raises(InvalidInput, match=f"{name}.a has a set"):
        accept(Result(**given))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"data": ["x"]}, "data maps names to values, not ['x']"),
        ({"data": []}, "data maps names to values, not []"),
        ({"remember": "x"}, "remember maps names to values, not 'x'"),
        ({"usage": 5}, "usage maps names to values, not 5"),
        ({"code": "1"}, "code is a whole number, not '1'"),
        ({"code": True}, "code is a whole number, not True"),
        ({"code": 2**63}, "code has a number beyond 64 bits; write it as a string"),
        ({"duration_ms": 1.5}, "duration_ms is a whole number, not 1.5"),
        ({"output": 5}, "a text is needed, not 5"),
        ({"error": b"x"}, "a text is needed, not b'x'"),
    ],
)
def test_a_result_of_another_shape_is_refused(given: dict[str, Any], said: str) -> None:
    """What is stored can be read again: each attribute is of its own kind."""
    with pytest.raises(InvalidInput) as raised:
        accept(Result(**given))
    assert str(raised.value) == said


def test_every_attribute_of_a_value_is_checked() -> None:
    """The one that is wrong is named."""
    check_fields(Shell(("a",), cwd="b", env={"C": "d"}, input="e", timeout=5))
    with pytest.raises(InvalidInput, match="input has a NUL character"):
        check_fields(Shell(("a",), input="\0"))
    with pytest.raises(InvalidInput, match=r"arguments.a has a \w*Path"):
        check_fields(Call("read_file", {"a": Path("b")}))


class Speechless(Exception):
    """An exception whose text cannot be told."""

    def __str__(self) -> str:
        raise RuntimeError


def test_an_exception_is_described_in_words_that_can_be_kept() -> None:
    """Its class and its text; long, strange and missing text do no harm."""
    assert describe(KeyError("a")) == "KeyError: 'a'"
    assert describe(ValueError("a\0\udcff")) == "ValueError: a\ufffd\\x00\ufffd\\xff"
    assert describe(Speechless()) == "Speechless: it cannot say why"
    long = describe(ValueError("x" * (MAX_REASON + 1)))
    assert long == f"ValueError: {'x' * MAX_REASON}..."
    assert describe(ValueError("x" * MAX_REASON)) == f"ValueError: {'x' * MAX_REASON}"
