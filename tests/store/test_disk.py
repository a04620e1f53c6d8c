"""A file of the store lies on ground that keeps it: the right SQLite, a disk of this machine."""

import os
from pathlib import Path

import apsw
import pytest

from interlock.engine.errors import StoreUnusable
from interlock.store import disk
from interlock.store.connection import connect, disconnect
from tests.store.opened import opened_files

MOUNTS = [
    "/dev/sda1 / ext4 rw 0 0",
    "server:/home /home nfs4 rw 0 0",
    "/dev/sdb1 /home/local xfs rw 0 0",
    "//nas/share /mnt/with\\040blank cifs rw 0 0",
    "C:\\134 /mnt/c 9p rw 0 0",
    "me@host: /mnt/far fuse.sshfs rw 0 0",
    "tmpfs /home tmpfs rw 0 0",
    "broken",
]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/interlock.db", "ext4"),
        ("/home/local/interlock.db", "xfs"),
        ("/home/me/interlock.db", "tmpfs"),  # what was mounted last is what one sees
        ("/homely/interlock.db", "ext4"),
        ("/mnt/with blank/interlock.db", "cifs"),
        ("/mnt/c/interlock.db", "9p"),
    ],
)
def test_the_file_system_of_a_path_is_that_of_the_nearest_mount(path: str, kind: str) -> None:
    """As the system's own table has it."""
    assert disk.filesystem(Path(path), MOUNTS) == kind


def test_where_no_table_tells_nothing_is_known() -> None:
    """Another system than Linux has none."""
    assert disk.filesystem(Path("/srv/interlock.db"), []) is None


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs"])
def test_a_network_disk_is_refused_until_it_is_allowed(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is made there; the line says how to allow it."""
    table = tmp_path / "mounts"
    table.write_text(f"/dev/sda1 / ext4 rw 0 0\nfar {tmp_path}/far {kind} rw 0 0\n")
    monkeypatch.setattr(disk, "MOUNTS", table)
    (tmp_path / "far").mkdir()
    url = f"sqlite:///{tmp_path}/far/interlock.db"
    with pytest.raises(StoreUnusable, match=rf"network disk \({kind}\).*NETWORK_DISK=allow"):
        connect(url)
    assert list((tmp_path / "far").iterdir()) == []
    monkeypatch.setenv("INTERLOCK_NETWORK_DISK", "allow")
    connect(url)
    disconnect()


@pytest.mark.parametrize(
    ("version", "sound"),
    [("3.7.0", False), ("3.40.1", False), ("3.51.2", False), ("3.51.3", True), ("3.100.0", True)],
)
def test_a_sqlite_that_damages_files_is_known(version: str, sound: bool) -> None:
    """All before 3.51.3 may lose pages when a checkpoint meets a writer."""
    assert disk.is_sound(version) is sound


def test_the_sqlite_in_use_is_sound_and_another_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes with the library, so the system's own does not matter."""
    assert disk.is_sound(disk.sqlite_version())
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.40.1")
    with pytest.raises(StoreUnusable, match=r"SQLite 3\.40\.1 can damage its files"):
        connect(f"sqlite:///{tmp_path}/interlock.db")
    assert not (tmp_path / "interlock.db").exists()


def test_a_database_that_does_not_flush_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the pragmas asked for is read back."""
    from interlock.store import sqlite

    weak = {**sqlite.PRAGMAS, "synchronous": "normal"}
    monkeypatch.setattr(sqlite, "PRAGMAS", weak)
    with pytest.raises(StoreUnusable, match="every commit on the disk"):
        connect(f"sqlite:///{tmp_path}/interlock.db")


def test_nobody_but_sqlite_opens_the_file(tmp_path: Path) -> None:
    """Closing a second handle would drop SQLite's locks: Python's own audit sees none opened."""
    opened = opened_files("from tests.store.opened import work; work()", tmp_path)
    assert any(name.endswith(".py") for name in opened)
    place = os.fspath(tmp_path / "interlock.db")
    assert [name for name in opened if name.startswith(place)] == []


def test_the_audit_would_see_it(tmp_path: Path) -> None:
    """Both a plain open and another SQLite."""
    place = os.fspath(tmp_path / "interlock.db")
    for program in (f"open({place!r}, 'w')", f"import sqlite3; sqlite3.connect({place!r})"):
        assert place in opened_files(program, tmp_path)
