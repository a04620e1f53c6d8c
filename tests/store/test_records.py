"""Sessions and their log as rows: nothing is lost, doubled, or moved by two at once."""

from datetime import timedelta
from typing import Any

import pytest

from interlock import Ask, Call, Command, Prompt, Result, Scope, Session, Shell, Spawn, Wait, engine
from interlock.engine.errors import Refused, StaleSession
from interlock.engine.values import Interaction, changed
from interlock.store import queries, records, rows
from interlock.store.connection import execute, fetch_one, tx
from tests.store.samples import KIND, NOW, enter, issue, new_session, settle, step_once, value

COLUMNS = "session_id, account_id, step, attempt, status, command, inserted_at"

COPY = f"INSERT INTO interaction (seq, {COLUMNS}) SELECT seq + 1, {COLUMNS} FROM interaction"

pytestmark = pytest.mark.usefixtures("database")


def log(session: Session) -> list[Interaction]:
    """Every row of a session's log."""
    return list(queries.rows(session))


def again(scope: Scope, session: Session) -> Session:
    """The session as it is in the database."""
    found = records.one(scope, session.id)
    assert found is not None
    return found


def test_a_session_comes_back_as_it_was_written() -> None:
    """Every field of a session is the same when it is read."""
    scope = enter()
    fields = {
        "agent": "program ruff check --fix",
        "environment": "local",
        "workdir": "/somewhere",
        "execution_mode": "auto",
        "title": "Übung",
        "input": {"a": [1, None, {"b": True}]},
    }
    session = new_session(scope, **fields)
    assert again(scope, session) == session
    session = issue(session)
    assert again(scope, session) == session
    session = settle(session, Result(remember={"n": 1}))
    assert again(scope, session) == session
    assert session.state == {"n": 1}
    session = step_once(session, Result("done"))
    assert again(scope, session) == session
    assert (session.status, session.ended_at) == ("complete", NOW)


def test_a_stranger_finds_nothing() -> None:
    """A session is there only for its account and, where a scope has one, for its project."""
    scope = enter()
    session = new_session(scope)
    assert again(scope.account_wide, session) == session
    assert records.one(enter("other", "site"), session.id) is None
    assert records.one(enter("acme", "elsewhere"), session.id) is None
    assert records.one(enter("other", None), session.id) is None


@pytest.mark.parametrize(
    "sql",
    [
        COPY + " WHERE seq = 2",
        "UPDATE interaction SET status = 'open'",
    ],
    ids=["insert", "update"],
)
def test_the_database_allows_one_open_interaction(sql: str) -> None:
    """Not even a statement of one's own can give a session two open interactions."""
    session = step_once(new_session(enter()), Result())
    issue(session)
    with pytest.raises(Refused, match=r"(?i)unique"), tx():
        execute(sql)
    assert [row.status for row in log(session)] == ["done", "open"]


def test_two_sessions_have_one_open_interaction_each() -> None:
    """The limit is per session."""
    scope = enter()
    first, second = issue(new_session(scope)), issue(new_session(scope))
    assert first.open is not None
    assert second.open is not None


def test_a_number_of_the_log_is_given_once() -> None:
    """No second row can have the same number."""
    session = step_once(new_session(enter()), Result())
    with pytest.raises(Refused, match=r"(?i)unique"), tx():
        execute(f"INSERT INTO interaction ({COLUMNS}, seq) SELECT {COLUMNS}, seq FROM interaction")
    assert len(log(session)) == 1


def test_of_two_writers_one_is_stale() -> None:
    """Who saves a session that another moved meanwhile gets StaleSession and writes nothing."""
    scope = enter()
    session = issue(new_session(scope))
    other = again(scope, session)
    settle(session, Result(output="first"))
    with pytest.raises(StaleSession):
        settle(other, Result(output="second"))
    assert [row.result for row in log(session)] == [Result(output="first")]
    with pytest.raises(StaleSession), tx():
        records.claim(other, "somebody", NOW)


@pytest.mark.parametrize("end", [False, True], ids=["goes on", "ends"])
def test_a_stale_save_of_any_kind_is_refused(end: bool) -> None:
    """Both statements that save a session compare its version."""
    scope = enter()
    session = new_session(scope)
    stale = again(scope, session)
    issue(session)
    decided = engine.cancel(stale) if end else engine.next_command(KIND, stale)
    with pytest.raises(StaleSession), tx():
        records.save(decided, NOW)
    assert [row.step for row in log(session)] == ["work"]
    assert again(scope, session).active


def test_each_save_makes_a_new_version() -> None:
    """The version grows by one with every change of the session."""
    session = new_session(enter())
    versions = [session.version]
    for _ in range(3):
        session = issue(session)
        versions.append(session.version)
        session = settle(session, Result())
        versions.append(session.version)
    assert versions == list(range(1, 8))


def test_the_log_has_no_gaps_and_its_rows_never_change() -> None:
    """Rows are numbered from 1; what is closed stays as it is, whatever comes later."""
    session = new_session(enter())
    seen: list[Interaction] = []
    for number in range(5):
        session = step_once(session, Result(output=f"row {number}"))
        assert log(session)[:-1] == seen
        seen = log(session)
    with tx():
        records.save(engine.cancel(issue(session)), NOW)
    assert log(session)[:5] == seen
    assert [row.seq for row in log(session)] == [1, 2, 3, 4, 5, 6, 7]
    assert [row.status for row in log(session)][5:] == ["cancelled", "done"]


def test_the_newest_and_the_last_row_of_a_step_are_looked_up() -> None:
    """A step's newest row, and its newest with a result, are found without the log being read."""
    scope = enter()
    session = issue(
        step_once(step_once(new_session(scope), Result(output="a")), Result(output="b"))
    )
    for held in (session, again(scope, session)):
        newest, last = held.log.newest("work"), held.log.last("work")
        assert newest is not None
        assert last is not None
        assert (newest.seq, newest.status) == (3, "open")
        assert (last.seq, last.result) == (2, Result(output="b"))
        assert held.last("work").output == "b"
        assert held.log.newest("never") is None
        assert held.last("never").status == "none"


@pytest.mark.parametrize(
    ("command", "due"),
    [
        (Shell(("true",), timeout=5), None),
        (Prompt("do", timeout=5), None),
        (Call("read_file", timeout=5), None),
        (Ask("well?"), None),
        (Ask("well?", timeout=5), NOW + timedelta(seconds=5)),
        (Spawn((), timeout=0.5), NOW + timedelta(seconds=0.5)),
        (Wait(for_=90), NOW + timedelta(seconds=90)),
        (Wait(until=NOW), NOW),
    ],
    ids=repr,
)
def test_what_ends_by_itself_has_a_time(command: Command, due: Any) -> None:
    """Only what waits for a person, a time or children has a time of its own."""
    assert rows.due_at(command, NOW) == due


def test_a_lease_is_given_kept_up_and_given_back() -> None:
    """A claim is one compare-and-set; only its owner can renew and release it."""
    scope = enter()
    session = new_session(scope)
    with tx():
        held = records.claim(session, "me", NOW)
    assert again(scope, session) == held
    later = NOW + timedelta(seconds=30)
    with tx():
        records.renew(session.id, "somebody else", later)
        records.release(session.id, "somebody else")
    assert again(scope, session) == held
    with tx():
        records.renew(session.id, "me", later)
    assert again(scope, session).lease_until == later
    with tx():
        records.release(session.id, "me")
    found = again(scope, session)
    assert (found.lease_owner, found.lease_until) == (None, None)


def test_ids_sort_as_they_are_made() -> None:
    """Ids made one after the other sort in that order, so newest first is an index scan."""
    made = [records.new_id() for _ in range(1000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_account_and_project_are_on_each_row() -> None:
    """Scoping an interaction needs no join."""
    scope = enter()
    issue(new_session(scope))
    row = fetch_one("SELECT account_id, project_id FROM interaction")
    assert row == (scope.account_id, scope.project_id)
    assert value("SELECT account_id FROM session") == scope.account_id


def test_children_are_found_in_the_order_they_were_made() -> None:
    """A parent's children of its own account, oldest first, each with its open interaction."""
    scope = enter()
    parent = new_session(scope)
    made = [new_session(scope, parent_id=parent.id, spawn_key=f"k/{n}") for n in range(3)]
    made[1] = issue(made[1])
    assert records.children(parent) == made
    assert records.children(changed(parent, account_id="other")) == []


def test_a_claim_of_a_session_that_has_moved_is_refused() -> None:
    """The lease stays as it was."""
    session = new_session(enter())
    step_once(session, Result())
    with pytest.raises(StaleSession), tx():
        records.claim(session, "host:1:1:word", NOW)
    found = records.one(enter(), session.id)
    assert found is not None
    assert found.lease_owner is None
