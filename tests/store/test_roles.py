"""Roles are made by an administrator, once or often; who may not make or change them is told."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from interlock.engine.errors import InvalidInput, Refused, StoreUnusable
from interlock.store import maintenance, migration, records, roles, transfer, walls
from interlock.store.connection import connect
from interlock.store.restoration import void_leases
from interlock.store.tables import database
from tests.server import Server, close_connections
from tests.store.samples import enter, fill
from tests.store.walled import Walled, ask, asked_by, raw

NOVELTY = """
def up(migrator, db):
    db.execute_sql('CREATE TABLE novelty (id INTEGER)')
    db.execute_sql('ALTER TABLE session ADD COLUMN novelty TEXT')
"""


def test_what_looks_at_every_account_is_refused(walled: Walled) -> None:
    """It would look at none, and find nothing wrong. What can be said of one account is."""
    for question in (
        maintenance.count_sessions,
        lambda: list(maintenance.every_session()),
        lambda: transfer.move("postgresql://127.0.0.1:1/x", lambda what, number, total: None),
        void_leases,
    ):
        with pytest.raises(Refused, match="looks at every account, and this role is shown one"):
            question()
    mine, theirs = (
        {one.name: one.rows for one in maintenance.table_sizes(scope)}
        for scope in (walled.scope, enter("third"))
    )
    assert (mine["session"], theirs["session"], theirs["account"]) == (2, 0, 1)


def test_a_store_is_moved_into_a_database_with_roles(walled: Walled) -> None:
    """By an administrator. The application finds it there, each account its own."""
    server = walled.server
    source, target = server.create(server.template), server.create(server.walled)
    try:
        walled.turn_to(server.url_of(source))
        scope, stranger = enter(), enter("other")
        session = fill(scope)
        done = transfer.move(server.url_of(target), lambda what, number, total: None)
        assert done.sessions == 2
        walled.turn_to(server.url_as("app", server.url_of(target)))
        assert enter() == scope
        assert asked_by(scope, lambda: records.one(scope, session.id)) is not None
        assert asked_by(stranger, lambda: records.one(scope, session.id)) is None
        forced = "SELECT count(*) FROM pg_class WHERE relforcerowsecurity"
        assert raw(forced) == [(len(walls.RIGHTS),)]
    finally:
        close_connections()
        server.drop(source)
        server.drop(target)


def test_only_an_administrator_brings_a_database_up_to_date(
    walled: Walled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The application is told so. What is new is the owner's, and the application works on."""
    directory = shutil.copytree(migration.DIRECTORY, tmp_path / "migrations")
    (directory / "9000_novelty.py").write_text(NOVELTY)
    monkeypatch.setattr(migration, "DIRECTORY", directory)
    close_connections()
    with pytest.raises(StoreUnusable, match="`interlock db migrate` does it with the URL of an"):
        connect(walled.url)
    walled.turn_to(walled.administrator)
    owner = "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'novelty'"
    assert raw(owner) == [(f"{walled.server.name}_owner",)]
    walled.turn_to(walled.url)
    found = asked_by(walled.scope, lambda: records.one(walled.scope, walled.session.id))
    assert found is not None
    with pytest.raises(Exception, match="permission denied for table novelty"):
        raw("SELECT * FROM novelty")


@pytest.mark.parametrize(
    ("done", "undone", "said"),
    [
        (
            "ALTER ROLE {}_app BYPASSRLS",
            "ALTER ROLE {}_app NOSUPERUSER NOBYPASSRLS",
            "is shown every row",
        ),
        ("GRANT {0}_owner TO {0}_worker", "REVOKE {0}_owner FROM {0}_worker", "is a member of"),
    ],
)
def test_a_role_that_would_see_all_is_refused(
    walled: Walled, done: str, undone: str, said: str
) -> None:
    """And what to say, so that it would not."""
    name = walled.server.name
    walled.turn_to(walled.administrator)
    walled.ask(done.format(name))
    try:
        with pytest.raises(Refused, match=f"{said}.*{undone.format(name)}"):
            roles.set_up(name, {})
    finally:
        walled.ask(undone.format(name))
    assert roles.set_up(name, {}).app == f"{name}_app"


@pytest.mark.parametrize("bad", ["", "Up", "a-b", "1a", "x" * 41, 'a"; DROP TABLE session; --'])
def test_a_prefix_is_a_word(walled: Walled, bad: str) -> None:
    """What no role's name begins with is refused before anything is done."""
    with pytest.raises(InvalidInput, match="begins no role's name"):
        roles.set_up(bad, {})


def test_the_application_makes_no_roles(walled: Walled) -> None:
    """It is told that it may not."""
    with pytest.raises(Refused, match="are made by an administrator"):
        roles.set_up(f"{walled.server.name}_other", {})


def test_the_server_is_told_the_digest_of_a_password(walled: Walled) -> None:
    """So that none of its logs has it; the other role keeps its own."""
    name = walled.server.name
    digests = f"SELECT rolname, rolpassword FROM pg_authid WHERE rolname ~ '^{name}_' ORDER BY 1"
    before = dict(walled.ask(digests))
    walled.turn_to(walled.administrator)
    said: list[str] = []
    hear = database.obj.change

    def change(sql: str, values: tuple[object, ...]) -> int:
        said.append(sql)
        return int(hear(sql, values))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database.obj, "change", change)
        roles.set_up(name, {f"{name}_app": "of-tests-only"})
    after = dict(walled.ask(digests))
    assert after[f"{name}_app"].startswith("SCRAM-SHA-256$")
    assert after[f"{name}_app"] != before[f"{name}_app"]
    assert after[f"{name}_worker"] == before[f"{name}_worker"]
    assert after[f"{name}_owner"] is None
    assert [sql for sql in said if "of-tests-only" in sql] == []
    assert [sql for sql in said if " PASSWORD " in sql]


@pytest.fixture
def creator(server: Server) -> Iterator[tuple[str, str]]:
    """The URL of a database for one who has it and may make roles, and is no superuser; and what
    the names of his roles begin with."""
    prefix = f"{server.name}_c"
    server.execute(f"CREATE ROLE {prefix} LOGIN CREATEROLE PASSWORD 'of-tests-only'")
    name = server.create()
    server.execute(f"ALTER DATABASE {name} OWNER TO {prefix}")
    scheme, _, rest = server.url_of(name).partition("://")
    yield f"{scheme}://{prefix}:of-tests-only@{rest.rpartition('@')[2]}", prefix
    close_connections()
    server.drop(name)
    for role in ("_worker", "_app", "_owner", ""):
        server.execute(f"DROP ROLE IF EXISTS {prefix}{role}")


def test_who_may_make_roles_need_be_no_superuser(
    creator: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """He makes them, moves a store in, and brings it up to date later; the application works, and
    a stranger sees nothing."""
    url, prefix = creator
    connect(f"sqlite:///{tmp_path / 'store.db'}")
    scope, stranger = enter(), enter("other")
    session = fill(scope)
    close_connections()
    connect(url)
    made = roles.set_up(prefix, {f"{prefix}_app": "of-tests-only"})
    assert roles.set_up(prefix, {}) == made
    close_connections()
    connect(f"sqlite:///{tmp_path / 'store.db'}")
    assert transfer.move(url, lambda what, number, total: None).sessions == 2
    directory = shutil.copytree(migration.DIRECTORY, tmp_path / "migrations")
    (directory / "9000_novelty.py").write_text(NOVELTY)
    monkeypatch.setattr(migration, "DIRECTORY", directory)
    close_connections()
    connect(url)
    assert ask(url, "SELECT count(*) FROM session") == [(2,)]
    close_connections()
    connect(url.replace(f"{prefix}:", f"{prefix}_app:"))
    assert enter() == scope
    assert asked_by(scope, lambda: records.one(scope, session.id)) is not None
    assert asked_by(stranger, lambda: records.one(scope, session.id)) is None
    close_connections()
