"""A database that cannot be used is told in one line that says what to do; nothing is lost."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import peewee
import pytest

from interlock import Result
from interlock.engine.errors import StoreUnusable
from interlock.store import queries, records
from interlock.store.connection import connect, disconnect, execute, tx
from interlock.store.sqlite import path_of
from tests.store.kinds import ON_FILES
from tests.store.samples import NOW, enter, new_session, step_once, value

# Writes until it cannot: the size of a file is limited, as on a disk that is full.
FILL = """
import resource, sys
from interlock import Result
from interlock.engine.errors import StoreUnusable
from interlock.store.connection import connect
from tests.store.samples import enter, new_session, step_once, value
connect(sys.argv[1])
session = new_session(enter())
resource.setrlimit(resource.RLIMIT_FSIZE, (512 * 1024, resource.RLIM_INFINITY))
written = 0
try:
    while written < 1000:
        session = step_once(session, Result(output="x" * 16_000))
        written += 1
except StoreUnusable as error:
    print(error)
assert value("SELECT count(*) FROM interaction WHERE status = 'done'") == written
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
step_once(new_session(enter()), Result())
print(written)
"""


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Whatever a test opened is closed."""
    yield
    disconnect()


def refusal(url: str) -> str:
    """What is said when the database at a URL is opened."""
    with pytest.raises(StoreUnusable) as caught:
        connect(url)
    told = str(caught.value)
    assert "\n" not in told
    return told


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    """A file of another kind is told from a database, and not one byte of it changes."""
    file = tmp_path / "notes.txt"
    file.write_text("These are my notes, and not a database.\n" * 100)
    told = refusal(f"sqlite:///{file}")
    assert str(file) in told
    assert "not a database" in told
    assert "INTERLOCK_DATABASE_URL" in told
    assert file.read_text().startswith("These are my notes")
    assert len(file.read_text()) == 4000


def test_a_directory_is_no_database(tmp_path: Path) -> None:
    """A directory where the file should be is told with its path."""
    told = refusal(f"sqlite:///{tmp_path}")
    assert f"{tmp_path} cannot be opened" in told
    assert "check the path" in told


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A path may be mistyped: nothing is made for it, and the folder is named."""
    (tmp_path / "file").write_text("")
    for place in ("missing", "missing/below", "file", "file/below"):
        told = refusal(f"sqlite:///{tmp_path}/{place}/interlock.db")
        assert f"there is no folder {tmp_path}/{place}; make it, or correct" in told
        assert "INTERLOCK_DATABASE_URL" in told
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("word", ["full", "busy", "locked", "readonly"])
def test_a_word_in_the_path_does_not_change_the_diagnosis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """What is wrong is told by SQLite's code, not by words that a path may have too."""
    (tmp_path / word).write_text("")
    monkeypatch.setenv("INTERLOCK_DATA_DIR", str(tmp_path / word))
    told = refusal(f"sqlite:///{tmp_path}/{word}/interlock.db")
    assert f"cannot be used: {tmp_path}/{word}: File exists" in told


def test_the_data_directory_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the directories above it, for nobody but its owner."""
    folder = tmp_path / "a" / "b"
    monkeypatch.setenv("INTERLOCK_DATA_DIR", str(folder))
    connect(f"sqlite:///{folder}/interlock.db")
    assert (folder / "interlock.db").is_file()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_path_is_taken_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No character of a path is special in the URL; one without a leading slash is relative."""
    monkeypatch.chdir(tmp_path)
    for name in ("50%41 (1)?x=y#z.db", "plain.db"):
        connect(f"sqlite:///{tmp_path}/{name}")
        disconnect()
        assert (tmp_path / name).is_file()
    assert path_of("sqlite:///plain.db") == str(tmp_path / "plain.db")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://localhost/interlock",
        "/tmp/interlock.db",  # noqa: S108
        "sqlite://interlock.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///~nobody-of-this-name/interlock.db",
        "nonsense",
        "",
    ],
)
def test_a_url_that_names_no_file_is_refused(url: str) -> None:
    """A URL of another kind is refused with one that would do."""
    assert repr(url) in refusal(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:secret@127.0.0.1:1/interlock",
        "postgresql:///interlock?host=/nowhere&password=secret",
    ],
)
def test_a_server_that_does_not_answer_is_told_without_the_password(url: str) -> None:
    """What cannot be reached is named, in one line that has nothing secret in it."""
    said = refusal(url)
    assert "cannot be reached" in said
    assert "secret" not in said


@pytest.mark.parametrize("url", ["postgresql://h/db?nothing=1", "postgresql://[::1/db"])
def test_a_url_of_a_server_that_cannot_be_read_is_refused(url: str) -> None:
    """It is told what one looks like, and not repeated: it may have a password."""
    assert "use postgresql://user@host" in refusal(url)


def test_a_database_that_was_cut_off_is_told(tmp_path: Path) -> None:
    """A file of which a part is missing is told as damaged, at the latest when it is read."""
    url = f"sqlite:///{tmp_path}/interlock.db"
    connect(url)
    step_once(new_session(enter()), Result(output="x" * 20_000))
    disconnect()
    file = tmp_path / "interlock.db"
    os.truncate(file, file.stat().st_size // 2 // 4096 * 4096)
    with pytest.raises(StoreUnusable, match="not a database Interlock can read"):
        list(read_all(url))


def read_all(url: str) -> Iterator[object]:
    """Everything in a database."""
    connect(url)
    for session in queries.sessions(enter()):
        yield from queries.rows(session)
        yield from queries.events(session)


@ON_FILES
def test_a_full_disk_is_told_and_reading_goes_on(database: peewee.Database) -> None:
    """What does not fit is not kept, in words; what was kept is read; with room writing goes on."""
    scope = enter()
    session = step_once(new_session(scope), Result(output="before"))
    pages = value("PRAGMA page_count")
    execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(StoreUnusable, match=r"the disk of .*interlock\.db is full; make room"):
        step_once(session, Result(output="x" * 60_000))
    with pytest.raises(StoreUnusable, match="is full"), tx():
        queries.add_context(session, "user", "x" * 60_000, NOW)
    found = records.one(scope, session.id)
    assert found is not None
    assert found.last("work").output == "before"
    execute("PRAGMA max_page_count = 1000000")
    assert step_once(found, Result(output="after")).last("work").output == "after"


def test_a_disk_that_fills_up_loses_nothing(tmp_path: Path) -> None:
    """Of real writes that fail half-way, those that were acknowledged are there, and no others."""
    done = subprocess.run(
        [sys.executable, "-c", FILL, f"sqlite:///{tmp_path}/interlock.db"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    told, written = done.stdout.splitlines()
    assert f"{tmp_path}/interlock.db" in told
    assert 1 <= int(written) < 1000
    connect(f"sqlite:///{tmp_path}/interlock.db")
    assert value("PRAGMA integrity_check") == "ok"
