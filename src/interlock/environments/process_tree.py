"""What outlived its engine: the processes that carry a run's tag in their environment, whoever
their parent is now, and all in the control group of a run whose engine is gone."""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from interlock.environments import command_group, control_group, supervisor

TAG = "INTERLOCK_TAG"  # the environment variable that names the run a process belongs to

GRACE = 4.0  # seconds between TERM and KILL; a supervisor that still lives needs half of it
GIVE_UP = 5.0  # seconds of KILL before what is left is given up
TICK = 0.02


def end_strays(tag: str) -> int:
    """Ends every process of this machine that carries `tag`, and all in the groups of its runs
    whose engine is gone; the number that could not be ended.

    The calling process and its ancestors are left alone. Raises ValueError if `tag` is empty.
    """
    if not tag:
        raise ValueError("the tag is empty: give the tag that the run was started with")
    return _end(tag)


def end_abandoned() -> int:
    """Ends all in the groups of any run of this user whose engine is gone; the number that could
    not be ended. The calling process and its ancestors are left alone."""
    return _end(None)


def _end(tag: str | None) -> int:
    began = time.monotonic()
    warned: set[psutil.Process] = set()
    while True:
        found = set() if tag is None else set(find_tagged(tag))
        for group in (groups := _find_groups(tag)):
            found |= set(_find(control_group.members(group)))
        if not found:
            for group in groups:
                control_group.remove(group)
            return 0
        waited = time.monotonic() - began
        if waited > GRACE + GIVE_UP:
            return len(found)
        for process in found if waited > GRACE else found - warned:
            _signal(process, kill=waited > GRACE)
        for group in groups if waited > GRACE else ():
            control_group.kill(group)
        warned |= found
        time.sleep(TICK)


def _find_groups(tag: str | None) -> list[str]:
    found = command_group.find_abandoned(tag)
    own = _find_own() if found else set()
    return [group for group in found if own.isdisjoint(control_group.members(group))]


def _find(pids: Iterable[int]) -> Iterator[psutil.Process]:
    for pid in pids:
        with suppress(psutil.Error):  # it has ended
            yield psutil.Process(pid)


def _find_own() -> set[int]:
    return {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}


def find_tagged(tag: str) -> Iterator[psutil.Process]:
    """The running processes that carry `tag`, without the caller and its ancestors."""
    own = _find_own()
    for pid in psutil.pids():
        if pid in own or not _may_carry(pid, tag):
            continue
        try:
            process = psutil.Process(pid)
            if _carries(process, tag):
                yield process
        except (psutil.Error, OSError):
            continue  # it ended, or belongs to another user


def _may_carry(pid: int, tag: str) -> bool:
    """False where a look at the bytes is enough: it takes a fifth of the time, for each process."""
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # it has ended, hides them, or this system has none there
        return True
    return os.fsencode(f"{TAG}={tag}") in variables


def _carries(process: psutil.Process, tag: str) -> bool:
    try:
        return process.environ().get(TAG) == tag
    except psutil.AccessDenied:  # a supervisor hides its variables, and has the tag as an argument
        words = process.cmdline()
        return words[-1:] == [tag] and supervisor.__file__ in words


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        # psutil compares the creation time first: a reused process id is not signalled.
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.Error:
        return
