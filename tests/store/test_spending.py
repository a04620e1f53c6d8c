"""Sums are those of the log, of everything below a session too, and do not read the log."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock import Result, Scope, Session, Shell
from interlock.agents.usage import make_entry
from interlock.engine.values import Interaction
from interlock.store import metering, owners, prices, queries, rows, spending
from interlock.store.connection import execute, fetch, tx
from interlock.store.spending import Spent, spent, spent_in
from interlock.store.times import write_time
from interlock.store.usage import NANO
from tests.statements import statements
from tests.store.plans import crowd, plan
from tests.store.samples import NOW, enter, issue, new_session, reopen, settle

pytestmark = pytest.mark.usefixtures("database")

NOTHING = Spent(Decimal(0), 0, 0, 0.0, 0)
PRICE = Decimal("0.000005")
"""US dollars of a token of the input of the model below."""
MODEL = "gpt-5.5"


def used(tokens: int, requests: int = 1, **fields: Any) -> Result:
    """A result of a command of one second."""
    entry = make_entry(MODEL, requests, input_tokens=tokens)
    return Result(usage={"entries": [entry]}, duration_ms=1000, **fields)


def work(session: Session, *results: Result) -> Session:
    """The session after these results."""
    for result in results:
        session = settle(issue(session), result)
    return session


def below(parent: Session, key: str, *results: Result) -> Session:
    """A child of a session, with these results."""
    scope = Scope(parent.account_id, parent.project_id)
    return work(new_session(scope, parent_id=parent.id, spawn_key=key), *results)


def set_time(session: Session, seq: int, seconds: int) -> None:
    """Make a row one of so many seconds after the begin."""
    time = write_time(NOW + timedelta(seconds=seconds))
    with tx():
        for table in ("interaction", "usage"):
            sql = f"UPDATE {table} SET inserted_at = ? WHERE session_id = ? AND seq = ?"
            execute(sql, (time, session.id, seq))


def test_a_session_has_spent_what_all_below_it_have() -> None:
    """Money, tokens, seconds and steps, to any depth; a sister's is not in it."""
    parent = work(new_session(enter()), used(100), Result(), used(50))
    child = below(parent, "1", used(10))
    below(child, "2", used(1), used(1), Result())
    below(new_session(enter()), "3", used(7000))
    prices.settle(parent.account_id)
    assert spent(child.id) == Spent(12 * PRICE, 0, 12, 3.0, 4)
    assert spent(parent.id) == Spent(162 * PRICE, 0, 162, 5.0, 7)
    assert spent("nobody") == NOTHING


def test_a_step_has_spent_its_own() -> None:
    """Of the session itself; another step's is not in it."""
    parent = work(new_session(enter()), used(100), Result())
    below(parent, "1", used(10))
    with tx():
        row = Interaction(7, "other", 1, Shell(("true",)), "done", used(3))
        rows.prepare(parent, row, "", NOW, write_time(NOW), None).perform(parent, write_time(NOW))
    assert spent(parent.id, step="work") == Spent(Decimal(0), 1, 100, 1.0, 2)
    assert spent(parent.id, step="other") == Spent(Decimal(0), 1, 3, 1.0, 1)
    assert spent(parent.id, step="none") == NOTHING


def test_what_was_spent_before_a_row_can_be_left_out() -> None:
    """By the session and by all below it: what a retry forgives."""
    parent = work(new_session(enter()), used(100), used(20), used(3))
    child = below(parent, "1", used(10), used(5))
    set_time(parent, 1, 1)
    set_time(child, 1, 2)
    set_time(parent, 2, 3)
    set_time(child, 2, 4)
    set_time(parent, 3, 5)
    assert spent(parent.id, after=1) == Spent(Decimal(0), 4, 23 + 15, 4.0, 4)
    assert spent(parent.id, after=2) == Spent(Decimal(0), 2, 3 + 5, 2.0, 2)
    assert spent(parent.id, after=3) == NOTHING
    assert spent(parent.id, step="work", after=2) == Spent(Decimal(0), 1, 3, 1.0, 1)


def test_accounts_and_projects_have_their_own() -> None:
    """Since a time, or ever; a stranger's is not in it."""
    scope, elsewhere = enter(), enter(project="elsewhere")
    other = owners.enter("other", "site", None, None, NOW)
    work(new_session(scope), used(100), Result())
    work(new_session(elsewhere), used(10))
    work(new_session(other), used(7000))
    account = scope.account_id
    assert spent_in(account, scope.project_id) == Spent(Decimal(0), 1, 100, 1.0, 1)
    assert spent_in(account, elsewhere.project_id).tokens == 10
    assert spent_in(account, None) == Spent(Decimal(0), 2, 110, 2.0, 2)
    assert spent_in(account, None, NOW).tokens == 110
    assert spent_in(account, None, NOW + timedelta(microseconds=1)) == NOTHING
    assert spent_in(account, other.project_id) == NOTHING
    assert spent_in("nobody", None) == NOTHING


TREE = st.lists(
    st.tuples(st.integers(0, 5), st.lists(st.none() | st.integers(0, 10**6), max_size=3)),
    min_size=1,
    max_size=8,
)
"""Sessions: which of those before it is its parent, and what its rows used."""


@given(tree=TREE)
@settings(max_examples=40, deadline=None)
def test_sums_are_those_of_the_log(tree: list[tuple[int, list[int | None]]]) -> None:
    """On random families: by each session, and in the account."""
    scope = owners.enter(f"account {len(fetch('SELECT 1 FROM account'))}", "site", None, None, NOW)
    made: list[Session] = []
    parents: list[int] = []
    for number, (above, told) in enumerate(tree):
        results = [Result() if tokens is None else used(tokens) for tokens in told]
        parents.append(min(above, number - 1) if number else -1)
        if number == 0:
            made.append(work(new_session(scope), *results))
        else:
            made.append(below(made[parents[-1]], str(number), *results))

    def tokens_of(number: int) -> int:
        own = sum(tokens or 0 for tokens in tree[number][1])
        return own + sum(tokens_of(n) for n, parent in enumerate(parents) if parent == number)

    def rows_of(number: int) -> int:
        under = sum(rows_of(n) for n, parent in enumerate(parents) if parent == number)
        return len(tree[number][1]) + under

    for number, session in enumerate(made):
        seen = spent(session.id)
        assert (seen.tokens, seen.steps) == (tokens_of(number), rows_of(number))
    assert spent_in(scope.account_id, None).tokens == tokens_of(0)


def test_a_sum_is_answered_by_an_index_alone() -> None:
    """In an account and in a project, since a time; by a session, its own part of the table."""
    session = work(new_session(enter()), used(1))
    crowd()
    given = {
        "account_id": session.account_id,
        "project_id": session.project_id,
        "inserted_at": write_time(NOW),
    }
    for names in (("inserted_at",), ("project_id",), ("project_id", "inserted_at")):
        more = " AND ".join(f"{name} {'>=' if name.endswith('_at') else '='} ?" for name in names)
        sql = f"SELECT {spending.SUMS} FROM usage WHERE account_id = ? AND {more}"
        (read,) = plan(sql, [given[name] for name in ("account_id", *names)]).reads
        assert read.alone
        assert all(name in read.by for name in ("account_id", *names))


def test_what_a_family_spent_is_summed_without_the_rest() -> None:
    """Nothing is read from end to end: what it costs is not what the database has grown to."""
    session = work(new_session(enter()), used(1), Result())
    below(session, "1", used(10))
    with tx():
        for kind in ("usage", "output"):
            queries.add_event(session, 1, kind, {"requests": 1}, NOW)
    with statements() as asked:
        spent(session.id)
        spent(session.id, after=1)
        spent(session.id, step="work")
        for step in (None, "work"):
            metering.unfinished(session.id, step)
            metering.commands(session.id, step, (session.id, 1))
            metering.seconds(session.id, step, (session.id, 1))
    assert len(asked) > 10
    crowd()
    for sql, values in asked:
        assert plan(sql, values).whole == [], sql


def columns(name: str) -> Any:
    """A column of all usage, in order."""
    return [row[0] for row in fetch(f"SELECT {name} FROM usage ORDER BY session_id, seq, part")]


def test_what_has_a_price_is_priced_when_it_is_asked_for() -> None:
    """Once; what has none is marked as such and is no 0."""
    unknown = Result(usage={"entries": [make_entry("no-such-model", 3, input_tokens=5)]})
    session = work(new_session(enter()), used(10), unknown)
    assert columns("cost") == columns("priced_at") == [None, None]
    assert spent(session.id).unpriced == 4
    prices.settle(session.account_id)
    assert columns("cost") == [50_000, None]
    assert None not in columns("priced_at")
    assert spent(session.id) == Spent(10 * PRICE, 3, 15, 1.0, 2)
    before = columns("priced_at")
    prices.settle(session.account_id)
    assert columns("priced_at") == before


def test_only_the_account_is_priced() -> None:
    """A stranger's rows are left as they are."""
    work(new_session(owners.enter("other", "site", None, None, NOW)), used(10))
    prices.settle(enter().account_id)
    assert columns("priced_at") == [None]


def test_a_vendors_figure_for_no_tokens_is_not_free() -> None:
    """It cost something, and nobody says for what."""
    paid = Result(usage={"entries": [], "vendor_cost_usd": 0.5})
    session = work(new_session(enter()), paid, Result(usage={"model": MODEL}))
    prices.settle(session.account_id)
    assert columns("cost") == [None, 0]


def test_each_request_has_the_price_of_its_length() -> None:
    """Ten short ones told together are not one long one."""
    session = work(new_session(enter()), used(600_000), used(600_000, requests=10))
    prices.settle(session.account_id)
    long, short = columns("cost")
    assert short == 600_000 * PRICE * NANO < long


def test_a_request_has_the_price_of_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that of the day on which somebody asks."""
    asked: list[Any] = []

    def look_up(entry: Any, at: Any) -> Decimal:
        asked.append(at)
        return Decimal(1)

    session = work(new_session(enter()), used(10))
    monkeypatch.setattr("interlock.pricing.price_entry", look_up)
    prices.settle(session.account_id)
    assert asked == [NOW]


def test_without_a_price_list_nothing_is_priced_or_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it is when there is one."""
    session = work(new_session(enter()), used(10))
    with monkeypatch.context() as patch:
        patch.setattr("interlock.pricing.is_known", lambda: False)
        prices.settle(session.account_id)
        assert prices.reprice(session.account_id, None) == prices.Repriced()
    assert columns("priced_at") == [None]
    prices.settle(session.account_id)
    assert columns("cost") == [50_000]


@pytest.mark.parametrize("chunk", [1, 2, 500])
def test_pricing_anew_takes_the_prices_of_today(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In all of a scope, and only there; it says what changed, and what vendors said stays."""
    monkeypatch.setattr(prices, "CHUNK", chunk)
    scope, elsewhere = enter(), enter(project="elsewhere")
    unknown = Result(
        usage={"entries": [make_entry("no-such-model", 1, input_tokens=5)], "vendor_cost_usd": 2.0}
    )
    work(new_session(scope), used(10), used(20), unknown, used(0))
    work(new_session(elsewhere), used(40))
    prices.settle(scope.account_id)
    said = columns("vendor_cost")
    with tx():
        execute("UPDATE usage SET cost = cost + 1000 WHERE input_tokens >= 20")
    changed = columns("cost")
    done = prices.reprice(scope.account_id, scope.project_id)
    now = 30 * PRICE
    assert done == prices.Repriced(4, 1, now + Decimal("0.000001"), now, 1)
    assert columns("cost") == [50_000, 100_000, None, 0, changed[-1]]
    assert columns("vendor_cost") == said
    assert prices.reprice(scope.account_id, None).changed == 1
    assert prices.reprice(scope.account_id, None) == evolve(
        done, rows=5, changed=0, before=70 * PRICE, after=70 * PRICE
    )


def test_a_database_is_priced_by_whoever_asks(url: str) -> None:
    """What one process priced another one sees."""
    session = work(new_session(enter()), used(10))
    prices.settle(session.account_id)
    reopen(url)
    assert spent(session.id).money == 10 * PRICE
