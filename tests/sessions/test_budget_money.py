"""Budgets in money: priced as it is spent, and what has no price is never taken for nothing."""

from decimal import Decimal
from typing import Any

import pytest

from interlock import Result, Scope, Session, accounts, pricing, sessions
from interlock.engine.errors import InvalidInput, NothingAsked, Refused
from tests.sessions.moves import log, story, submit
from tests.sessions.spender import Spender, entry, question, used

DOLLAR = 400_000
"""Tokens of input that cost a dollar with the tests' model."""


def test_an_agent_is_stopped_when_the_money_is_used_up(scope: Scope) -> None:
    """Each request is priced when it is told of; what was spent is told to the cent."""
    session = sessions.create(scope, "writer", budgets={"money": 2.5})
    held = sessions.drive(scope, session.id, Spender(DOLLAR))
    told = question(held).question
    assert "the budget of this session is used up: $3.00 of $2.50" in told
    assert f"`interlock budget {session.id} --money +2.5`" in told
    (balance,) = sessions.balances(scope, session.id)
    assert (balance.spent.money, balance.spent.unpriced) == (Decimal(3), 0)
    sessions.set_budget(scope, session.id, add={"money": "2.5"})
    assert sessions.drive(scope, session.id, Spender(1, requests=1)).status == "complete"


@pytest.mark.parametrize("tells", [True, False], ids=["while it works", "in its result"])
def test_what_has_no_price_is_asked_about_once(scope: Scope, tells: bool) -> None:
    """The agent is stopped, or held before it is asked again; who lets it go on is not asked
    again, and tokens are recommended."""
    session = sessions.create(scope, "writer", input={"times": 4}, budgets={"money": 1})
    agent = Spender(10, requests=1, model="nobody-knows-it")

    def silent(session: Session, interaction: Any, *, emit: Any, stop: Any) -> Result:
        return agent(session, interaction, emit=lambda *event: None, stop=stop)

    perform = agent if tells else silent
    asked = question(sessions.drive(scope, session.id, perform))
    assert asked.about == ("budget" if tells else "no_budget")
    assert "1 request has no price, so the budget of this session in money" in asked.question
    assert f"`interlock budget {session.id} --tokens 2M`" in asked.question
    assert question(sessions.drive(scope, session.id, perform)) == asked  # nobody has said
    sessions.answer(scope, session.id, "retry")
    assert sessions.drive(scope, session.id, perform).status == "complete"
    (balance,) = sessions.balances(scope, session.id)
    assert (balance.spent.money, balance.spent.unpriced) == (Decimal(0), 5 if tells else 4)


def test_what_has_no_price_may_be_limited_by_tokens(scope: Scope) -> None:
    """A limit of tokens beside the money answers the question, and holds."""
    session = sessions.create(scope, "writer", budgets={"money": 1})
    agent = Spender(10, model="nobody-knows-it")
    sessions.drive(scope, session.id, agent)
    change = sessions.set_budget(scope, session.id, limits={"tokens": 25})
    assert change.going_on == (session.id,)
    held = sessions.drive(scope, session.id, agent)
    assert "is used up: 30 tokens of 25 tokens" in question(held).question


def test_a_limit_of_tokens_from_the_start_needs_no_question(scope: Scope) -> None:
    """The money that is known counts, the rest is bounded by the tokens."""
    session = sessions.create(scope, "writer", budgets={"money": 1, "tokens": 100})
    agent = Spender(10, requests=3, model="nobody-knows-it")
    assert sessions.drive(scope, session.id, agent).status == "complete"


def test_money_needs_a_price_list(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one a budget in money is refused, with what to do; one that is there asks."""
    session = sessions.create(scope, "writer", budgets={"money": 1})
    monkeypatch.setattr(pricing, "is_known", lambda: False)
    monkeypatch.setattr(pricing, "price_entry", lambda entry, at: None)
    with pytest.raises(Refused, match="pip install 'genai-prices<"):
        sessions.create(scope, "writer", budgets={"money": 1})
    with pytest.raises(Refused, match="or limit the tokens"):
        sessions.set_budget(scope, limits={"money": 1})
    held = sessions.drive(scope, session.id, Spender(10))
    assert "no price (`pip install 'genai-prices<0.3'` brings" in question(held).question


def test_money_of_an_account_is_summed_over_its_projects(scope: Scope) -> None:
    """And over no other account's."""
    sessions.set_budget(scope.account_wide, limits={"money": 2}, period="month")
    agent = Spender(DOLLAR * 3 // 4, requests=1)
    for where in (scope, accounts.enter("acme", "elsewhere"), accounts.enter("other", "site")):
        session = sessions.create(where, "writer")
        assert sessions.drive(where, session.id, agent).status == "complete"
    held = sessions.drive(scope, sessions.create(scope, "writer").id, agent)
    told = question(held).question
    assert "the budget of the account for the month is used up: $2.25 of $2.00" in told
    assert "`interlock budget account --money +2`" in told
    later = sessions.drive(scope, sessions.create(scope, "writer").id, agent)
    assert story(scope, later) == [("write", "open")]


def test_a_session_by_hand_is_held_too(scope: Scope) -> None:
    """`next` gives the question; raised, it gives the command; what lies open is handed in."""
    session = sessions.create(scope, "writer", input={"times": 2}, budgets={"tokens": 10})
    submit(scope, session, Result(usage=used(entry(10))))
    asked = sessions.next_command(scope, session.id)
    sessions.set_budget(scope, session.id, add={"tokens": 10})
    with pytest.raises(NothingAsked):
        sessions.answer(scope, session.id, "retry")
    row = sessions.next_command(scope, session.id)
    assert (row.seq, row.step) == (asked.seq + 1, "write")
    assert [one.attempt for one in log(scope, session)] == [1, 2, 2]


def test_an_open_command_is_not_made_anew_for_nothing(scope: Scope) -> None:
    """Where a budget was used up meanwhile that is its result, and a person is asked."""
    session = sessions.create(scope, "writer", budgets={"tokens": 10, "steps": 2})
    row = sessions.next_command(scope, session.id)
    again = sessions.next_command(scope, session.id, reissue=True)
    sessions.record(scope, session.id, row.id, "usage", entry(10))
    asked = sessions.next_command(scope, session.id, reissue=True)
    assert (row.seq, again.seq, asked.seq) == (1, 2, 3)
    assert question(sessions.get(scope, session.id)).about == "budget"
    assert story(scope, session) == [("write", "superseded"), ("write", "done"), ("write", "open")]
    sessions.set_budget(scope, session.id, add={"tokens": 10})
    assert "2 steps of 2 steps" in question(sessions.get(scope, session.id)).question


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "a budget needs a limit"),
        ({"limits": {"dollars": 1}}, "a budget has no 'dollars'"),
        ({"limits": {"money": -1}}, "the limit money is more than 0"),
        ({"add": {"tokens": 5}}, "there is no limit tokens to add to"),
        ({"add": {"money": 10**9}}, "the limit money is more than 0 and at most"),
        ({"limits": {"steps": 1}, "period": "day"}, "only a project or an account"),
        ({"limits": {"steps": 1}, "step": "fly"}, "writer has no step 'fly'; it has write, check"),
    ],
)
def test_a_budget_that_cannot_be_is_refused(scope: Scope, given: dict[str, Any], said: str) -> None:
    """And nothing changes."""
    session = sessions.create(scope, "writer", budgets={"money": 1})
    with pytest.raises(InvalidInput) as raised:
        sessions.set_budget(scope, session.id, **given)
    assert said in str(raised.value)
    (balance,) = sessions.balances(scope, session.id)
    assert balance.budget.limits.given == {"money": Decimal(1)}


def test_a_period_that_is_none_is_refused(scope: Scope) -> None:
    """A project has one for all time, for each day or each month; a step is a session's."""
    with pytest.raises(InvalidInput, match="a period is day or month, not 'week'"):
        sessions.set_budget(scope, limits={"steps": 1}, period="week")
    with pytest.raises(InvalidInput, match="a step is one of a session"):
        sessions.set_budget(scope, step="write", limits={"steps": 1})


def test_the_balances_of_a_session_are_told_nearest_first(scope: Scope, stranger: Scope) -> None:
    """With what was spent of each; a project's alone where no session is named."""
    session = sessions.create(scope, "thrifty", budgets={"tokens": 500, "seconds": 60})
    sessions.set_budget(scope, limits={"tokens": 900}, period="day")
    sessions.set_budget(scope.account_wide, limits={"tokens": 1000})
    sessions.drive(scope, session.id, Spender(60, requests=1))
    found = sessions.balances(scope, session.id)
    assert [one.budget.limits.tokens for one in found] == [100, 500, 900, 1000]
    assert [one.spent.tokens for one in found] == [60, 120, 120, 120]
    assert [one.budget.limits.tokens for one in sessions.balances(scope)] == [900, 1000]
    told = [one.budget.limits.tokens for one in sessions.balances(stranger)]
    same = stranger.account_id == scope.account_id
    assert told == ([1000] if same else [])


def test_an_answer_to_another_question_lets_nothing_go_unpriced(scope: Scope) -> None:
    """Who let a step go on has not been told of what has no price: that is asked then."""
    session = sessions.create(scope, "writer", input={"times": 9})
    sessions.set_budget(scope, session.id, step="write", limits={"tokens": 10})
    sessions.set_budget(scope, limits={"money": 1})
    agent = Spender(10, requests=1, model="nobody-knows-it")
    assert "step write is used up" in question(sessions.drive(scope, session.id, agent)).question
    sessions.answer(scope, session.id, "retry")
    sessions.drive(scope, session.id, agent)
    change = sessions.set_budget(scope, session.id, step="write", clear=True)
    assert change.going_on == ()
    for held in (sessions.get(scope, session.id), sessions.drive(scope, session.id, agent)):
        assert "so the budget of the project in money cannot be kept" in question(held).question
    assert len(agent.prompts) == 1
