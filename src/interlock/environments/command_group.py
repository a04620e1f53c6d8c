"""The control group that a command gets where the engine may make one, and those left behind.

It is a folder below the group that the engine itself is in. So no privilege is needed where that
one is the user's, and what limits the engine limits its commands too. The name tells whose it is:
`interlock-PID-START-NAMESPACE-RANDOM-TAG`, with the engine's process id, its start time in clock
ticks, and the number of the namespace that its process id is from.
"""

import os
import re
from pathlib import Path

from interlock.environments import control_group
from interlock.environments.supervisor import read_stat

NAME = re.compile(r"interlock-(\d+)-(\d+)-(\d+)-[0-9a-f]{8}-(.*)")
ENDED = (b"Z", b"X")  # states of a process that is only still listed


def choose(tag: str) -> str:
    """The folder that the group of a new run of this tag will have; empty where there is none."""
    above = "".join(_find_place())
    if not above:
        return ""
    owner = f"{os.getpid()}-{_read_start(os.getpid())}-{_read_namespace()}"
    return f"{above}/interlock-{owner}-{os.urandom(4).hex()}-{_name(tag)}"


def hold(pid: int, group: str) -> bool:
    """Whether the process is now in the group, which is made for it; else there is no group."""
    try:
        Path(group).mkdir()
    except OSError:
        return False
    return control_group.put(pid, group) or not control_group.remove(group)


def is_usable() -> bool:
    """Whether the commands of this process get groups: one is made, and removed again."""
    group = Path(choose("trial"))
    try:
        group.mkdir()
    except OSError:
        return False
    # Who moves a process must be allowed to write where it comes from, too.
    allowed = os.access(group.parent / control_group.PROCESSES, os.W_OK)
    return control_group.remove(str(group)) and allowed


def find_abandoned(tag: str | None = None) -> list[str]:
    """The groups of this user whose engine is gone: those of runs of this tag, or all.

    They are looked for in all of the machine that can be seen: the engine may have been started
    from another terminal.
    """
    mount, _ = _find_place()
    wanted = None if tag is None else _name(tag)
    return [
        folder
        for folder in (control_group.folders_below(mount) if mount else ())
        if (found := NAME.fullmatch(folder.rpartition("/")[2]))
        and wanted in (None, found[4])
        and found[3] == str(_read_namespace())
        and not _lives(int(found[1]), int(found[2]))
        and _is_own(folder)
    ]


def _find_place() -> tuple[str, str]:
    """Where version 2 is mounted, and the group of this process below it, as in `/a/b`; twice
    nothing where it is not."""
    try:
        own = Path("/proc/self/cgroup").read_text()
        mounts = Path("/proc/self/mountinfo").read_text()
        if Path("/proc/self").readlink().name != str(os.getpid()):  # the /proc of another namespace
            return "", ""
    except (OSError, ValueError):
        return "", ""
    (path,) = re.findall(r"^0::(/.*)$", own, re.MULTILINE) or [""]
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        root, mount = before.split(" ")[3:5]
        inside = path.removeprefix(root.rstrip("/")).rstrip("/")
        # A path that begins with `/..` leads out of the namespace, nobody tells where to.
        seen = path.startswith(root) and ".." not in f"{root}{path}" and inside[:1] in ("", "/")
        if after.startswith("cgroup2 ") and path and seen:
            return re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), mount), inside
    return "", ""


def _read_namespace() -> int:
    return os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116 - it is called for each command


def _read_start(pid: int) -> int | None:
    fields = read_stat(pid)
    return int(fields[19]) if fields and fields[0] not in ENDED else None


def _lives(pid: int, started: int) -> bool:
    """Whether this very process runs; true in doubt."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it is another user's
    fields = read_stat(pid)  # none where the system hides it, as with hidepid
    return not fields or (int(fields[19]) == started and fields[0] not in ENDED)


def _is_own(folder: str) -> bool:
    try:
        return Path(folder).stat().st_uid == os.geteuid()
    except OSError:
        return False


def _name(tag: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", tag)[:100]
