"""The tokens and the money that Claude Code tells of, in the form for all vendors."""

from __future__ import annotations

import re

from attrs import evolve

from interlock.agents.stream import Fields, count_of, fields_of, money_of, text_of
from interlock.agents.usage import Entry, Spending, make_entry


def read_request(model: str, usage: Fields) -> Entry:
    """One request, in the words of the API: its input leaves out what a cache was used for."""
    read = count_of(usage.get("cache_read_input_tokens"))
    written = count_of(usage.get("cache_creation_input_tokens"))
    return make_entry(
        model,
        1,
        input_tokens=count_of(usage.get("input_tokens")) + read + written,
        output_tokens=count_of(usage.get("output_tokens")),
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=count_of(
            fields_of(usage.get("cache_creation")).get("ephemeral_1h_input_tokens")
        ),
    )


def add_totals(spending: Spending, event: Fields) -> Spending:
    """The spending with what the result event counts: subagents and side requests too.

    Newer versions count over the whole conversation and tell of this run besides.
    """
    own = event.get("model_usage_since_last_result")
    by_model = fields_of(own if isinstance(own, dict) else event.get("modelUsage"))
    totals: dict[str, dict[str, int]] = {}
    for name, counted in by_model.items():
        part = fields_of(counted)
        read = count_of(part.get("cacheReadInputTokens"))
        written = count_of(part.get("cacheCreationInputTokens"))
        totals[re.sub(r"\[.*\]$", "", text_of(name, 200))] = {
            "input_tokens": count_of(part.get("inputTokens")) + read + written,
            "output_tokens": count_of(part.get("outputTokens")),
            "cache_read_tokens": read,
            "cache_write_tokens": written,
        }
    cost = money_of(event.get("total_cost_usd"))
    if isinstance(own, dict):
        parts = (money_of(fields_of(part).get("costUSD")) for part in by_model.values())
        cost = sum(part for part in parts if part is not None)
    return evolve(spending, totals=totals, cost_usd=cost, cumulative=not isinstance(own, dict))
