"""A run's own part of what its vendor counts over a whole conversation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from interlock.agents.stream import count_of, fields_of, money_of, text_of
from interlock.agents.usage import (
    COUNTERS,
    Entry,
    Spending,
    Totals,
    add_up,
    make_entry,
    tell_usage,
)

WHOLE = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")


@frozen
class Settled:
    """A run's own part of what was spent, and what to remember for the run after it."""

    usage: Mapping[str, Any] | None
    seen: Mapping[str, Any] | None = None


def settle(spending: Spending, seen: Mapping[str, Any] | None) -> Settled:
    """The usage of this run alone. `seen` is what the run that it goes on from remembered; None
    for a new conversation.

    A counter that goes over a whole conversation is known by being no smaller than what was seen
    and what this run tells of by itself together; any other began anew.
    """
    own = add_up(spending.entries)
    before = _read_totals(seen)
    paid = money_of(fields_of(seen).get("cost_usd"))
    totals, cost = spending.totals, spending.cost_usd
    if totals is not None and spending.cumulative and before:
        rest = _subtract(totals, before)
        if _covers(totals, before) and _covers(_sum(rest), _sum(own)):
            totals = rest
            cost = max(0.0, cost - paid) if cost is not None and paid is not None else cost
    entries = [*spending.entries, *_remainders(totals or {}, own, spending)]
    usage = tell_usage(entries, cost) if entries or cost is not None else None
    if not spending.cumulative:
        return Settled(usage)
    # A run that was killed told of no totals: what it used is in the next run's.
    reached = _add(before, own) if spending.totals is None else spending.totals
    return Settled(
        usage,
        {
            "totals": {model: dict(part) for model, part in reached.items()},
            "cost_usd": paid if spending.cost_usd is None else spending.cost_usd,
        },
    )


def _read_totals(seen: Mapping[str, Any] | None) -> Totals:
    return {
        text_of(model): {name: count_of(fields_of(part).get(name)) for name in COUNTERS}
        for model, part in fields_of(fields_of(seen).get("totals")).items()
    }


def _add(one: Totals, other: Totals) -> dict[str, dict[str, int]]:
    models = {**one, **other}
    return {
        model: {
            name: one.get(model, {}).get(name, 0) + other.get(model, {}).get(name, 0)
            for name in COUNTERS
        }
        for model in models
    }


def _subtract(one: Totals, other: Totals) -> dict[str, dict[str, int]]:
    return {
        model: {
            name: max(0, part.get(name, 0) - other.get(model, {}).get(name, 0)) for name in COUNTERS
        }
        for model, part in one.items()
    }


def _covers(one: Totals, other: Totals) -> bool:
    """Whether no counter of the one is smaller. Parts of others do not count: not every vendor
    tells of them."""
    return all(
        one.get(model, {}).get(name, 0) >= part.get(name, 0)
        for model, part in other.items()
        for name in WHOLE
    )


def _sum(totals: Totals) -> Totals:
    """The counters of all models together."""
    return {"": {name: sum(part.get(name, 0) for part in totals.values()) for name in COUNTERS}}


def _remainders(totals: Totals, own: Totals, spending: Spending) -> Iterable[Entry]:
    """What the totals have beyond the entries: requests that the stream does not tell of.

    Never more than that, where the vendor names a model in two ways.
    """
    left = dict(_subtract(_sum(totals), _sum(own))[""]) if totals else {}
    for model, part in _subtract(totals, _rename(own, totals)).items():
        taken = {name: min(value, left[name]) for name, value in part.items()}
        left = {name: value - taken[name] for name, value in left.items()}
        if any(taken.values()):
            alone = spending.requests if not model else None
            yield make_entry(model or spending.model, alone, **taken)


def _rename(own: Totals, totals: Totals) -> Totals:
    """The same counters under the names that the totals use: `model` for `model-20260101`."""
    named: dict[str, Mapping[str, int]] = {}
    for model, part in own.items():
        known = (name for name in totals if name and model.startswith(name))
        name = model if model in totals else max(known, key=len, default=model)
        named[name] = _add({"": named.get(name, {})}, {"": part})[""]
    return named
