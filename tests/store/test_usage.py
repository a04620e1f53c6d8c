"""What results used is kept beside the log: written with it, made anew from it, checked by it."""

import importlib.util
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import Prompt, Result, Session, Shell
from interlock.agents.usage import COUNTERS, make_entry
from interlock.engine.payload import accept
from interlock.engine.values import Interaction
from interlock.store import codec, rows, usage, usage_check
from interlock.store.connection import connect, disconnect, execute, fetch, tx
from interlock.store.migration import DIRECTORY
from interlock.store.times import write_time
from tests.statements import statements
from tests.store.kinds import ON_FILES
from tests.store.samples import NOW, enter, new_session, settle, value
from tests.store.samples import issue as issue_next

pytestmark = pytest.mark.usefixtures("database")

ALL = "SELECT * FROM usage ORDER BY session_id, seq, part"
TWO = {
    "entries": [
        make_entry("big", 1, input_tokens=100, output_tokens=7, cache_read_tokens=60),
        make_entry("small", None, input_tokens=3),
    ],
    "vendor_cost_usd": 0.25,
}
ODD: list[dict[str, Any]] = [
    {"entries": []},
    {"entries": "none", "model": "m", "input_tokens": 5},
    {"entries": [1, {"model": 7, "input_tokens": "many", "requests": -3}, {}]},
    {"input_tokens": 2**62, "output_tokens": 2**62, "vendor_cost_usd": 1e300},
    {"input_tokens": True, "vendor_cost_usd": -1, "model": "m" * 1000},
    {"vendor_cost_usd": "free", "entries": [make_entry(None, 2**60, output_tokens=1)]},
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NUMBER = st.integers(-5, 10**6) | st.floats() | JSON
ENTRY = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("requests", *COUNTERS), NUMBER) | {"model": JSON}
)
USAGE = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("vendor_cost_usd", *COUNTERS), NUMBER)
    | {"entries": st.lists(ENTRY | JSON, max_size=4) | JSON, "model": JSON},
)


def add(session: Session, seq: int, result: Result, command: Any = None) -> None:
    """Write a closed row."""
    row = Interaction(
        seq=seq,
        step="work",
        attempt=1,
        command=command or Shell(("true",)),
        status="done",
        result=result,
    )
    with tx():
        rows.prepare(session, row, "", NOW, write_time(NOW), None).perform(session, write_time(NOW))


@pytest.fixture
def session() -> Session:
    """A session with an agent that has options."""
    return new_session(enter(), agent="codex --model gpt-5.5")


def test_each_entry_is_a_row(session: Session) -> None:
    """With its counters, and what there is once on the first: the vendor's figure, the time."""
    add(session, 1, Result(usage=TWO, duration_ms=1500), Prompt("Go"))
    seen = fetch(
        "SELECT part, step, agent, model, requests, input_tokens, output_tokens, "
        "cache_read_tokens, vendor_cost, duration_ms, cost, priced_at, inserted_at FROM usage"
    )
    same = (None, None, write_time(NOW))
    assert seen == [
        (0, "work", "codex", "big", 1, 100, 7, 60, 250_000_000, 1500, *same),
        (1, "work", "codex", "small", 1, 3, 0, 0, None, 0, *same),
    ]
    owner = (session.account_id, session.project_id)
    assert fetch("SELECT DISTINCT account_id, project_id FROM usage") == [owner]


@pytest.mark.parametrize(
    ("command", "agent"),
    [
        (Prompt("Go"), "codex"),
        (Prompt("Go", agent="gemini --yolo"), "gemini"),
        (Shell(("codex",)), None),
    ],
)
def test_the_agent_is_the_one_that_was_asked(
    session: Session, command: Any, agent: str | None
) -> None:
    """The prompt's own, else the session's, without its options; none for a program."""
    add(session, 1, Result(usage=TWO), command)
    assert value("SELECT agent FROM usage") == agent


def test_it_is_kept_in_the_transaction_of_the_result(session: Session) -> None:
    """Where that is undone there is nothing."""
    opened = issue_next(session)

    def fail() -> None:
        with tx():
            settle(opened, Result(usage=TWO))
            assert value("SELECT count(*) FROM usage") == 2
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert value("SELECT count(*) FROM usage") == 0
    settle(opened, Result(usage=TWO))
    assert value("SELECT count(*) FROM usage") == 2


def test_a_result_without_usage_costs_no_statement(session: Session) -> None:
    """Only those that tell of usage are written twice."""
    opened = issue_next(session)
    with statements() as said:
        opened = issue_next(settle(opened, Result()))
        plain = len(said)
        opened = issue_next(settle(opened, Result(usage={})))
        assert len(said) == 2 * plain > 0
        assert not any("INTO usage" in sql for sql, _ in said)
        settle(opened, Result(usage=TWO))
        assert sum("INTO usage" in sql for sql, _ in said) == 2


def migration() -> Any:
    """The migration that made the table, as a module."""
    spec = importlib.util.spec_from_file_location("made_usage", DIRECTORY / "0002_usage.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MIGRATION = migration()


@given(usage_=USAGE, took=st.none() | st.integers(-(2**63), 2**63 - 1))
def test_any_usage_is_counted_in_bounds_and_as_the_migration_does(
    usage_: Any, took: int | None
) -> None:
    """Whatever a program submits: its rows can be summed, and are those that the log leads to."""
    try:
        result = accept(Result(usage=usage_, duration_ms=took))
    except Exception:
        return  # what cannot be kept is refused before
    entries = list(usage.entries("s", 1, "work", result, "now")) if result.usage else []
    told = codec.load(codec.dump_result(result))
    parts = list(MIGRATION._parts(told))
    assert [(one[2], *one[4:-1]) for one in entries] == parts
    for entry in entries:
        numbers = [number for number in entry[5:-1] if number is not None]
        assert all(0 <= number <= 10**18 for number in numbers)


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_an_odd_usage_can_be_kept_many_times(session: Session, odd: Any) -> None:
    """No sum of it goes over."""
    for seq in range(1, 41):
        add(session, seq, accept(Result(usage=odd, duration_ms=2**62)))
    sums = (
        "sum(input_tokens + output_tokens), sum(requests), sum(duration_ms), sum(vendor_cost * 1.0)"
    )
    assert fetch(f"SELECT {sums} FROM usage")
    assert usage_check.faults(session) == []


def fill(session: Session) -> None:
    """Rows of every kind: with usage, without, with long output, and odd ones."""
    add(session, 1, Result(usage=TWO, duration_ms=5), Prompt("Go", agent="gemini"))
    add(session, 2, Result(output='"usage":'))
    add(session, 3, Result(usage=TWO, output="x" * 200_000), Prompt("y" * 200_000))
    add(session, 4, Result(output="z" * 200_000))
    for seq, odd in enumerate(ODD, 5):
        add(session, seq, accept(Result(usage=odd)))


@ON_FILES
def test_an_older_database_is_filled_from_its_log(session: Session, url: str) -> None:
    """As if the table had been there from the first row on."""
    fill(session)
    written = fetch(ALL)
    assert len(written) > 8
    with tx():
        execute("DROP TABLE usage")
        execute("DELETE FROM schema_migration WHERE name = '0002_usage'")
    disconnect()
    connect(url)
    assert fetch(ALL) == written


def test_a_sum_of_counters_is_a_whole_number(session: Session) -> None:
    """To the last digit, and a mean is none."""
    add(session, 1, Result(usage={"entries": [make_entry("m", 1, input_tokens=10**12 - 1)]}))
    add(session, 2, Result(usage={"entries": [make_entry("m", 1, input_tokens=10**12)]}))
    found = fetch("SELECT sum(input_tokens), count(*), avg(requests * 1.0) FROM usage")[0]
    assert found == (2 * 10**12 - 1, 2, 1.0)
    assert [type(number) for number in found] == [int, int, float]


def test_what_the_log_says_is_in_the_sums(session: Session) -> None:
    """Nothing is told of a session whose two sides agree."""
    fill(session)
    assert usage_check.faults(session) == []
    assert usage_check.faults(new_session(enter())) == []


WRONG = [
    ("DELETE FROM usage WHERE seq = 3 AND part = 1", 3),
    ("UPDATE usage SET input_tokens = 99 WHERE seq = 1 AND part = 0", 1),
    ("UPDATE usage SET vendor_cost = NULL WHERE seq = 1", 1),
    ("UPDATE usage SET model = 'other' WHERE seq = 1 AND part = 1", 1),
    ("UPDATE usage SET account_id = 'other' WHERE seq = 3 AND part = 1", 3),
    ("UPDATE usage SET seq = 2 WHERE seq = 1 AND part = 1", 1),
    ("UPDATE interaction SET result = replace(result, '\"small\"', '\"tiny\"') WHERE seq = 1", 1),
]


@pytest.mark.parametrize(("change", "seq"), WRONG)
def test_a_difference_is_told(session: Session, change: str, seq: int) -> None:
    """By the row of the log."""
    fill(session)
    with tx():
        execute(change)
    assert f"the usage of row {seq} is not in the sums as the log has it" in usage_check.faults(
        session
    )


def test_a_long_log_is_checked_to_its_end(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many rows are read at a time."""
    monkeypatch.setattr(usage_check, "CHUNK", 2)
    fill(session)
    assert usage_check.faults(session) == []
    with tx():
        execute("DELETE FROM usage WHERE seq = 10")
    assert usage_check.faults(session) == [
        "the usage of row 10 is not in the sums as the log has it"
    ]
