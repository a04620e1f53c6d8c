"""A log cannot be changed, cut or added to without being found out."""

import pytest

from interlock import Result, Scope, Session, sessions
from interlock.engine.errors import SessionNotFound
from interlock.store import chain
from interlock.store.connection import execute, fetch, tx
from tests.store.kinds import ON_FILES
from tests.store.samples import enter, issue, new_session, settle, step_once, value

LONG = "x" * 100_000
LATER = "'2026-01-02T03:04:05.678902+00:00'"
"""A microsecond after the time of every row."""


@pytest.fixture
def session(database: object) -> Session:
    """One with four rows: two short, one with a long result, one open."""
    session = new_session(enter())
    for output in ("one", "two", LONG):
        session = step_once(session, Result(output=output))
    return issue(session)


def told(session: Session) -> list[str]:
    """What does not fit."""
    return list(chain.faults(session.id))


def test_a_log_is_as_it_was_written(session: Session) -> None:
    """Also while its newest row is open; the session has the newest row's digest."""
    assert told(session) == []
    assert session.head == value("SELECT digest FROM interaction ORDER BY seq DESC LIMIT 1")
    assert told(settle(session, Result("error"))) == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE interaction SET result = replace(result, 'one', 'won') WHERE seq = 1", "row 1 is"),
        ("UPDATE interaction SET command = replace(command, '}', '} ') WHERE seq = 2", "row 2 is"),
        ("UPDATE interaction SET step = 'other' WHERE seq = 2", "row 2 is not as it was written"),
        ("UPDATE interaction SET attempt = 9 WHERE seq = 1", "row 1 is not as it was written"),
        ("UPDATE interaction SET submitted = '' WHERE seq = 1", "row 1 is not as it was written"),
        (f"UPDATE interaction SET completed_at = {LATER} WHERE seq = 2", "row 2 is not as"),
        (f"UPDATE interaction SET inserted_at = {LATER} WHERE seq = 2", "row 2 is not as"),
        (
            f"UPDATE interaction SET due_at = {LATER} WHERE seq = 4",
            "row 4 is not as it was written",
        ),
        ("DELETE FROM interaction WHERE seq = 2", "row 2 is missing"),
        ("DELETE FROM interaction WHERE seq = 4", "the log ends at row 3, and not where"),
        ("UPDATE session SET input = '{\"a\":1}'", "row 1 is not as it was written"),
        ("UPDATE session SET type = 'other'", "row 1 is not as it was written"),
        ("UPDATE session SET head = ''", "the log ends at row 4, and not where its session says"),
        ("UPDATE blob SET content = ?", "row 3: its result is kept apart, and is missing or"),
        ("DELETE FROM blob", "row 3: its result is kept apart, and is missing or damaged"),
    ],
)
def test_whatever_is_changed_is_found(session: Session, damage: str, said: str) -> None:
    """The first row that does not fit is told first."""
    with tx():
        execute(damage, (b"\0",) * damage.count("?"))
    assert told(session)[0].startswith(said)


def test_a_row_cannot_be_put_in(session: Session) -> None:
    """Not even one that is a copy of another."""
    columns = "session_id, step, attempt, status, command, result, account_id, inserted_at, digest"
    with tx():
        execute(f"INSERT INTO interaction ({columns}, seq) SELECT {columns}, 5 FROM interaction "
                "WHERE seq = 3")  # fmt: skip
    assert told(session)[0] == "row 5 is not as it was written"


def test_rows_cannot_change_places(session: Session) -> None:
    """Each is chained to the one before it."""
    with tx():
        execute("UPDATE interaction SET seq = 99 WHERE seq = 1")
        execute("UPDATE interaction SET seq = 1 WHERE seq = 2")
        execute("UPDATE interaction SET seq = 2 WHERE seq = 99")
    assert told(session)[0] == "row 1 is not as it was written"


def test_nothing_and_an_empty_text_differ() -> None:
    """So do texts that are cut at another place."""
    assert len({chain.link("", None), chain.link("", ""), chain.link("")}) == 3
    assert chain.link("", "ab", "c") != chain.link("", "a", "bc")


def test_a_long_log_is_looked_through_to_its_end(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read a chunk at a time."""
    monkeypatch.setattr(chain, "CHUNK", 2)
    assert told(session) == []
    with tx():
        execute("UPDATE interaction SET step = 'other' WHERE seq = 4")
    assert told(session)[0] == "row 4 is not as it was written"


@ON_FILES
def test_an_older_database_is_chained_as_a_new_one(session: Session) -> None:
    """The migration leads to what writing leads to."""
    from importlib import import_module

    from interlock.store.tables import database as proxy

    rows = "SELECT seq, digest FROM interaction ORDER BY seq"
    before = (fetch(rows), fetch("SELECT head FROM session"))
    migration = import_module("interlock.store.migrations.0004_chain")
    with tx():
        migration.down(None, proxy.obj)
        migration.up(None, proxy.obj)
    assert (fetch(rows), fetch("SELECT head FROM session")) == before


def test_a_stranger_verifies_nothing(session: Session) -> None:
    """A session out of scope is one that is not there."""
    stranger = enter("stranger")
    for scope in (stranger, Scope(stranger.account_id)):
        with pytest.raises(SessionNotFound):
            sessions.verify(scope, session.id)
