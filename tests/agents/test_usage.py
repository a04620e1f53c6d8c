"""What a run used: its own part of what its vendor counts, never counted twice."""

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from interlock.agents.conversation import find_conversation
from interlock.agents.settlement import settle
from interlock.agents.usage import (
    COUNTERS,
    MAX_ENTRIES,
    Entry,
    Spending,
    add_up,
    entries_of,
    make_entry,
)
from interlock.engine import Prompt, Result, Session
from tests.agents.streams import SESSION, hear, hear_recorded, lines, process

WHOLE = COUNTERS[:4]
RUN = st.fixed_dictionaries({name: st.integers(1, 10**6) for name in WHOLE})
RUNS = st.lists(st.tuples(st.sampled_from(["m-1", "m-2"]), RUN), min_size=1, max_size=6)


def play(
    runs: list[tuple[str, dict[str, int]]], *, cumulative: bool, told: bool, costs: bool = True
) -> list[Mapping[str, Any]]:
    """The usage of each run of one conversation, one request a run. `cumulative`: the vendor
    counts over all of it; `told`: the stream tells of the requests too."""
    seen: Mapping[str, Any] | None = None
    totals: dict[str, dict[str, int]] = {}
    usages = []
    for number, (model, counters) in enumerate(runs, 1):
        if not cumulative:
            totals = {}
        part = totals.get(model, dict.fromkeys(WHOLE, 0))
        totals = {**totals, model: {name: part[name] + counters[name] for name in WHOLE}}
        spending = Spending(
            entries=(make_entry(model, 1, **counters),) if told else (),
            totals=totals,
            cost_usd=float(number if cumulative else 1) if costs else None,
            cumulative=True,
        )
        settled = settle(spending, seen)
        assert settled.usage is not None
        usages.append(settled.usage)
        seen = settled.seen
    return usages


@given(runs=RUNS, told=st.booleans())
def test_a_counter_over_a_whole_conversation_is_never_counted_twice(
    runs: list[tuple[str, dict[str, int]]], told: bool
) -> None:
    """Each run's usage is its own, in tokens and in money."""
    for (model, counters), usage in zip(runs, play(runs, cumulative=True, told=told), strict=True):
        assert {name: usage[name] for name in WHOLE} == counters
        assert add_up(usage["entries"]).keys() == {model}
        assert usage["vendor_cost_usd"] == 1.0
        assert usage["cumulative"] is False


@given(runs=RUNS)
def test_a_counter_of_one_run_is_known_for_one(runs: list[tuple[str, dict[str, int]]]) -> None:
    """Where the stream tells of the requests it can be told from the other kind."""
    for (_, counters), usage in zip(runs, play(runs, cumulative=False, told=True), strict=True):
        assert {name: usage[name] for name in WHOLE} == counters
        assert usage["vendor_cost_usd"] == 1.0


def test_a_run_that_was_killed_is_not_counted_by_the_next_one() -> None:
    """It told of no totals; the next run's have what it used."""
    one, two = make_entry("m", 1, input_tokens=10), make_entry("m", 1, input_tokens=5)
    first = settle(
        Spending(entries=(one,), totals={"m": {"input_tokens": 10}}, cumulative=True), None
    )
    killed = settle(Spending(entries=(two,), cumulative=True), first.seen)
    assert killed.usage is not None
    assert killed.usage["input_tokens"] == 5
    third = Spending(entries=(two,), totals={"m": {"input_tokens": 20}}, cumulative=True)
    assert settle(third, killed.seen).usage == killed.usage


def test_what_the_totals_have_beyond_the_entries_is_told_too() -> None:
    """Subagents and side requests; by model, and never more than that."""
    own = make_entry("big-20260101", 1, input_tokens=100, output_tokens=5)
    totals = {
        "big": {"input_tokens": 130, "output_tokens": 5},
        "small": {"input_tokens": 7, "output_tokens": 1},
    }
    usage = settle(Spending(entries=(own,), totals=totals), None).usage
    assert usage is not None
    assert usage["entries"] == [
        own,
        make_entry("big", None, input_tokens=30),
        make_entry("small", None, input_tokens=7, output_tokens=1),
    ]
    assert usage["model"] == "big-20260101"
    renamed = settle(Spending(entries=(own,), totals={"other": totals["big"]}), None).usage
    assert renamed is not None
    assert (renamed["input_tokens"], renamed["output_tokens"]) == (130, 5)


def test_nothing_used_is_nothing() -> None:
    """A run that told of nothing has no usage; one that told of no cost has none."""
    assert settle(Spending(), None).usage is None
    assert settle(Spending(cumulative=True), None).seen == {"totals": {}, "cost_usd": None}


@given(
    entries=st.lists(
        st.builds(
            lambda model, count: make_entry(model, 1, input_tokens=count),
            st.sampled_from(["a", "b", None]),
            st.integers(1, 9),
        ),
        max_size=60,
    ),
    times=st.sampled_from([1, 40, 200]),
)
def test_many_requests_are_told_together(entries: list[Entry], times: int) -> None:
    """No token and no request is lost, by model."""
    usage = settle(Spending(entries=tuple(entries * times)), None).usage
    if not entries:
        assert usage is None
        return
    assert usage is not None
    assert len(usage["entries"]) <= MAX_ENTRIES
    assert add_up(usage["entries"]) == add_up(entries * times)
    assert usage["requests"] == len(entries) * times
    assert sum(entry["requests"] for entry in usage["entries"]) == usage["requests"]


def test_the_entries_of_a_usage_without_any_are_the_whole() -> None:
    """As other agents may tell it."""
    assert entries_of({"model": "m", "input_tokens": 5, "output_tokens": True}) == [
        make_entry("m", None, input_tokens=5)
    ]


def resume(session: Session, result: Result) -> Session:
    """The session with what the result remembers."""
    return evolve(session, state={**session.state, **result.remember})


def test_codex_resumed_is_counted_once() -> None:
    """On recorded runs: the second stream counts the first run again."""
    first = hear_recorded("codex-reasoning").result
    session = resume(SESSION, first)
    second = hear_recorded(
        "codex-resumed", session=session, prompt=Prompt("more", resume=True)
    ).result
    assert first.usage is not None
    assert second.usage is not None
    assert (first.usage["input_tokens"], second.usage["input_tokens"]) == (6000, 1000)
    assert (first.usage["output_tokens"], second.usage["output_tokens"]) == (60, 20)
    anew = hear_recorded("codex-resumed", session=session, prompt=Prompt("more")).result
    assert anew.usage is not None
    assert anew.usage["input_tokens"] == 7000


def claude(total: int, cost: float, **fields: Any) -> str:
    """A run of Claude Code whose one request took 100 tokens, with these totals."""
    start = {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 100}}}
    stop = {"type": "message_delta", "usage": {"output_tokens": 1}}
    done = {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "result": "Done.",
        "session_id": "0f-1",
        "num_turns": 1,
        "total_cost_usd": cost,
        "modelUsage": {"m[1m]": {"inputTokens": total, "outputTokens": total // 100}},
        **fields,
    }
    return lines(*({"type": "stream_event", "event": event} for event in (start, stop)), done)


CLAUDE: list[tuple[str, str, dict[str, Any]]] = [
    ("counts over the conversation", "200 0.5", {}),
    ("counts over the run", "100 0.25", {}),
    (
        "tells of both",
        "200 0.5",
        {"model_usage_since_last_result": {"m": {"inputTokens": 100, "costUSD": 0.25}}},
    ),
]


@pytest.mark.parametrize(("version", "told", "fields"), CLAUDE, ids=[one[0] for one in CLAUDE])
def test_claude_code_resumed_is_counted_once(
    version: str, told: str, fields: dict[str, Any]
) -> None:
    """Whichever way its version counts."""
    total, cost = told.split()
    first = hear("claude-code", claude(100, 0.25)).result
    text = claude(int(total), float(cost), **fields)
    second = hear(
        "claude-code", text, session=resume(SESSION, first), prompt=Prompt("x", resume=True)
    ).result
    for run in (first, second):
        assert run.usage is not None
        assert (run.usage["input_tokens"], run.usage["vendor_cost_usd"]) == (100, 0.25)


def test_the_conversations_of_several_agents_are_kept_apart() -> None:
    """Each has its own, and what else the session remembers stays."""
    session = evolve(SESSION, state={"conversations": {"other": "o-1"}, "plan": "x"})
    first = hear_recorded("codex-success", session=session).result
    kept = first.remember["conversations"]
    assert kept == {"other": "o-1", "codex": first.data["conversation_id"]}
    assert first.remember["usage_seen"].keys() == {"codex"}
    assert "plan" not in first.remember
    session = resume(session, first)
    assert session.state["plan"] == "x"
    found = find_conversation("codex", Prompt("x", resume=True), session)
    assert found is not None
    assert found.id == first.data["conversation_id"]
    assert found.seen["totals"][""]["input_tokens"] == 10750


def test_what_was_counted_of_another_conversation_does_not_count() -> None:
    """As after one that somebody put into the state by hand."""
    state = {
        "conversations": {"codex": "new-1"},
        "usage_seen": {"codex": {"conversation": "old-1", "totals": {"": {"input_tokens": 5}}}},
    }
    found = find_conversation("codex", Prompt("x", resume=True), evolve(SESSION, state=state))
    assert found is not None
    assert found.seen == {}


def test_a_run_without_a_conversation_remembers_nothing() -> None:
    """It keeps what the session had."""
    heard = hear("codex", "", process(1, stderr="error: unexpected argument"))
    assert heard.result.remember == {}
    strange = {"type": "thread.started", "thread_id": "--yolo"}
    assert hear("codex", lines(strange)).result.remember == {}
