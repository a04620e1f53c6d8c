"""A database comes up to the newest schema once, whoever opens it and however often."""

import subprocess
import sys
from pathlib import Path

import peewee
import pytest
from playhouse.migrations import Runner

from interlock.engine.errors import StoreUnusable
from interlock.store import migration
from interlock.store.connection import connect, disconnect, execute, fetch, tx
from interlock.store.tables import database as proxy
from tests.store.samples import enter, new_session, reopen, value

PROCESSES = 8

OPEN = """
import sys
from datetime import UTC, datetime
from interlock.store import owners
from interlock.store.connection import connect
print("ready", flush=True)
sys.stdin.readline()
connect(sys.argv[1])
owners.enter("acme", sys.argv[2], None, None, datetime.now(UTC))
"""

GOOD = "def up(migrator, db):\n    db.execute_sql('CREATE TABLE novelty (id INTEGER)')\n"
BROKEN = "def up(migrator, db):\n    db.execute_sql('CREATE TABLE other (id INTEGER)')\n    1 / 0\n"


def test_a_new_database_gets_every_migration(database: peewee.Database) -> None:
    """What was applied is written down by name, in order."""
    assert migration.applied(database) == migration.names()
    assert migration.names()[0].startswith("0001_")


def test_migrating_again_changes_nothing(database: peewee.Database, url: str) -> None:
    """Opening a database that is up to date applies nothing and loses nothing."""
    session = new_session(enter())
    before = value("SELECT applied FROM schema_migration")
    assert migration.migrate(database) == []
    reopen(url)
    assert value("SELECT id FROM session") == session.id
    assert value("SELECT applied FROM schema_migration") == before


def test_a_database_of_a_newer_version_is_refused(database: peewee.Database, url: str) -> None:
    """An older Interlock does not touch what a newer one made, and says which it is."""
    with tx():
        execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01')")
    with pytest.raises(StoreUnusable, match=r"newer Interlock.*9999_later.*upgrade"):
        reopen(url)


@pytest.fixture
def migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the migrations there are, to put more into."""
    directory = tmp_path / "migrations"
    directory.mkdir()
    for path in migration.DIRECTORY.glob("[0-9]*.py"):
        (directory / path.name).write_text(path.read_text())
    monkeypatch.setattr(migration, "DIRECTORY", directory)
    return directory


@pytest.mark.usefixtures("database")
def test_an_older_database_gets_what_is_missing(url: str, migrations: Path) -> None:
    """A migration that came later is applied to a database with data, which stays."""
    session = new_session(enter())
    (migrations / "9000_novelty.py").write_text(GOOD)
    reopen(url)
    assert value("SELECT count(*) FROM novelty") == 0
    assert value("SELECT id FROM session") == session.id
    assert migration.applied(proxy.obj)[-1] == "9000_novelty"


def test_payloads_kept_for_all_are_given_to_who_has_them(database: peewee.Database) -> None:
    """One that two accounts have is there for both, one that no row refers to is not."""
    Runner(database, str(migration.DIRECTORY)).down("0009_blob_owner")
    first, second = (new_session(enter(name)) for name in ("acme", "other"))
    reference = '{ "blob":"%s","size":9,"head":"x"}'
    with tx():
        for digest in ("a" * 64, "b" * 64, "c" * 64):
            content = digest.encode()
            execute("INSERT INTO blob (digest, size, content) VALUES (?, 9, ?)", (digest, content))
        execute("UPDATE session SET state = ?", (reference % ("a" * 64),))
        execute("UPDATE session SET input = ? WHERE id = ?", (reference % ("b" * 64), second.id))
    assert migration.migrate(database)
    found = fetch("SELECT digest, account_id, size, content FROM blob ORDER BY digest, account_id")
    owners = sorted((first.account_id, second.account_id))
    assert [(row[0], row[1]) for row in found] == [
        *(("a" * 64, owner) for owner in owners),
        ("b" * 64, second.account_id),
    ]
    assert all(
        bytes(content).decode() == digest and size == 9 for digest, _, size, content in found
    )


def test_a_migration_that_fails_leaves_nothing(
    database: peewee.Database, url: str, migrations: Path
) -> None:
    """All missing migrations are one transaction: none is kept where one fails."""
    (migrations / "9000_novelty.py").write_text(GOOD)
    (migrations / "9001_broken.py").write_text(BROKEN)
    with pytest.raises(ZeroDivisionError):
        migration.migrate(database)
    tables = database.get_tables()
    assert "novelty" not in tables
    assert "other" not in tables
    (migrations / "9001_broken.py").unlink()
    assert migration.migrate(database) == ["9000_novelty"]


def test_many_processes_may_open_a_new_database_at_once(url: str) -> None:
    """One of them migrates, the others wait; each then works."""
    opening = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, url, f"project {number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    for process in opening:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    ends = [
        (process.communicate("go\n", timeout=120)[1], process.returncode) for process in opening
    ]
    assert ends == [("", 0)] * PROCESSES
    connect(url)
    try:
        assert value("SELECT count(*) FROM schema_migration") == len(migration.names())
        assert value("SELECT count(*) FROM account") == 1
        assert value("SELECT count(*) FROM project") == PROCESSES
    finally:
        disconnect()
