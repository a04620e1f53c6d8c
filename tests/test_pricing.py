"""What tokens cost, from the price list that is installed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from interlock.agents.usage import make_entry
from interlock.pricing import price
from tests.agents.streams import hear_recorded


def cost(model: str | None, requests: int | None = 1, **counters: int) -> Decimal | None:
    """The price of one entry."""
    return price({"entries": [make_entry(model, requests, **counters)]})


def test_the_price_is_the_vendors_own_figure() -> None:
    """On a recorded run, whose program computes it from the same list prices."""
    for stream in ("claude-code-partial", "claude-code-subagent", "claude-code-too-long-answer"):
        usage = hear_recorded(stream, 0).result.usage
        assert usage is not None
        assert price(usage) == pytest.approx(Decimal(str(usage["vendor_cost_usd"])))


def test_caches_have_their_own_prices() -> None:
    """Reading is cheap, writing dear, writing for an hour dearer."""
    model = "claude-sonnet-4-5"
    plain = cost(model, input_tokens=1_000)
    read = cost(model, input_tokens=1_000, cache_read_tokens=1_000)
    written = cost(model, input_tokens=1_000, cache_write_tokens=1_000)
    hour = cost(model, input_tokens=1_000, cache_write_tokens=1_000, cache_write_1h_tokens=1_000)
    assert (plain, read) == (Decimal("0.003"), Decimal("0.0003"))
    assert (written, hour) == (Decimal("0.00375"), Decimal("0.006"))


def test_reasoning_is_paid_as_output() -> None:
    """Once."""
    assert cost("gpt-5.5", output_tokens=100, reasoning_tokens=60) == cost(
        "gpt-5.5", output_tokens=100
    )


def test_each_request_is_priced_by_itself() -> None:
    """A long one may cost more a token; many short ones, told together, do not."""
    alone = cost("gpt-5.5", 1, input_tokens=600_000)
    ten = cost("gpt-5.5", 10, input_tokens=600_000)
    assert alone is not None
    assert ten is not None
    assert ten == 10 * (cost("gpt-5.5", 1, input_tokens=60_000) or 0)
    assert ten < alone


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"entries": [make_entry("no-such-model", 1, input_tokens=5)]},
        {"entries": [make_entry(None, 1, input_tokens=5)]},
        {"model": "no-such-model", "input_tokens": 5},
        {"entries": [make_entry("gpt-5.5", 1, input_tokens=1, cache_read_tokens=5)]},
        {
            "entries": [
                make_entry("gpt-5.5", 1, input_tokens=5),
                make_entry("no-such-model", 1, input_tokens=5),
            ]
        },
    ],
)
def test_what_has_no_price_costs_not_0(usage: Any) -> None:
    """An unknown model, a usage that cannot be, or any part of one: there is no price."""
    assert price(usage) is None


def test_a_model_is_known_by_the_names_that_resellers_give_it() -> None:
    """With what they write before and behind."""
    known = cost("claude-sonnet-4-5", input_tokens=1_000)
    for name in (
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "openrouter/anthropic/claude-sonnet-4-5",
        "claude-sonnet-4-5[1m]",
    ):
        assert cost(name, input_tokens=1_000) == known


def test_a_usage_without_entries_is_one() -> None:
    """As agents of others tell it."""
    assert price({"model": "gpt-5.5", "input_tokens": 10}) == cost("gpt-5.5", input_tokens=10)


def test_the_prices_of_a_time_can_be_asked_for() -> None:
    """So that what was done long ago is priced alike for ever."""
    usage = {"model": "gpt-5.5", "input_tokens": 10}
    assert price(usage, datetime(2026, 11, 1, tzinfo=UTC)) == price(usage)


def test_without_the_price_list_nothing_has_a_price(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setitem(__import__("sys").modules, "genai_prices", None)
    assert cost("gpt-5.5", input_tokens=10) is None
