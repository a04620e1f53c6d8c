"""Limits of what may be spent: read exactly, or refused with what they may be."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.engine import COMPLETE
from interlock.engine.errors import DefinitionError, InvalidInput
from interlock.engine.limits import Limits
from tests.engine.machine import ONE_STEP, declare, run


@pytest.mark.parametrize(
    ("given", "limits"),
    [
        ({}, Limits()),
        ({"money": 0.5}, Limits(money=Decimal("0.5"))),
        ({"money": "12.25"}, Limits(money=Decimal("12.25"))),
        ({"money": 100}, Limits(money=Decimal(100))),
        ({"money": Decimal("0.0000000004"), "tokens": 1}, None),
        ({"tokens": 50_000, "seconds": 1.5}, Limits(tokens=50_000, seconds=1.5)),
        ({"steps": 3, "money": None}, Limits(steps=3)),
    ],
)
def test_limits_are_read_by_name(given: dict[str, Any], limits: Limits | None) -> None:
    """A number each; what is None is no limit; money is exact to the billionth of a dollar."""
    if limits is None:
        with pytest.raises(InvalidInput):
            Limits.of(given)
    else:
        assert Limits.of(given) == limits


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"dollars": 1}, "a budget has no 'dollars'; it has money, tokens, seconds, steps"),
        ({"money": 0}, "the limit money is more than 0"),
        ({"money": "much"}, "the limit money is more than 0"),
        ({"money": True}, "the limit money is more than 0"),
        ({"money": float("nan")}, "the limit money is more than 0"),
        ({"money": 10**10}, "at most 1000000000 dollars"),
        ({"tokens": 1.5}, "the limit tokens is a whole number from 1"),
        ({"tokens": 10**16}, "the limit tokens is a whole number from 1"),
        ({"seconds": float("inf")}, "the limit seconds is more than 0"),
        ({"steps": -1}, "the limit steps is a whole number from 1"),
        ({"steps": True}, "the limit steps is a whole number from 1"),
        ("money=5", "maps its limits to numbers"),
    ],
)
def test_what_is_no_limit_is_refused(given: Any, said: str) -> None:
    """In one line that says what it may be."""
    with pytest.raises(InvalidInput) as raised:
        Limits.of(given)
    assert said in str(raised.value)


@given(st.decimals(min_value="0.000000001", max_value=10**9, places=9))
def test_money_is_kept_exactly(money: Decimal) -> None:
    """However it is given, and also after it was written as JSON."""
    limits = Limits.of({"money": money})
    assert limits.money == money
    assert Limits.of(limits.plain) == limits


def test_limits_stand_over_others_one_by_one() -> None:
    """What the one leaves open the other says."""
    one, other = Limits(tokens=1, steps=2), Limits(tokens=3, seconds=4.0)
    assert one.over(other) == Limits(tokens=1, seconds=4.0, steps=2)


def test_a_step_may_have_a_budget() -> None:
    """It is told with its options, and only where there is one: other digests stay as they are."""
    kind = declare(ONE_STEP, run=run(budget={"money": 0.5, "steps": 5}))
    options = kind.definition.steps["run"].declared
    assert kind.definition.steps["run"].budget == Limits(money=Decimal("0.5"), steps=5)
    assert options["budget"] == {"money": "0.5", "steps": 5}
    assert "budget" not in declare(ONE_STEP).definition.steps["run"].declared


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ({"money": -1}, "step body: budget={'money': -1}: the limit money is more than 0"),
        ({}, "step body: budget={}: it names no limit; leave it out"),
        (5, "step body: budget=5: a budget maps its limits to numbers"),
    ],
)
def test_a_step_with_a_budget_of_another_form_is_refused(budget: Any, said: str) -> None:
    """When the class is defined, naming the method."""
    with pytest.raises(DefinitionError) as raised:
        declare([["ok", "run", COMPLETE]], run=run(budget=budget))
    assert str(raised.value).startswith(said)
