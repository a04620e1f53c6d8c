"""Values are kept as canonical JSON: one value, one text, and the same value back."""

import json
import math
from collections import namedtuple
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import Ask, Call, Child, Command, Prompt, Result, Shell, Spawn, Wait
from interlock.engine.errors import InvalidInput
from interlock.engine.payload import accept
from interlock.store import codec
from interlock.store.codec import Submitted

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=4)
TIMES = st.timedeltas(timedelta(days=-10_000), timedelta(days=2_500_000)).map(
    lambda since: datetime(2000, 1, 1, tzinfo=UTC) + since
)
SECONDS = st.none() | st.integers(0, 10**9) | st.floats(0, 10**9)
WORDS = TEXT.filter(bool)
CHILDREN = st.builds(Child, type=WORDS, input=OBJECTS, key=TEXT, title=st.none() | TEXT)
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        Shell,
        st.lists(TEXT, min_size=1, max_size=4),
        cwd=st.none() | TEXT,
        env=st.dictionaries(TEXT, TEXT, max_size=3),
        input=st.none() | TEXT,
        timeout=SECONDS,
    ),
    st.builds(
        Prompt,
        WORDS,
        agent=st.none() | TEXT,
        resume=st.booleans(),
        timeout=SECONDS,
        options=OBJECTS,
    ),
    st.builds(Ask, WORDS, choices=st.lists(WORDS, min_size=1, max_size=3), timeout=SECONDS),
    st.builds(Wait, for_=st.integers(0, 10**9)),
    st.builds(Wait, until=TIMES),
    st.builds(
        Spawn,
        st.lists(CHILDREN, max_size=3),
        policy=st.sampled_from(["all", "any", "ignore_failed"]),
    ),
    st.builds(Call, WORDS, arguments=OBJECTS, timeout=SECONDS),
)
FACTS = st.dictionaries(WORDS, st.none() | st.booleans() | NUMBERS | TEXT, max_size=2)
RESULTS = st.builds(
    Result,
    st.sampled_from(["ok", "error", "approve"]),
    stdout=st.none() | TEXT,
    stderr=st.none() | TEXT,
    output=TEXT,
    data=FACTS,
    error=st.none() | TEXT,
    code=st.none() | st.integers(-(2**31), 2**31),
    duration_ms=st.none() | st.integers(0, 10**12),
    usage=st.none() | FACTS,
    remember=FACTS,
)


@given(VALUES)
def test_what_is_kept_comes_back(value: Any) -> None:
    """A value is the same after it was kept, and its text is the same each time."""
    text = codec.dump(value)
    assert codec.load(text) == value
    assert codec.dump(codec.load(text)) == text
    assert json.loads(text) == value  # any reader of JSON reads the same in it


@given(OBJECTS)
def test_the_order_of_keys_is_not_kept(value: dict[str, Any]) -> None:
    """Equal objects have one text, with sorted keys and no space that says nothing."""
    turned = dict(reversed(value.items()))
    assert codec.dump(turned) == codec.dump(value)
    keys = list(json.loads(codec.dump(value)))
    assert keys == sorted(keys, key=lambda key: key.encode())


@given(COMMANDS)
def test_a_command_comes_back(command: Command) -> None:
    """Every command of every kind is the same after it was kept."""
    text = codec.dump_command(command)
    assert codec.load_command(text) == command
    assert json.loads(text)["kind"] == command.kind


@given(RESULTS)
def test_a_result_comes_back(result: Result) -> None:
    """Every result is the same after it was kept, and says its status even at its default."""
    text = codec.dump_result(result)
    assert codec.load_result(text) == result
    assert json.loads(text)["status"] == result.status


@given(RESULTS)
def test_a_result_in_plain_data_is_that_result(result: Result) -> None:
    """What a client hands in as JSON is read as the result it says."""
    assert codec.read_result(codec.result_data(result)) == result


FEW = st.sampled_from([None, 0, 1, "1", [], {}, [1], {"1": 1}])
ALIKE = st.builds(Result, output=st.sampled_from(["", "1"]), data=st.fixed_dictionaries({"x": FEW}))


@given(ALIKE, ALIKE)
def test_a_digest_tells_results_apart(one: Result, other: Result) -> None:
    """Two results have the same digest exactly when they are the same."""
    assert (Submitted.of(one).digest == Submitted.of(other).digest) == (one == other)


@pytest.mark.parametrize(
    "result",
    [
        Result(data={"x": math.nan}),
        Result(data={"x": [math.inf]}),
        Result(usage={"x": {"y": -math.inf}}),
        Result(remember={"x": 2**63}),
        Result(remember={"x": "\ud800"}),
        Result(data={"a\0b": 1}),
        Result(data={1: "x"}),  # type: ignore[dict-item]
        Result(data={"x": object}),
        Result(data={"x": {1, 2}}),
        Result(code=2**64),
        Result(data=[1]),  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_what_json_cannot_say_is_refused(result: Result) -> None:
    """No result gets in that would be another when it comes back."""
    with pytest.raises(InvalidInput):
        accept(result)


@pytest.mark.parametrize("value", [{"x": object}, {1: 2}, {"x": "\ud800"}, 2**64, {"x": {1}}])
def test_the_text_is_json_or_there_is_none(value: Any) -> None:
    """What JSON cannot say is refused, in words, and not kept as something else."""
    with pytest.raises(InvalidInput, match="cannot be kept as JSON"):
        codec.dump(value)


class Colour(StrEnum):
    """A string with a name."""

    RED = "red"


Point = namedtuple("Point", ["x", "y"])


class Metres(float):
    """A number with a unit."""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (MappingProxyType({"b": 1, "a": MappingProxyType({})}), '{"a":{},"b":1}'),
        (Point(1, (2, 3)), "[1,[2,3]]"),
        ({Colour.RED: Colour.RED}, '{"red":"red"}'),
        ([Metres(1.5)], "[1.5]"),
    ],
    ids=["mapping", "named tuple", "enum", "float"],
)
def test_types_derived_from_those_of_json_are_kept_as_those(value: Any, text: str) -> None:
    """What `accept` lets through can be kept, also where only its class is unusual."""
    accept(Result(data={"it": value}))
    assert codec.dump(value) == text


def test_a_time_in_another_zone_is_the_same_time() -> None:
    """`Wait(until=...)` keeps the moment whatever its zone."""
    until = datetime(2026, 5, 1, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    wait = codec.load_command(codec.dump_command(Wait(until=until)))
    assert isinstance(wait, Wait)
    assert wait.until == until


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"status": "Not A Word"}, "a status is a word"),
        ({"status": 5}, "status is a string"),
        ({"stauts": "ok"}, "a result has no 'stauts'; it has status"),
        ({"output": ["x"]}, "output is a string"),
        ({"data": [1]}, "data is an object"),
        ({"code": "1"}, "code is a whole number"),
        ({"code": True}, "code is a whole number"),
        ({"code": 1.5}, "code is a whole number"),
        ({"data": {"x": math.nan}}, "which JSON has not"),
    ],
)
def test_a_result_that_is_none_is_refused(data: dict[str, Any], told: str) -> None:
    """What is wrong with the data of a result is said by name."""
    with pytest.raises(InvalidInput, match=told):
        codec.read_result(data)


def test_a_field_that_is_null_is_a_field_left_out() -> None:
    """A client may write null for what it does not know."""
    assert codec.read_result({"status": "ok", "code": None, "data": None}) == Result()
