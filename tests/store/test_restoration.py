"""A backup can be made the database again, and whoever worked meanwhile can write no more."""

from pathlib import Path

import apsw
import pytest

from interlock import Result, Session, sessions
from interlock.engine.errors import Refused, StoreUnusable
from interlock.store import maintenance, records
from interlock.store.connection import connect, execute, location, tx
from interlock.store.restoration import restore, void_leases
from tests.store.kinds import ON_FILES
from tests.store.samples import (
    NOW,
    enter,
    issue,
    new_session,
    require_void,
    settle,
    step_once,
    value,
)

pytestmark = ON_FILES


@pytest.fixture
def session(database: object) -> Session:
    """One with two rows."""
    return step_once(step_once(new_session(enter()), Result()), Result())


def steps() -> int:
    """How many rows there are."""
    return int(value("SELECT count(*) FROM interaction"))


def test_everything_is_as_it_was_then(session: Session, tmp_path: Path) -> None:
    """What came after the backup is kept beside it, and what is restored is sound."""
    maintenance.back_up(tmp_path / "backup.db")
    step_once(session, Result())
    new_session(enter("other"))
    assert restore(tmp_path / "backup.db", tmp_path / "aside.db") == 1
    assert steps() == 2
    assert maintenance.faults() == []
    place = location()
    connect(f"sqlite:///{tmp_path}/aside.db")
    assert (steps(), value("SELECT count(*) FROM session")) == (3, 2)
    connect(f"sqlite:///{place}")
    scope = enter()
    assert sessions.get(scope, session.id).active


def test_a_holder_of_before_can_write_nothing(session: Session, tmp_path: Path) -> None:
    """Neither the one whose lease the backup has, nor one who moved on as far as the session does
    after it."""
    held = issue(session)
    with tx():
        held = records.claim(held, "host:1:1:word", NOW)
    maintenance.back_up(tmp_path / "backup.db")
    later = issue(settle(held, Result()))
    restore(tmp_path / "backup.db", tmp_path / "aside.db")
    found = sessions.get(enter(), session.id)
    assert (found.lease_owner, found.lease_until, found.seq) == (None, None, 3)
    while found.version < later.version:
        found = settle(issue(found), Result())
    require_void(held)
    require_void(later)


def test_a_file_is_restored_from_a_backup_only(session: Session) -> None:
    """To void its leases alone is nothing: it is asked for the backup."""
    with tx():
        held = records.claim(issue(session), "host:1:1:word", NOW)
    with pytest.raises(Refused, match="name the backup"):
        void_leases()
    assert sessions.get(enter(), session.id).lease_owner == held.lease_owner


@pytest.mark.parametrize("content", [None, b"", b"notes", b"SQLite format 3\0" + b"x" * 4096])
def test_what_is_no_backup_changes_nothing(
    session: Session, tmp_path: Path, content: bytes | None
) -> None:
    """A missing file, an empty one, one of another kind, a damaged one."""
    if content is not None:
        (tmp_path / "backup.db").write_bytes(content)
    with pytest.raises((Refused, StoreUnusable)):
        restore(tmp_path / "backup.db", tmp_path / "aside.db")
    assert steps() == 2
    assert not (tmp_path / "aside.db").exists()


def test_a_database_of_something_else_is_no_backup(session: Session, tmp_path: Path) -> None:
    """It has other tables."""
    apsw.Connection(str(tmp_path / "backup.db")).execute("CREATE TABLE session (id TEXT)")
    with pytest.raises(StoreUnusable, match="no database of Interlock's"):
        restore(tmp_path / "backup.db", tmp_path / "aside.db")


def test_a_backup_of_an_older_version_is_brought_up_to_date(
    session: Session, tmp_path: Path
) -> None:
    """Its log is chained, as that of any database that is opened."""
    maintenance.back_up(tmp_path / "backup.db")
    with apsw.Connection(str(tmp_path / "backup.db")) as file:
        file.execute("ALTER TABLE session DROP COLUMN head")
        file.execute("ALTER TABLE interaction DROP COLUMN digest")
        file.execute("DELETE FROM schema_migration WHERE name = '0004_chain'")
    restore(tmp_path / "backup.db", tmp_path / "aside.db")
    assert sessions.verify(enter(), session.id) == []
    with tx():
        execute("UPDATE session SET title = 'written'")
