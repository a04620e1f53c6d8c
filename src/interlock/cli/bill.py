"""Costs as tables: of a session, of all sessions, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from interlock import sessions
from interlock.cli.amounts import show_cost, show_used, show_vendor
from interlock.cli.descriptions import show_seconds, show_time
from interlock.cli.outlet import say, table, tell, word
from interlock.engine import Session
from interlock.pricing import MISSING
from interlock.sessions import Cost

AMOUNTS = ("requests", "input", "cached", "output", "cost", "vendor")
MANY = 5
"""How many models without a price are named."""

NOTHING = "no agent has told what it used"


def print_session(
    session: Session, apart: Sequence[Cost], own: Cost, whole: Cost, unfinished: int
) -> None:
    """Print what a session cost by some keys, then in all, then with all below it; then the tokens
    of commands without a result."""
    title = f"{session.title}  " if session.title else ""
    tell((title, "bold"), f"{session.type} {session.id}")
    if whole.requests:
        _print_family(session, apart, own, whole)
    elif not unfinished:
        say(NOTHING)
    if unfinished:
        say(f"commands without a result told of {unfinished:,} tokens more, which no sum has")


def _print_family(session: Session, apart: Sequence[Cost], own: Cost, whole: Cost) -> None:
    keys = list(apart[0].key) if apart else ["step"]
    rows = [[*map(_word, cost.key.values()), *_amounts(cost)] for cost in apart]
    blank = [""] * (len(keys) - 1)
    if len(apart) > 1 or own != whole:
        rows.append(["this session", *blank, *_amounts(own)])
    if own != whole:
        rows.append(["with those below", *blank, *_amounts(whole)])
    table((*keys, *AMOUNTS), rows)
    say(_summary(whole))
    if own != whole:
        say(f"`interlock cost {session.id} --by session` tells them apart")
    _explain(whole, own, apart)


def print_sums(found: Sequence[Cost], whole: Cost) -> None:
    """Print costs by their keys, with their total."""
    if not found:
        say(NOTHING)
        return
    keys = list(found[0].key)
    rows = [[*map(_word, cost.key.values()), *_amounts(cost)] for cost in found]
    if len(found) > 1:
        rows.append(["together", *[""] * (len(keys) - 1), *_amounts(whole)])
    table((*keys, *AMOUNTS), rows)
    say(_summary(whole))
    _explain(whole, whole, found)


def print_rows(found: Sequence[Cost], whole: Cost) -> None:
    """Print the commands behind a figure, each with the id of its row in the log."""
    if not found:
        say(NOTHING)
        return
    columns = ("interaction", "time", "step", "agent", "model", *AMOUNTS)
    table(columns, [[*_place(cost), *_amounts(cost)] for cost in found])
    say(_summary(whole))
    _explain(whole, whole, found)


def _place(cost: Cost) -> list[str]:
    key = cost.key
    time = datetime.fromisoformat(str(key["time"]))
    models = ", ".join(_word(model) for model in cost.models)
    place = f"{key['session']}.{key['row']}"
    return [place, show_time(time), _word(key["step"]), _word(key["agent"]), models]


def _amounts(cost: Cost) -> list[str]:
    counts = (
        cost.requests,
        cost.tokens["input_tokens"],
        cost.tokens["cache_read_tokens"],
        cost.tokens["output_tokens"],
    )
    return [*(f"{count:,}" for count in counts), show_cost(cost), show_vendor(cost)]


def _summary(cost: Cost) -> str:
    took = f" in {show_seconds(cost.seconds)}" if cost.seconds else ""
    return f"{show_used(cost)}{took}"


def _explain(whole: Cost, summed: Cost, apart: Sequence[Cost]) -> None:
    """Say why a figure is not all of it. `summed` is what those that are told apart are of."""
    if whole.unpriced and not sessions.has_prices():
        say(f"only tokens: {MISSING}")
    elif whole.unpriced:
        names = [_word(model) for model in whole.unpriced_models]
        more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
        say(f"no price is known for {', '.join(names[:MANY])}{more}")
    if summed.vendor is not None and summed.vendor != sum(cost.vendor or 0 for cost in apart):
        say("what a vendor said of a command that used several models is only in the sums")


def _word(value: object) -> str:
    return "none" if value in (None, "") else word(value)
