"""The files of a work tree as a commit, made beside it: its own git is neither used nor changed.

What git itself ignores is left out. So is what no commit can hold well, and it is named: a
repository within the work tree, a file that is too large, a pipe or a device in a file's place.
"""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

from attrs import frozen

from interlock.environments.plumbing import Plumbing
from interlock.environments.results import Refusal

REF = "refs/interlock/snapshots"
INDEX = "snapshot-index"
LARGE = 100 * 1024 * 1024  # bytes; a sparse file may say it has any number of them
LINK = b"160000"  # the mode of a submodule
NAMED = 20  # of what was left out


@frozen
class Snapshot:
    """The commit, its tree, and the names of what is not in it."""

    commit: str
    tree: str
    """The same for the same files, whatever was there in between."""
    left_out: tuple[str, ...] = ()


def take_snapshot(tree: Path, store: Path, words: str) -> Snapshot:
    """The work tree now, as a commit in the engine's repository `store`, after the one before it.

    The same files are the same commit as before. `words` is the message. Raises Refusal.
    """
    check_tree(tree)
    git = Plumbing(tree, store, index=store / INDEX)
    changed, left_out = stage(git)
    before = (store / REF).read_text().strip()
    known = git.word("rev-parse", f"{before}^{{tree}}")
    if not changed:
        _settle(git, store)
        return Snapshot(before, known, left_out)
    made = git.word("write-tree")
    if made == known:
        return Snapshot(before, known, left_out)
    commit = git.word("commit-tree", "-p", before, made, stdin=words.encode(errors="replace"))
    git.run("update-ref", REF, commit, before)
    return Snapshot(commit, made, left_out)


def restore(tree: Path, store: Path, wanted: Snapshot, words: str) -> Snapshot:
    """The files of the work tree are those of `wanted` again; what no snapshot holds stays.

    The newest snapshot must be of the files as they are now. Raises Refusal.
    """
    check_tree(tree)
    git = Plumbing(tree, store, index=store / INDEX)
    # git itself writes through no link, and goes where its index says that something differs.
    git.run("read-tree", "--reset", "-u", wanted.commit)
    newest = (store / REF).read_text().strip()
    told = words.encode(errors="replace")
    commit = git.word("commit-tree", "-p", newest, wanted.tree, stdin=told)
    git.run("update-ref", REF, commit, newest)
    now = take_snapshot(tree, store, words)
    if now.tree != wanted.tree:
        raise Refusal("something else is in the place of a file")
    return now


def stage(git: Plumbing) -> tuple[bool, tuple[str, ...]]:
    """Brings the index up to the work tree below where `git` runs: whether anything differed, and
    what was left out.

    It looks into no repository below, unlike `git add`, which asks it how it is with its own
    configuration. Raises Refusal.
    """
    listed = git.run(
        *("ls-files", "-z", "-t", "--stage", "--deleted", "--modified"),
        *("--others", "--exclude-standard"),
    )
    within = _Within(os.fsencode(git.cwd))
    fates: dict[bool | None, list[bytes]] = {True: [], None: [], False: []}
    links: list[bytes] = []
    for entry in sorted(set(listed.split(b"\0")) - {b""}):
        new = entry.startswith(b"? ")
        name = entry[2:] if new else entry.partition(b"\t")[2]
        if not new and entry[2:8] == LINK and _is_repository(within.path(name)):
            links.append(name)
        else:
            fates[_judge(within.path(name))].append(name)
    taken, gone, left_out = fates[True], fates[None], fates[False]
    for name in dict.fromkeys(links):  # git notes the commit of a submodule, if it has one
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


def check_tree(tree: Path) -> None:
    """Raise Refusal unless the work tree is a directory where it belongs, and no link to one."""
    try:
        if stat.S_ISDIR(tree.lstat().st_mode):
            return
    except OSError:
        pass
    raise Refusal(f"the work tree {tree} is gone or is a link: nothing can be done in it")


def _settle(git: Plumbing, store: Path) -> None:
    """Write the index once after the files were made: until then git reads all of them each time,
    since what it knows of them is as old as they are."""
    done = store / "settled"
    if not done.exists() and time.time() > (store / INDEX).stat().st_mtime + 2:
        git.ask("update-index", "-q", "--refresh", "--force-write-index")
        done.touch()


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
