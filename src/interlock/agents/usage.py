"""The tokens that an agent used, in one form for all vendors.

Input counts all input, what came from a cache or went into one included; output includes
reasoning. An entry is one request to a model, or several that the vendor told of together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve, frozen

from interlock.agents.stream import count_of, each_of, money_of, text_of

COUNTERS = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",  # a part of cache_write_tokens
    "reasoning_tokens",
)
MAX_ENTRIES = 1000
"""More requests than this are told together: a result is kept for ever."""

Entry = dict[str, Any]
Totals = Mapping[str, Mapping[str, int]]
"""Counters by model."""


def make_entry(model: str | None, requests: int | None, **counters: int) -> Entry:
    """One entry. `requests` None: nobody says how many they were."""
    counted = {name: value for name, value in counters.items() if value}
    return {"model": model or None, "requests": requests, **counted}


@frozen
class Spending:
    """What one run used, as its vendor told it."""

    entries: tuple[Entry, ...] = ()
    totals: Totals | None = None
    """All that the vendor counted, the entries included; None where it counts nothing else."""
    cost_usd: float | None = None
    """The vendor's own figure."""
    cumulative: bool = False
    """True when totals and cost may go back to the begin of the conversation."""
    model: str | None = None
    """The model of what the totals have under no name."""
    requests: int | None = None
    """How many requests that stands for, where the stream lets one tell."""

    def with_entry(self, entry: Entry) -> Spending:
        """One more request."""
        return evolve(self, entries=(*self.entries, entry))

    def with_cost(self, cost_usd: float) -> Spending:
        """The vendor's figure for the run so far."""
        return evolve(self, cost_usd=cost_usd)


def add_up(entries: Iterable[Entry]) -> dict[str, dict[str, int]]:
    """The entries' counters by model; the model is empty where it is not known."""
    sums: dict[str, dict[str, int]] = {}
    for entry in entries:
        part = sums.setdefault(entry.get("model") or "", dict.fromkeys(COUNTERS, 0))
        for name in COUNTERS:
            part[name] += entry.get(name, 0)
    return sums


def tell_usage(entries: list[Entry], cost: float | None) -> dict[str, Any]:
    """The usage as a result keeps it."""
    models = dict.fromkeys(entry["model"] for entry in entries if entry["model"])
    return {
        "model": next(iter(models), None),
        **{name: sum(entry.get(name, 0) for entry in entries) for name in COUNTERS},
        "requests": sum(entry["requests"] or 1 for entry in entries),
        "entries": _condense(entries),
        "vendor_cost_usd": cost,
        "cumulative": False,
    }


def _condense(entries: list[Entry]) -> list[Entry]:
    """At most MAX_ENTRIES: neighbours of one model are told together where there are more."""
    together = -(-2 * len(entries) // MAX_ENTRIES)
    if len(entries) <= MAX_ENTRIES:
        return entries
    by_model: dict[str | None, list[Entry]] = {}
    for entry in entries:
        by_model.setdefault(entry["model"], []).append(entry)
    made = []
    for model, alike in by_model.items():
        for start in range(0, len(alike), together):
            some = alike[start : start + together]
            count = sum(entry["requests"] or 1 for entry in some)
            made.append(make_entry(model, count, **add_up(some)[model or ""]))
    return made[:MAX_ENTRIES]


def join_usages(runs: Iterable[tuple[str, Mapping[str, Any] | None]]) -> dict[str, Any] | None:
    """The usage of several runs together, each with the name of its agent, which its entries then
    have too; None where none tells of any. What vendors say it costs is added up over those that
    say it."""
    told = [(name, usage) for name, usage in runs if usage]
    if not told:
        return None
    costs = [money_of(usage.get("vendor_cost_usd")) for _, usage in told]
    paid = [cost for cost in costs if cost is not None]
    entries = [{**entry, "agent": name} for name, usage in told for entry in entries_of(usage)]
    used = [entry for entry in entries if any(entry.get(name) for name in COUNTERS)]
    return tell_usage(used, sum(paid) if paid else None)


def entries_of(usage: Mapping[str, Any]) -> list[Entry]:
    """The entries of a usage that a result keeps; the whole of it where it has none."""
    entries = [dict(entry) for entry in each_of(usage.get("entries"))]
    if entries:
        return entries
    counters = {name: count_of(usage.get(name)) for name in COUNTERS}
    return [make_entry(text_of(usage.get("model")), None, **counters)]
