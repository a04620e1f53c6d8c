"""The schema says what a session is, refuses what it is not, and keeps history."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import peewee
import pytest
from playhouse.schema_diff import diff_models

from interlock.engine.errors import Refused
from interlock.store import indexes, owners, queries
from interlock.store.connection import connect, disconnect, execute, fetch_one, tx
from interlock.store.tables import TABLES
from tests.server import Server
from tests.store.kinds import ON_FILES
from tests.store.samples import NOW, enter, issue, new_session, value
from tests.store.schemas import schema

pytestmark = pytest.mark.usefixtures("database")

# field of a session as first specified, and whether it may be empty
FIELDS = [
    ("id", False),
    ("type", False),
    ("agent", True),
    ("environment", True),
    ("status", False),
    ("state", False),
    ("project_id", True),
    ("account_id", False),
    ("component_id", True),
    ("inserted_at", False),
    ("updated_at", False),
]

INDEXES = [
    ("session", ["account_id"], False),
    ("session", ["project_id"], False),
    ("session", ["component_id"], False),
    ("session", ["account_id", "status"], False),
    ("session", ["account_id", "project_id", "id"], False),
    ("session", ["parent_id", "spawn_key"], True),
    ("interaction", ["session_id", "seq"], True),
    ("interaction", ["session_id", "step", "seq"], False),
    ("project", ["account_id", "name"], True),
    ("component", ["account_id", "project_id", "name"], True),
    ("event", ["session_id", "id"], False),
]

# table, column, a value that its check refuses
REFUSED = [
    ("session", "id", ""),
    ("session", "type", ""),
    ("session", "agent", ""),
    ("session", "environment", ""),
    ("session", "status", "paused"),
    ("session", "status", ""),
    ("session", "execution_mode", "later"),
    ("session", "budget", 0),
    ("interaction", "status", "lost"),
    ("interaction", "seq", 0),
    ("event", "type", ""),
    ("context", "type", ""),
    ("account", "name", ""),
    ("project", "name", ""),
    ("component", "name", ""),
]

ACCEPTED = [
    *(("session", "status", status) for status in ("active", "complete", "failed", "cancelled")),
    *(("session", "execution_mode", mode) for mode in ("manual", "auto", "agentic")),
    *(("session", "agent", agent) for agent in ("program ruff check", None)),
    *(("session", "environment", environment) for environment in ("local", None)),
    *(
        ("interaction", "status", status)
        for status in ("open", "done", "superseded", "unknown", "cancelled")
    ),
]


@pytest.fixture
def filled() -> str:
    """The id of a session with a row of every kind that belongs to it."""
    scope = enter()
    session = issue(new_session(scope, component_id=owners.add_component(scope, "parser", NOW)))
    with tx():
        queries.add_event(session, 1, "output", {"text": "hello"}, NOW)
        queries.add_context(session, "user", "mind the gap", NOW)
    return session.id


def test_a_session_has_every_field(database: peewee.Database) -> None:
    """Each field of the specification is a column, and only some may be empty."""
    columns = {column.name: column.null for column in database.get_columns("session")}
    assert [(field, columns.get(field)) for field, _ in FIELDS] == FIELDS


def test_the_id_of_a_session_is_its_primary_key(database: peewee.Database) -> None:
    """No two sessions have one id."""
    assert database.get_primary_keys("session") == ["id"]


def test_a_new_session_is_active(filled: str) -> None:
    """The life cycle begins with `active`, and the times are those of its making."""
    row = fetch_one("SELECT status, inserted_at, updated_at FROM session")
    assert row == ("active", "2026-01-02T03:04:05.678901+00:00", "2026-01-02T03:04:05.678901+00:00")


def test_an_index_serves_each_question(database: peewee.Database) -> None:
    """What sessions are looked for by is indexed, and what is one of a kind is unique."""
    found = [
        (table, index.columns, index.unique)
        for table in database.get_tables()
        for index in database.get_indexes(table)
    ]
    assert [wanted for wanted in INDEXES if wanted not in found] == []


@pytest.mark.parametrize(("table", "column", "bad"), REFUSED)
def test_a_check_refuses_a_bad_value(table: str, column: str, bad: Any, filled: str) -> None:
    """The database itself refuses a value that the field cannot have."""
    with pytest.raises(Refused, match="refused the change"), tx():
        execute(f'UPDATE "{table}" SET {column} = ?', (bad,))


@pytest.mark.parametrize(("table", "column", "good"), ACCEPTED)
def test_a_check_accepts_each_good_value(table: str, column: str, good: Any, filled: str) -> None:
    """Every value that the field can have is accepted."""
    with tx():
        execute(f'UPDATE "{table}" SET {column} = ?', (good,))
    assert value(f'SELECT {column} FROM "{table}"') == good


@pytest.mark.parametrize("table", ["account", "session"])
def test_history_keeps_its_owner(table: str, filled: str) -> None:
    """An account with sessions, and a session with a log, cannot be deleted."""
    with pytest.raises(Refused, match="refused the change"), tx():
        execute(f'DELETE FROM "{table}"')
    assert value(f'SELECT count(*) FROM "{table}"') == 1


def test_an_account_is_kept_by_a_session_alone() -> None:
    """Also a session that has no log yet keeps its account."""
    new_session(enter(project=None))
    with pytest.raises(Refused), tx():
        execute("DELETE FROM account")
    assert value("SELECT count(*) FROM session") == 1


@pytest.mark.parametrize("kept", ["interaction", "event", "context"])
def test_each_part_of_a_history_alone_keeps_the_session(kept: str, filled: str) -> None:
    """Interactions, events and contexts each restrict the deletion of their session."""
    with tx():
        for table in {"interaction", "event", "context"} - {kept}:
            execute(f'DELETE FROM "{table}"')
    with pytest.raises(Refused), tx():
        execute("DELETE FROM session")
    assert value("SELECT count(*) FROM session") == 1


def test_a_parent_with_children_stays() -> None:
    """A session that has child sessions cannot be deleted before them."""
    scope = enter()
    parent = new_session(scope)
    child = new_session(scope, parent_id=parent.id, spawn_key="build/1")
    with pytest.raises(Refused), tx():
        execute("DELETE FROM session WHERE id = ?", (parent.id,))
    with tx():
        execute("DELETE FROM session WHERE id = ?", (child.id,))
        execute("DELETE FROM session WHERE id = ?", (parent.id,))


@pytest.mark.parametrize(
    ("table", "emptied"),
    [
        ("project", ["project_id", "component_id"]),  # a component goes with its project
        ("component", ["component_id"]),
        ("user", ["user_id"]),
    ],
)
def test_a_session_outlives_what_it_was_about(table: str, emptied: list[str], filled: str) -> None:
    """Without its project, component or person a session stays, and names none."""
    links = ["account_id", "project_id", "component_id", "user_id"]
    before = fetch_one(f"SELECT {', '.join(links)} FROM session")
    assert None not in before
    with tx():
        execute(f'DELETE FROM "{table}"')
    after = dict(zip(links, fetch_one(f"SELECT {', '.join(links)} FROM session"), strict=True))
    assert [name for name in links if after[name] is None] == emptied


@pytest.mark.parametrize("table", ["account", "user"])
def test_a_membership_goes_with_either_side(table: str) -> None:
    """Who belongs to an account that is gone, or is gone himself, belongs to nothing."""
    scope = enter(project=None)
    assert scope.user_id is not None
    assert value("SELECT count(*) FROM membership") == 1
    with tx():
        execute(f'DELETE FROM "{table}"')
    assert value("SELECT count(*) FROM membership") == 0


@pytest.mark.parametrize("column", ["account_id", "project_id", "component_id", "parent_id"])
def test_a_session_belongs_to_what_is_there(column: str, filled: str) -> None:
    """A session cannot name an account, a project, a component or a parent that is not there."""
    with pytest.raises(Refused, match=r"(?i)foreign key"), tx():
        execute(f"UPDATE session SET {column} = 'nobody'")


def test_one_child_has_one_spawn_key() -> None:
    """A parent cannot have two children for the same input of the same step."""
    scope = enter()
    parent = new_session(scope)
    new_session(scope, parent_id=parent.id, spawn_key="build/1")
    with pytest.raises(Refused, match=r"(?i)unique"):
        new_session(scope, parent_id=parent.id, spawn_key="build/1")


@pytest.fixture
def fresh(
    database: peewee.Database, url: str, request: pytest.FixtureRequest
) -> Iterator[peewee.Database]:
    """Another database of the same kind, made from today's models at once."""
    with ExitStack() as stack:
        if url.startswith("sqlite"):
            place = f"{url}.fresh"
        else:
            server: Server = request.getfixturevalue("server")
            place = stack.enter_context(server.database(empty=True))
        made: Any = type(database)(place)
        stack.callback(made.close_all)
        stack.enter_context(made.bind_ctx(TABLES, bind_refs=False, bind_backrefs=False))
        made.create_tables(TABLES, safe=False)
        yield made


def test_the_migrations_lead_to_the_schema_of_the_models(
    database: peewee.Database, fresh: peewee.Database
) -> None:
    """A database made from today's models at once has the same schema as a migrated one."""
    made = schema(fresh)
    assert len({part.table for part in made}) == len(TABLES)
    assert len(made) > 2 * len(TABLES)
    assert schema(database) - made == made - schema(database) == set()


def test_the_models_find_nothing_to_change(database: peewee.Database) -> None:
    """By the comparison that makes the drafts of migrations. It does not see the indexes that the
    models have as text, and would drop them."""
    texts = [text for text in vars(indexes).values() if str(text).startswith("CREATE ")]
    as_text = {text.partition(" ON ")[0].split()[-1] for text in texts}
    change = diff_models(database, TABLES)
    assert {index.name for index in change.drop_indexes} == as_text
    assert not any(change._replace(drop_indexes=[]))


@ON_FILES
def test_every_connection_is_durable_and_checks_keys(database: peewee.Database, url: str) -> None:
    """WAL, synchronous=FULL and foreign keys hold on each thread's connection and each new one."""
    seen = [_pragmas()]

    def look() -> None:
        seen.append(_pragmas())
        disconnect()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    disconnect()
    seen.append(_pragmas())
    disconnect()
    connect(url)
    seen.append(_pragmas())
    assert seen == [("wal", 2, 1)] * 4


def _pragmas() -> tuple[str, int, int]:
    names = ("journal_mode", "synchronous", "foreign_keys")
    mode, synchronous, keys = (value(f"PRAGMA {name}") for name in names)
    return mode, synchronous, keys
