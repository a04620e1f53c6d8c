"""One control group, by its folder: who is in it, and the end of all of them at once.

It is of version 2 of Linux's control groups. The supervisor imports this too, so it imports little.
"""

from __future__ import annotations

import os
import time

# `signal` puts enums around this, which take long to import.
from _signal import SIGKILL  # type: ignore[import-not-found]

TICK = 0.02  # seconds between two tries to remove a group
GIVE_UP = 5.0  # seconds of killing before what is left is given up
PROCESSES = "cgroup.procs"


def put(pid: int, group: str) -> bool:
    """Whether the process is now in the group; 0 is the calling process."""
    return _write(f"{group}/{PROCESSES}", b"%d" % pid)


def leave(group: str) -> bool:
    """Whether the calling process is now in the group above this one."""
    return put(0, os.path.dirname(group))  # noqa: PTH120 - pathlib is slow to import


def members(group: str) -> list[int]:
    """The processes in the group and in those below it."""
    found: list[int] = []
    for folder in (group, *folders_below(group)):
        # A process that this one cannot see is listed as 0.
        found += [pid for pid in map(int, _read(f"{folder}/{PROCESSES}").split()) if pid]
    return found


def kill(group: str) -> None:
    """Sends SIGKILL to all in the group, and to what they are starting now."""
    if not _write(f"{group}/cgroup.kill", b"1"):
        kill_frozen(group)


def kill_frozen(group: str) -> None:
    """As `kill`, for Linux before 5.14: what is frozen starts nothing, and can be killed."""
    _write(f"{group}/cgroup.freeze", b"1")
    for pid in members(group):
        try:
            os.kill(pid, SIGKILL)
        except OSError:
            continue  # it has ended


def end(group: str) -> int:
    """Kills all in the group and removes it; the number of processes that could not be ended."""
    deadline = time.monotonic() + GIVE_UP
    while not remove(group):
        if time.monotonic() > deadline:
            return len(members(group))
        kill(group)
        time.sleep(TICK)
    return 0


def remove(group: str) -> bool:
    """Whether the group is gone, with those below it: they can go when no process is in them."""
    for folder in (*reversed(folders_below(group)), group):
        try:
            os.rmdir(folder)  # noqa: PTH106
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True


def folders_below(group: str) -> list[str]:
    """The folders of all groups below this one, each after the one that it is in."""
    found = _folders_in(group)
    for folder in found:  # grows while it is walked
        found += _folders_in(folder)
    return found


def _folders_in(folder: str) -> list[str]:
    try:
        # Two links are its name and its own dot: there is no folder in it. A group has forty files.
        if os.stat(folder).st_nlink == 2:  # noqa: PTH116
            return []
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _read(file: str) -> bytes:
    try:
        with open(file, "rb") as opened:  # noqa: PTH123
            return opened.read()
    except OSError:
        return b""


def _write(file: str, data: bytes) -> bool:
    try:
        with open(file, "wb", buffering=0) as opened:  # noqa: PTH123
            opened.write(data)
    except OSError:
        return False
    return True
