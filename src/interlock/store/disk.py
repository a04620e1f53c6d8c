"""What a database file needs of the ground it lies on: a SQLite without known damage, a disk whose
locks hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import apsw

from interlock.config import Settings
from interlock.engine.errors import StoreUnusable

SOUND_SQLITE = (3, 51, 3)
"""The first SQLite in which a checkpoint at the wrong moment cannot damage a file in WAL mode:
<https://sqlite.org/wal.html#walresetbug>."""

NETWORK = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|afs|ncpfs|9p|fuse\.(sshfs|s3fs|rclone|gcsfuse)|drvfs"
)
"""File systems whose locks or shared memory do not hold for SQLite's WAL."""

MOUNTS = Path("/proc/self/mounts")


def sqlite_version() -> str:
    """The version of SQLite that is in use, such as 3.54.1."""
    return apsw.sqlite_lib_version()


def is_sound(version: str) -> bool:
    """True of a SQLite version that keeps files in WAL mode whole."""
    return tuple(int(part) for part in version.split(".")) >= SOUND_SQLITE


def prepare_ground(path: Path, settings: Settings) -> None:
    """Make the data directory, if the file is to lie in it.

    Raises StoreUnusable for any other folder that is not there, for a network disk that is not
    allowed, and for a SQLite that damages files.
    """
    if not is_sound(sqlite_version()):
        wanted = ".".join(map(str, SOUND_SQLITE))
        raise StoreUnusable(
            f"SQLite {sqlite_version()} can damage its files; install apsw with {wanted} or newer"
        )
    kind = None if settings.network_disk else filesystem(path.resolve(), _read_mounts())
    if kind is not None and NETWORK.fullmatch(kind):
        raise StoreUnusable(
            f"{path} lies on a network disk ({kind}), where SQLite's locks do not hold: set "
            "INTERLOCK_DATA_DIR to a disk of this machine, or INTERLOCK_NETWORK_DISK=allow"
        )
    folder = path.parent
    if folder == settings.data_dir.absolute():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif not folder.is_dir():
        raise StoreUnusable(
            f"the database {path} cannot be made: there is no folder {folder}; make it, or correct "
            "INTERLOCK_DATABASE_URL"
        )


def filesystem(path: Path, mounts: Iterable[str]) -> str | None:
    """The kind of file system a path is on by the lines of a mount table (device, place, kind);
    None where no line tells."""
    found: tuple[int, str] | None = None
    for line in mounts:
        fields = line.split()
        if len(fields) < 3:
            continue
        place = Path(re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), fields[1]))
        if path.is_relative_to(place) and (found is None or len(place.parts) >= found[0]):
            found = len(place.parts), fields[2]
    return None if found is None else found[1]


def _read_mounts() -> list[str]:
    try:
        return MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []  # no Linux: nothing is told here
