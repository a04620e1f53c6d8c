"""Who is next: urgent ones first, every project in turn, nobody for ever, and within the limits."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.engine.errors import InvalidInput
from interlock.sessions.fairness import EVERY, Caps, Turns, count
from interlock.store.queue import Candidate


def ready(number: int, **fields: Any) -> Candidate:
    """A session that is ready since the second `number`."""
    told = {
        "account_id": "acme",
        "project_id": "site",
        "user_id": None,
        "type": "pair",
        "queue": "default",
        "priority": 0,
        "ready_at": f"2026-01-01T00:00:{number:06d}",
    }
    return Candidate(id=f"{number:06d}", **{**told, **fields})


sessions = st.builds(
    ready,
    st.integers(0, 10**6 - 1),
    account_id=st.sampled_from(["acme", "other"]),
    project_id=st.sampled_from([None, "a", "b", "c"]),
    type=st.sampled_from(["pair", "loop", "change"]),
    priority=st.integers(-3, 3),
)
caps = st.builds(
    Caps,
    st.dictionaries(st.sampled_from(["account", "project", "type"]), st.integers(1, 4)),
    st.dictionaries(st.sampled_from(["pair", "change"]), st.integers(1, 4)),
)
distinct = st.lists(sessions, max_size=30, unique_by=lambda one: one.id)


@given(distinct, distinct, caps, st.integers(0, 12))
def test_no_limit_is_passed(
    found: list[Candidate], held: list[Candidate], limits: Caps, free: int
) -> None:
    """What is chosen are ready sessions, each once, no more than there is room for; none is left
    that could be taken too; and with what runs they keep every limit that was kept before."""
    chosen = Turns().choose(found, held, limits, free)
    assert len({one.id for one in chosen}) == len(chosen) <= free
    assert set(chosen) <= set(found)
    before, counts = count(held), count([*held, *chosen])
    for (place, *key), number in counts.items():
        most = limits.each.get(place)
        if place == "type" and key[0] in limits.types:
            most = limits.types[key[0]]
        if most is not None:
            assert number <= max(most, before[place, key[0], key[1]])
    if len(chosen) < free:
        assert not any(limits.allow(one, counts) for one in found if one not in chosen)


def test_a_project_with_one_session_waits_for_no_hundred() -> None:
    """Each of the projects in turn, though one has come with a hundred before."""
    crowd = [ready(number, project_id="crowd") for number in range(100)]
    turns, alone = Turns(), ready(500, project_id="alone")
    first = turns.choose(crowd, [], Caps(), 1)
    second = turns.choose([*crowd[1:], alone], [], Caps(), 1)
    assert [one.project_id for one in (*first, *second)] == ["crowd", "alone"]


def test_projects_take_turns() -> None:
    """Of two projects with many sessions each, none is taken twice in a row."""
    found = [ready(number, project_id="b" if number > 20 else "a") for number in range(40)]
    turns, order = Turns(), []
    while found:
        (one,) = turns.choose(found, [], Caps(), 1)
        found.remove(one)
        order.append(one.project_id)
    turned = order[: 2 * min(Counter(order).values())]
    assert all(one != after for one, after in pairwise(turned))


def test_a_project_with_less_running_is_next() -> None:
    """What other workers run counts too."""
    held = [ready(1, project_id="busy"), ready(2, project_id="busy")]
    found = [ready(3, project_id="busy"), ready(4, project_id="idle")]
    assert [one.project_id for one in Turns().choose(found, held, Caps(), 2)] == ["idle", "busy"]


def test_urgent_ones_are_first_and_the_others_not_for_ever() -> None:
    """Higher priorities first, but for each fifth choice."""
    turns, patient, order = Turns(), ready(0, priority=-5), []
    for number in range(1, 20):
        (one,) = turns.choose([ready(number, priority=5), patient], [], Caps(), 1)
        order.append(one.priority)
        if one is patient:
            break
    assert order == [5] * (EVERY - 1) + [-5]


def test_the_one_that_waits_longest_is_first() -> None:
    """Within a project and a priority, in the order in which they became ready."""
    found = [ready(number) for number in (5, 3, 9, 1)]
    assert [one.id for one in Turns().choose(found, [], Caps(), 3)] == [
        "000001",
        "000003",
        "000005",
    ]


@pytest.mark.parametrize(
    ("words", "limits"),
    [
        ([], Caps()),
        (["account=4", "project=2"], Caps({"account": 4, "project": 2})),
        (["type=3", "type:change=1"], Caps({"type": 3}, {"change": 1})),
    ],
)
def test_limits_are_read(words: list[str], limits: Caps) -> None:
    """Each place by its word, a type also by its name."""
    assert Caps.of(words) == limits


@pytest.mark.parametrize(
    "word",
    [
        *("", "account", "account=", "account=0", "account=-1", "account=x", "account:me=1"),
        *("many=1", "type:=1", "type:change", "=3", "account=1.5", "account=9999999"),
        "project:a=1",
    ],
)
def test_what_is_no_limit_is_told(word: str) -> None:
    """The message names the word and what can be said."""
    with pytest.raises(InvalidInput, match=r"is no limit; use account=N") as caught:
        Caps.of([word])
    assert repr(word) in str(caught.value)
