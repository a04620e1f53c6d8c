"""`interlock init`, `doctor` and `db`: the data directory and the database."""

import re
import shutil
import stat
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.cli.conftest import WORKFLOWS
from tests.cli.desk import Desk
from tests.ways import GROUP


def test_init_makes_the_database_and_says_what_was_found(bare_desk: Desk) -> None:
    """Nothing is written into the project; again it is the same; the directory is private."""
    first = bare_desk("init")
    assert first.status == 0
    assert f"database made {bare_desk.data / 'interlock.db'}" in first.out
    assert "project  project" in first.out
    assert "none in" in first.out
    assert stat.S_IMODE(bare_desk.data.stat().st_mode) == 0o700
    again = bare_desk("init")
    assert again.status == 0
    assert "database is there:" in again.out
    assert list(bare_desk.project.iterdir()) == []
    found = bare_desk.json("init")
    assert found["migrations_applied"] == []
    assert found["account_id"]
    assert found["project_id"]


def test_every_command_makes_the_database_when_it_must(bare_desk: Desk) -> None:
    """Nobody has to run `init` first."""
    assert bare_desk("list").status == 0
    assert (bare_desk.data / "interlock.db").is_file()


def test_doctor_changes_nothing(bare_desk: Desk) -> None:
    """It looks at a machine where nothing was done yet, and finds it fit."""
    told = bare_desk("doctor")
    assert told.status == 0
    assert "will be made when it is needed" in told.out
    assert told.out.endswith("everything that is needed is there\n")
    assert not bare_desk.data.exists()


def test_doctor_names_what_it_found(desk: Desk) -> None:
    """Python, SQLite, the data directory, the database and its size, git, plugins, terminal."""
    found = desk.json("doctor")
    assert found["ok"] is True
    told = {finding["name"]: finding["told"] for finding in found["findings"]}
    assert apsw.sqlite_lib_version() in told["sqlite"]
    assert re.search(r"interlock\.db, [\d,]+ bytes, mode 0\d\d\d$", told["database"])
    assert told["data"] == f"{desk.data}, mode 0700"
    assert "mend" in told["session types"]
    assert "greet" in told["session types"]
    assert "program" in told["agents"]
    assert "local" in told["environments"].split(", ")
    assert "git" in told
    assert told["terminal"].startswith("none; output is plain")


def test_doctor_says_how_processes_are_ended(desk: Desk, way: str) -> None:
    """In one line, which is true of where it is asked."""
    (told,) = [one["told"] for one in desk.json("doctor")["findings"] if one["name"] == "processes"]
    assert ("no control group can be made here" in told) == (way != GROUP)
    assert ("each command has a control group" in told) == (way == GROUP)


def test_doctor_says_how_to_install_and_log_in_to_an_agent(desk: Desk) -> None:
    """One line for each program; none that is missing or logged out is a fault."""
    program = desk.home / "codex"
    program.write_text('#!/bin/sh\ntest "$1" = --version && echo codex-cli 0.1.0\n')
    program.chmod(0o755)
    (desk.home / "git").symlink_to(shutil.which("git") or "git")
    desk.set("PATH", str(desk.home))
    told = desk("doctor")
    assert told.status == 0
    assert (
        f"--  codex        0.1.0 at {program}; older than what was tried: 0.169.0; "
        "not logged in: run `codex login`, or set CODEX_API_KEY\n"
    ) in told.out
    assert (
        "--  claude-code  not installed: `npm install -g @anthropic-ai/claude-code` installs it; "
        "then run `claude` and log in, or set ANTHROPIC_API_KEY\n"
    ) in told.out
    assert all(finding["ok"] for finding in desk.json("doctor")["findings"])


def test_doctor_warns_of_data_that_others_can_read(desk: Desk) -> None:
    """A file that is readable in a directory that is, is told."""
    desk.data.chmod(0o755)
    (desk.data / "interlock.db").chmod(0o644)
    found = {one["name"]: one["told"] for one in desk.json("doctor")["findings"]}
    assert found["database"].endswith("mode 0644, readable by others")


def test_doctor_names_a_database_that_is_none(desk: Desk) -> None:
    """Exit status 1, and the line is marked."""
    (desk.data / "interlock.db").write_text("this is no database, and it is long enough " * 50)
    told = desk("doctor")
    assert told.status == 1
    assert re.search(
        r"^BAD database +.* is not a database Interlock can read", told.out, re.MULTILINE
    )
    assert told.out.endswith("mend the lines marked BAD\n")


def test_doctor_without_git_says_so(desk: Desk) -> None:
    """git is not on the PATH: exit status 1."""
    desk.set("PATH", str(desk.home))
    told = desk("doctor")
    assert told.status == 1
    assert "BAD git          not found; install it" in told.out


def test_migrate_says_what_it_applied(bare_desk: Desk) -> None:
    """On a new file every migration, then none."""
    first = bare_desk.json("db", "migrate")
    assert "0001_initial" in first["applied"]
    assert bare_desk.json("db", "migrate")["applied"] == []
    told = bare_desk("db", "migrate")
    assert told.out == f"{bare_desk.data / 'interlock.db'} is up to date\n"


def test_a_database_of_a_newer_version_is_refused(desk: Desk) -> None:
    """Exit status 7, and what to do."""
    desk.change("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2026-01-01')")
    told = desk("list")
    assert told.status == 7
    assert "was made by a newer Interlock" in told.err


def test_stats_count_every_table(desk: Desk) -> None:
    """Rows and bytes of each, and the largest sessions of the account only."""
    desk("run", "talk", "-i", f"text={'x' * 9000}", "--agent", "program cat")
    big = desk("current").out.strip()
    small = desk.start("greet")
    alien = desk.start("greet", "--account", "other")
    found = desk.json("db", "stats")
    tables = {one["name"]: one for one in found["tables"]}
    assert tables["session"]["rows"] == 3
    assert tables["interaction"]["rows"] == 1
    assert tables["account"]["rows"] == 2
    assert tables["session"]["bytes"] > 0
    assert found["bytes"] == (desk.data / "interlock.db").stat().st_size
    largest = found["largest_sessions"]
    assert [one["id"] for one in largest] == [big, small]
    assert largest[0]["bytes"] > 18_000
    assert largest[0]["interactions"] == 1
    assert largest[0]["events"] >= 1
    told = desk("db", "stats").out
    assert big in told
    assert alien not in told


def test_check_finds_a_sound_database_sound(desk: Desk) -> None:
    """Every session of every account is replayed."""
    desk("run", "greet", "-i", "again:=true")
    desk("run", "family")
    desk("run", "break", "--account", "other")
    found = desk.json("db", "check")
    assert found["sound"] is True
    assert found["faults"] == found["skipped"] == []
    assert found["sessions_checked"] == 5
    assert ": 5 sessions checked, 0 not replayed; sound\n" in desk("db", "check").out


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE session SET step = 'again'", "step is 'again', the log leads to 'hello'"),
        ("UPDATE session SET status = 'active'", "status is 'active', the log leads to 'complete'"),
        ("UPDATE session SET state = '{}'", "state is {}, the log leads to {'said': 'hello world'"),
        ("UPDATE interaction SET step = 'again'", "row 1 is try 1 of again"),
        (
            "PRAGMA foreign_keys = 0; UPDATE session SET project_id = 'gone'",
            "belongs to a row of project that is not there",
        ),
    ],
)
def test_check_names_what_is_wrong(desk: Desk, sql: str, said: str) -> None:
    """A row that was changed behind its log's back: exit status 1, the session and how."""
    desk("run", "greet")
    made = desk("current").out.strip()
    for part in sql.split("; "):
        desk.change(part)
    told = desk("db", "check")
    assert told.status == 1
    assert said in told.out
    assert made in told.out or "row" in told.out
    assert "NOT sound" in told.out
    found = desk("db", "check", "--json")
    assert found.status == 1
    assert found.json["sound"] is False


def test_check_finds_an_index_that_misses_rows(desk: Desk) -> None:
    """A fault of the file itself is named, whatever the log says."""
    name = "session_account_id_status"
    with closing(apsw.Connection(str(desk.data / "interlock.db"))) as file:
        file.execute("PRAGMA writable_schema = 1")
        index = file.execute("SELECT * FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
        file.execute("DELETE FROM sqlite_schema WHERE name = ?", (name,))
    desk.start("greet")
    with closing(apsw.Connection(str(desk.data / "interlock.db"))) as file:
        file.execute("PRAGMA writable_schema = 1")
        file.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", index)
    told = desk("db", "check")
    assert told.status == 1
    assert f"integrity: row 1 missing from index {name}" in told.out


def test_a_session_whose_type_is_gone_is_no_fault(desk: Desk) -> None:
    """It cannot be replayed: it is counted, and the database is sound."""
    made = desk.start("greet")
    desk("types", "untrust", str(WORKFLOWS))
    found = desk.json("db", "check")
    assert found["sound"] is True
    assert found["skipped"] == [
        f"session {made}: there is no session type 'greet'; `interlock types` lists them"
    ] or (found["skipped"] and made in found["skipped"][0])


def test_a_session_of_another_definition_is_no_fault(desk: Desk) -> None:
    """Its type was changed since: what its log leads to now says nothing about the file."""
    desk("run", "greet")
    desk.change("UPDATE session SET type_digest = 'older', step = 'again'")
    found = desk.json("db", "check")
    assert found["sound"] is True
    assert "its type has another definition now" in found["skipped"][0]


def test_a_backup_is_a_database_of_its_own(desk: Desk) -> None:
    """It holds every session, can be used at once, and is the owner's only."""
    desk("run", "greet")
    made = desk.json("show")
    target = desk.home / "copy.db"
    found = desk.json("db", "backup", str(target))
    assert found == {"path": str(target), "bytes": target.stat().st_size}
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    shutil.rmtree(desk.data)
    desk.set("INTERLOCK_DATABASE_URL", f"sqlite:///{target}")
    assert desk.json("show", made["id"]) == made


def test_a_backup_is_made_the_database_again(desk: Desk) -> None:
    """Where nobody can be asked it wants to be told; what was there is kept."""
    desk("run", "greet")
    target = desk.home / "backup.db"
    desk("db", "backup", str(target))
    desk("run", "greet")
    refused = desk("db", "restore", str(target))
    assert refused.status == 4
    assert "say --yes" in refused.err
    assert len(desk.json("list")) == 2
    told = desk.json("db", "restore", str(target), "--yes")
    assert told["sessions"] == len(desk.json("list")) == 1
    assert Path(told["aside"]).stat().st_size > 0
    assert desk("db", "check").status == 0
    missing = desk("db", "restore", "nowhere.db", "--yes")
    assert (missing.status, missing.err.count("\n")) == (4, 1)


def test_a_backup_overwrites_nothing(desk: Desk) -> None:
    """A file that exists: exit status 4. A place that cannot be written: 7. Nothing is left."""
    taken = desk.home / "taken"
    taken.write_text("mine")
    told = desk("db", "backup", str(taken))
    assert told.status == 4
    assert told.err == f"interlock: {taken} exists; name a file that does not\n"
    assert taken.read_text() == "mine"
    told = desk("db", "backup", str(taken / "below"))
    assert told.status == 7
    assert "cannot be written: Not a directory" in told.err
    link = desk.home / "link"
    link.symlink_to(desk.home / "not-there")
    assert desk("db", "backup", str(link)).status == 4
    assert not (desk.home / "not-there").exists()
    assert "wrote" in desk("db", "backup", str(desk.home / "fine.db")).out


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://ann:secret@localhost/x", "'mysql://localhost/x' is not understood"),
        ("postgresql://ann:secret@127.0.0.1:1/x", "postgresql://127.0.0.1:1/x cannot be reached"),
        ("sqlite:///:memory:", "names no file"),
        ("nonsense", "is not understood"),
    ],
)
def test_a_url_that_cannot_be_used_is_told(desk: Desk, url: str, said: str) -> None:
    """Exit status 7 from every command that needs the database; doctor names it."""
    desk.set("INTERLOCK_DATABASE_URL", url)
    for words in (("list",), ("init",), ("db", "migrate"), ("db", "check"), ("start", "greet")):
        told = desk(*words)
        assert told.status == 7, words
        assert said in told.err
        assert told.err.count("\n") == 1
    assert desk("doctor").status == 1


def test_a_file_that_is_no_database_is_told_by_every_command(desk: Desk) -> None:
    """Exit status 7, and the file is left as it is."""
    file = desk.data / "interlock.db"
    file.write_text("not a database at all, but long enough to have a header " * 20)
    before = file.read_bytes()
    for words in (("list",), ("init",), ("run", "greet"), ("db", "stats"), ("show", "0")):
        told = desk(*words)
        assert told.status == 7, words
        assert "is not a database Interlock can read" in told.err
        assert told.err.count("\n") == 1
    assert file.read_bytes() == before
