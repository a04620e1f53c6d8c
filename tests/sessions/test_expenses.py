"""What sessions cost: summed in scope by what one asks, children included, nothing twice."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from interlock import Prompt, Result, Scope, Session, sessions
from interlock.agents.usage import COUNTERS, make_entry
from interlock.engine.errors import InvalidInput, Refused, SessionNotFound
from interlock.store.connection import execute, tx
from tests.agents.streams import hear_recorded
from tests.sessions.moves import children, family, submit

PRICE = Decimal("0.000005")
"""US dollars of a token of the input of the model below."""
MODEL = "gpt-5.5"
BY = ("session", "type", "step", "agent", "model", "day", "project", "row", "time")


def used(*entries: tuple[str | None, int], vendor: float | None = None) -> Result:
    """A result of a command of one second, that asked each of these models for so many tokens."""
    told = [make_entry(model, 1, input_tokens=tokens) for model, tokens in entries]
    return Result(usage={"entries": told, "vendor_cost_usd": vendor}, duration_ms=1000)


def told(found: Sequence[sessions.Cost], *by: str) -> dict[Any, int]:
    """The tokens by key."""
    return {
        tuple(cost.key[name] for name in by) if len(by) > 1 else cost.key[by[0]]: cost.total_tokens
        for cost in found
    }


@pytest.fixture
def session(scope: Scope) -> Session:
    """A session that asked an agent twice, and a program in between."""
    made = sessions.create(scope, "pair", agent="codex --model x")
    submit(scope, made, used((MODEL, 100), vendor=0.5))
    return submit(scope, made, used((MODEL, 10), ("no-such-model", 3), vendor=0.25))


def test_one_sum_has_all_there_is_to_know(scope: Scope, session: Session) -> None:
    """Tokens by kind, requests, commands, seconds, our money and the vendor's beside it."""
    (cost,) = sessions.costs(scope)
    assert cost == sessions.Cost(
        key={},
        money=110 * PRICE,
        unpriced=1,
        unpriced_models=("no-such-model",),
        vendor=Decimal("0.75"),
        requests=3,
        tokens=dict.fromkeys(COUNTERS, 0) | {"input_tokens": 113},
        seconds=2.0,
        commands=2,
        models=(MODEL, "no-such-model"),
    )


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("session", None),
        ("type", {"pair": 113}),
        ("step", {"first": 100, "second": 13}),
        ("agent", {None: 113}),
        ("model", {MODEL: 110, "no-such-model": 3}),
        ("row", {1: 100, 2: 13}),
    ],
)
def test_costs_are_summed_by_what_one_asks(
    scope: Scope, session: Session, by: str, expected: dict[Any, int] | None
) -> None:
    """Each key once."""
    expected = {session.id: 113} if expected is None else expected
    assert told(sessions.costs(scope, [by]), by) == expected


def test_the_dearest_come_first_and_days_in_order(scope: Scope, session: Session) -> None:
    """Those without a price by what they used."""
    cheap = sessions.create(scope, "loop")
    submit(scope, cheap, used((MODEL, 1)))
    submit(scope, cheap, used(("other", 5)))
    submit(scope, cheap, used(("another", 7)))
    models = [cost.key["model"] for cost in sessions.costs(scope, ["model"])]
    assert models == [MODEL, "another", "other", "no-such-model"]
    with tx():
        for seq in range(1, 10):
            time = f"2026-01-0{seq}T00:00:00.000000+00:00"
            execute("UPDATE usage SET inserted_at = ? WHERE seq = ?", (time, seq))
    days = [cost.key["day"] for cost in sessions.costs(scope, ["day"])]
    assert days == ["2026-01-01", "2026-01-02", "2026-01-03"]


def test_equal_sums_are_in_the_order_of_their_keys(scope: Scope) -> None:
    """Also by the second key, so that every database tells them alike."""
    tokens = [5, 9, 7, 5, 7, 9, 9, 5, 7, 7, 5, 9, 5, 9, 7, 5, 9, 7, 7, 5]
    for number in tokens:
        submit(scope, sessions.create(scope, "pair"), used(("no-such-model", number)))
    costs = sessions.costs(scope, ("model", "session"))
    found = [(-cost.total_tokens, cost.key["session"]) for cost in costs]
    assert found == sorted(found)
    assert len(found) == len(tokens)


def test_a_session_has_the_costs_of_its_children(scope: Scope) -> None:
    """To any depth, and apart where that is asked."""
    parent = family(scope, {}, {"type": "loop"})
    one, two = children(scope, parent)
    submit(scope, one, used((MODEL, 10)))
    submit(scope, two, used((MODEL, 5)))
    submit(scope, sessions.create(scope, "loop"), used((MODEL, 7000)))
    assert told(sessions.costs(scope, ["session"], session=parent.id), "session") == {
        one.id: 10,
        two.id: 5,
    }
    (whole,) = sessions.costs(scope, session=parent.id)
    assert (whole.money, whole.total_tokens, whole.commands) == (15 * PRICE, 15, 2)
    (own,) = sessions.costs(scope, session=parent.id, below=False)
    assert (own.money, own.requests, own.vendor, own.seconds) == (Decimal(0), 0, None, 0.0)
    assert sessions.costs(scope, ["step"], session=parent.id, below=False) == []


def test_by_model_a_vendors_figure_is_not_shared_out(scope: Scope, session: Session) -> None:
    """A command of two models has one figure, and nobody knows whose it is."""
    figures = {
        cost.key["model"]: (cost.vendor, cost.seconds) for cost in sessions.costs(scope, ["model"])
    }
    assert figures == {MODEL: (Decimal("0.5"), None), "no-such-model": (None, None)}
    (only,) = sessions.costs(scope, model=MODEL)
    assert (only.vendor, only.seconds) == (Decimal("0.5"), None)


@pytest.mark.parametrize(
    ("choice", "tokens"),
    [
        ({"type": "pair"}, 113),
        ({"type": "loop"}, 0),
        ({"step": "second"}, 13),
        ({"agent": "gemini"}, 0),
        ({"model": "no-such-model"}, 3),
        ({"since": datetime(2026, 1, 1, tzinfo=UTC)}, 113),
        ({"since": datetime(9026, 1, 1, tzinfo=UTC)}, 0),
        ({"until": datetime(2026, 1, 1, tzinfo=UTC)}, 0),
        ({"step": "second", "model": MODEL}, 10),
    ],
    ids=str,
)
def test_costs_can_be_narrowed(
    scope: Scope, session: Session, choice: dict[str, Any], tokens: int
) -> None:
    """Each way leaves out what it does not name."""
    (cost,) = sessions.costs(scope, **choice)
    assert cost.total_tokens == tokens


def test_the_agent_is_the_one_that_worked(scope: Scope) -> None:
    """Told by its name."""
    made = sessions.create(scope, "unseen", agent="codex --model gpt-5.5")
    submit(scope, made, Result())
    submit(scope, made, used((MODEL, 10)))
    assert told(sessions.costs(scope, ["agent", "step"]), "agent", "step") == {
        ("codex", "prompt"): 10
    }


def test_what_cannot_be_asked_is_refused(scope: Scope, session: Session) -> None:
    """With what can be."""
    with pytest.raises(InvalidInput, match=r"by session, type, step, .*, not by 'colour'"):
        sessions.costs(scope, ["colour"])
    with pytest.raises(InvalidInput, match="needs its time zone"):
        sessions.costs(scope, since=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(SessionNotFound):
        sessions.costs(scope, session=session.id[:-1])


def test_a_stranger_has_spent_nothing(scope: Scope, stranger: Scope, session: Session) -> None:
    """By every way of asking; nor can he have another's work priced."""
    for by in ((), *((name,) for name in BY)):
        assert sum(cost.requests for cost in sessions.costs(stranger, by)) == 0
    assert sessions.usage(stranger, [session.id]) == {}
    assert sessions.reprice(stranger).rows == 0
    assert sessions.usage(scope, [session.id])[session.id].total_tokens == 113


def test_an_account_has_the_costs_of_its_projects(scope: Scope, session: Session) -> None:
    """Together, and apart by project."""
    assert told(sessions.costs(scope.account_wide, ["project"]), "project") == {
        scope.project_id: 113
    }


def test_a_look_prices_nothing(scope: Scope, session: Session) -> None:
    """What a session used is told as it is; only who asks for costs waits for a price list."""
    (cost,) = sessions.usage(scope, [session.id, "nobody"]).values()
    assert (cost.money, cost.unpriced, cost.key) == (Decimal(0), 3, {"session": session.id})
    sessions.costs(scope)
    (cost,) = sessions.usage(scope, [session.id]).values()
    assert (cost.money, cost.unpriced) == (110 * PRICE, 1)


def test_pricing_anew_is_refused_without_a_price_list(
    scope: Scope, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With how to get one. What was used is told all the same."""
    assert sessions.has_prices()
    monkeypatch.setattr("interlock.pricing.is_known", lambda: False)
    assert not sessions.has_prices()
    with pytest.raises(Refused, match="pip install 'genai-prices"):
        sessions.reprice(scope)
    (cost,) = sessions.costs(scope)
    assert (cost.total_tokens, cost.unpriced, cost.money) == (113, 3, Decimal(0))


def test_a_conversation_that_goes_on_is_counted_once(scope: Scope) -> None:
    """On two recorded runs of Codex, of which the second counts the first one's tokens again."""
    session = sessions.create(scope, "loop", agent="codex --model gpt-5.5")
    first = hear_recorded("codex-reasoning", session=session).result
    session = submit(scope, session, first)
    again = Prompt("more", resume=True)
    second = hear_recorded("codex-resumed", session=session, prompt=again).result
    submit(scope, session, second)
    by_row = {
        cost.key["row"]: (cost.tokens["input_tokens"], cost.tokens["output_tokens"])
        for cost in sessions.costs(scope, ["row"], session=session.id)
    }
    assert by_row == {1: (6000, 60), 2: (1000, 20)}
    (whole,) = sessions.costs(scope, session=session.id)
    assert (whole.tokens["input_tokens"], whole.tokens["output_tokens"]) == (7000, 80)
    assert whole.unpriced == 0


def test_what_the_log_says_is_in_the_sums(scope: Scope, session: Session) -> None:
    """And where it is not, that is told."""
    assert sessions.check_usage(scope, session.id) == []
    with tx():
        execute("DELETE FROM usage WHERE seq = 2")
    assert sessions.check_usage(scope, session.id) == [
        "the usage of row 2 is not in the sums as the log has it"
    ]


def test_what_commands_without_a_result_used_is_told_apart(scope: Scope) -> None:
    """While they run, and for ever where nobody saw how they ended; also of those below."""
    parent = family(scope, {}, {})
    for child, tokens in zip(children(scope, parent), (10, 5), strict=True):
        row = sessions.next_command(scope, child.id)
        told = make_entry(MODEL, 1, input_tokens=tokens, output_tokens=1)
        sessions.record(scope, child.id, row.id, "usage", told)
        assert sessions.unfinished_tokens(scope, child.id) == tokens + 1
    assert sessions.unfinished_tokens(scope, parent.id) == 17
    submit(scope, child, used((MODEL, 5)))
    sessions.cancel(scope, parent.id)
    assert sessions.unfinished_tokens(scope, parent.id) == 11
    (whole,) = sessions.costs(scope, session=parent.id)
    assert whole.total_tokens == 5
