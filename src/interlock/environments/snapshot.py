"""The files of a work tree as a commit, made beside it: its own git is neither used nor changed.

What git itself ignores is left out. So is what no commit can hold well, and it is named: a
repository within the work tree, a file that is too large, a pipe or a device in a file's place.
"""

from __future__ import annotations

import stat
import time
from pathlib import Path

from attrs import frozen

from interlock.environments.plumbing import Plumbing
from interlock.environments.results import Refusal
from interlock.environments.staging import stage

REF = "refs/interlock/snapshots"
INDEX = "snapshot-index"


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
