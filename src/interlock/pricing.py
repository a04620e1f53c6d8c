"""What tokens cost, from the price list that the package `genai-prices` brings along.

Nothing is looked up anywhere. Without that package, which the extra `prices` names, and for a model
that it does not know there is no price, which is not the same as nothing to pay.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from importlib.util import find_spec
from typing import Any

from interlock.agents.usage import COUNTERS, entries_of

INSTALL = "`pip install 'genai-prices<0.3'`"
"""What brings a price list."""

MISSING = f"there is no price list here; {INSTALL} brings one"
"""What to say to who asks for money where there is none."""

EXACT = Decimal("1e-12")  # of a dollar


def price(usage: Mapping[str, Any] | None, at: datetime | None = None) -> Decimal | None:
    """What a result's usage costs in US dollars, at the prices of the time `at` or of now; None
    where any part of it has no price.

    Each request is priced by itself: a long one may cost more for each token.
    """
    if not usage:
        return None
    prices = [price_entry(entry, at) for entry in entries_of(usage)]
    if any(cost is None for cost in prices):
        return None
    return sum((cost for cost in prices if cost is not None), Decimal(0))


def is_known() -> bool:
    """True when there is a price list. It is not loaded."""
    return "genai_prices" in sys.modules or find_spec("genai_prices") is not None


def price_entry(entry: Mapping[str, Any], at: datetime | None = None) -> Decimal | None:
    """What one entry of a usage costs in US dollars; None where it has no price.

    Requests that were told of together are taken to be alike.
    """
    count = max(1, int(entry.get("requests") or 1))
    tokens = {name: Decimal(entry.get(name) or 0) / count for name in COUNTERS}
    if not any(tokens.values()):
        return Decimal(0)
    # A part of the output, which is paid with it.
    del tokens["reasoning_tokens"]
    for model in _names(str(entry.get("model") or "")):
        cost = _ask(model, {name: value for name, value in tokens.items() if value}, at)
        if cost is not None:
            return cost if count == 1 else (cost * count).quantize(EXACT)
    return None


def _names(model: str) -> Iterator[str]:
    """The model's name as it is, then without what resellers write before and behind it."""
    if model:
        yield model
    plain = re.sub(r"^(?:.*/)?(?:[a-z]{2,6}\.)?(?:anthropic\.)?|-v\d+:\d+$|\[.*\]$", "", model)
    if plain not in ("", model):
        yield plain


def _ask(model: str, tokens: Mapping[str, Decimal], at: datetime | None) -> Decimal | None:
    try:
        from genai_prices import Usage, calc_price  # takes half a second
    except ImportError:
        return None
    try:
        whole = {
            name: int(value) if value == int(value) else value for name, value in tokens.items()
        }
        return calc_price(Usage(**whole), model, genai_request_timestamp=at).total_price
    except (LookupError, ValueError):
        return None
