"""Amounts are read as people write them, and told as people read them."""

from decimal import Decimal
from typing import Any

import pytest

from interlock.engine.amounts import read_amount, read_pairs, show_amount, show_limits
from interlock.engine.errors import InvalidInput
from interlock.engine.limits import Limits


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("money", "5", Decimal(5)),
        ("money", "$0.50", Decimal("0.5")),
        ("money", " .25 ", Decimal("0.25")),
        ("tokens", "50_000", 50_000),
        ("tokens", "2M", 2_000_000),
        ("tokens", "1.5k", 1500),
        ("seconds", "90", 90.0),
        ("seconds", "1h30m", 5400.0),
        ("seconds", "2d", 172_800.0),
        ("steps", "200", 200),
    ],
)
def test_an_amount_is_read(name: str, text: str, value: Any) -> None:
    """With the units that people use."""
    assert read_amount(name, text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("money", "five"),
        ("money", "5€"),
        ("money", ""),
        ("money", "-1"),
        ("money", "0"),
        ("money", "1e3"),
        ("tokens", "1.5"),
        ("tokens", "2T"),
        ("tokens", "0"),
        ("seconds", "1h 30"),
        ("seconds", "0"),
        ("steps", "1e9"),
    ],
)
def test_what_is_no_amount_is_refused(name: str, text: str) -> None:
    """In a line that names the limit."""
    with pytest.raises(InvalidInput, match=name):
        read_amount(name, text)


def test_limits_are_read_from_words() -> None:
    """One or several in a word."""
    assert read_pairs(("money=5,tokens=1M", "time=1h")) == {
        "money": Decimal(5),
        "tokens": 1_000_000,
        "seconds": 3600.0,
    }
    assert read_pairs(()) == {}


@pytest.mark.parametrize("word", ["money", "", "dollars=5", "money=5,", "=5"])
def test_words_that_name_no_limit_are_refused(word: str) -> None:
    """With an example."""
    with pytest.raises(InvalidInput, match="as in money=5"):
        read_pairs((word,))


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("money", Decimal(100), "$100.00"),
        ("money", Decimal("4.999"), "$5.00"),
        ("money", Decimal("0.5"), "$0.50"),
        ("money", Decimal("0.0315"), "$0.0315"),
        ("money", Decimal("0.0000042"), "$0.0000042"),
        ("money", Decimal(0), "$0.00"),
        ("tokens", 50_000, "50,000 tokens"),
        ("tokens", 1, "1 token"),
        ("seconds", 0.52, "0.5 s"),
        ("seconds", 0.014, "0.014 s"),
        ("seconds", 90.0, "1 min 30 s"),
        ("seconds", 7200.0, "2 h"),
        ("steps", 5, "5 steps"),
    ],
)
def test_an_amount_is_told(name: str, value: Any, shown: str) -> None:
    """Short, with its unit; small sums of money with the digits that matter."""
    assert show_amount(name, value) == shown


def test_limits_are_told_together() -> None:
    """Those there are."""
    assert show_limits(Limits(money=Decimal(5), steps=1)) == "$5.00, 1 step"
