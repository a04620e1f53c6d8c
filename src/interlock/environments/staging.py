"""The files of a work tree taken into an index, and none of what a repository within it brings.

What git itself ignores is left out. So is what no commit can hold well, and it is named: a
repository within the work tree, a file that is too large, a pipe or a device in a file's place.
"""

from __future__ import annotations

import os
import stat

from interlock.environments.plumbing import Plumbing

LARGE = 100 * 1024 * 1024  # bytes; a sparse file may say it has any number of them
LINK = b"160000"  # the mode of a submodule
CHUNK = 500  # names in one command line
NAMED = 20  # of what was left out


def stage(git: Plumbing) -> tuple[bool, tuple[str, ...]]:
    """Brings the index up to the work tree below where `git` runs: whether anything differed, and
    what was left out.

    It looks into no repository below, unlike `git add`, which asks it how it is with its own
    configuration. Raises Refusal.
    """
    listed = git.run(
        *("ls-files", "-z", "-t", "--deleted", "--modified", "--others", "--exclude-standard")
    )
    within = _Within(os.fsencode(git.cwd))
    fates: dict[bool | None, list[bytes]] = {True: [], None: [], False: []}
    repositories: list[bytes] = []  # in the place of what git knows
    for entry in sorted(set(listed.split(b"\0")) - {b""}):
        name = entry[2:]
        if not entry.startswith(b"? ") and _is_repository(within.path(name)):
            repositories.append(name)
        else:
            fates[_judge(within.path(name))].append(name)
    links = _find_links(git, repositories)
    fates[None] += set(repositories) - set(links)
    taken, gone, left_out = fates[True], fates[None], fates[False]
    for name in links:  # git notes the commit of a submodule, if it has one
        done = git.ask("update-index", "-z", "--add", "--stdin", stdin=_lines([name]))
        left_out += [name] if done.returncode != 0 else []
    if gone:
        git.run("update-index", "-z", "--force-remove", "--stdin", stdin=_lines(gone))
    if taken:
        git.run(
            *("update-index", "-z", "--add", "--replace", "--stdin"),
            stdin=_lines(taken),
        )
    names = (name.decode(errors="backslashreplace") for name in left_out[:NAMED])
    return bool(taken or gone or links), tuple(names)


class _Within:
    """Finds files by their names, and none that a link would lead to."""

    def __init__(self, folder: bytes) -> None:
        self._folder = folder
        self._real = os.path.realpath(folder)
        self._known = {b"": True}

    def path(self, name: bytes) -> bytes | None:
        """The path of the file; None when a folder on the way is a link."""
        parent = os.path.dirname(name.rstrip(b"/"))  # noqa: PTH120  bytes are no Path
        if parent not in self._known:
            there = os.path.join(self._real, parent)  # noqa: PTH118
            self._known[parent] = os.path.realpath(there) == there
        return self._folder + b"/" + name if self._known[parent] else None


def _lines(names: list[bytes]) -> bytes:
    return b"".join(name + b"\0" for name in dict.fromkeys(names))


def _find_links(git: Plumbing, names: list[bytes]) -> list[bytes]:
    """Those of the names where a submodule belongs."""
    found: list[bytes] = []
    for start in range(0, len(names), CHUNK):
        asked = (os.fsdecode(name) for name in names[start : start + CHUNK])
        told = git.run("--literal-pathspecs", "ls-files", "-z", "--stage", "--", *asked)
        entries = (entry for entry in told.split(b"\0") if entry.startswith(LINK))
        found += [entry.partition(b"\t")[2] for entry in entries]
    return found


def _is_repository(path: bytes | None) -> bool:
    return path is not None and os.path.isdir(path) and os.path.lexists(path + b"/.git")  # noqa: PTH112


def _judge(path: bytes | None) -> bool | None:
    """True: it goes in as it is. None: it is not there. False: it is left as it was."""
    if path is None:
        return None
    if path.endswith(b"/"):
        return False  # a repository of its own
    try:
        found = os.lstat(path)
    except OSError:
        return None
    if stat.S_ISREG(found.st_mode):
        return found.st_size <= LARGE and os.access(path, os.R_OK)
    return True if stat.S_ISLNK(found.st_mode) else None
