"""What workspaces there are, the disk they use, and whether they can go."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from interlock.environments import ports, workspace
from interlock.environments.plumbing import Plumbing
from interlock.environments.results import Refusal
from interlock.environments.snapshot import REF
from interlock.environments.workspace import Workspace

WORKTREE = "worktree"


@frozen
class Holding:
    """The workspace of one session."""

    session_id: str
    workspace: Workspace | None
    """None when it was never finished, or its record cannot be read."""
    bytes: int
    """On the disk; what it shares with the repository is not counted."""
    unsaved: bool
    """True when it has changes that no branch of the repository has."""


def holdings() -> Iterator[Holding]:
    """Every workspace, the oldest session first."""
    try:
        folders = sorted(path for path in workspace.root().iterdir() if path.is_dir())
    except FileNotFoundError:
        return
    for folder in folders:
        try:
            ours = workspace.read(folder)
        except Refusal:
            ours = None
        unsaved = _is_unsaved(ours) if ours else any(folder.iterdir())
        yield Holding(folder.name, ours, _count_bytes(folder), unsaved)


def remove(holding: Holding) -> None:
    """The workspace is gone, its branches in the user's repository stay. Raises Refusal."""
    folder = workspace.place(holding.session_id)
    ours = holding.workspace
    if ours is not None and ours.kind == WORKTREE:
        words = ("worktree", "remove", "--force", "--force", "--", str(ours.tree))
        Plumbing(Path(ours.repository)).ask(*words)
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise Refusal(f"{folder} cannot be deleted whole: {error}") from None
    ports.release(holding.session_id)


def _is_unsaved(ours: Workspace) -> bool:
    git = Plumbing(Path(ours.folder), ours.store)
    try:
        last = git.word("rev-parse", f"{REF}^{{tree}}")
        at = Plumbing(ours.tree) if ours.kind == WORKTREE else git
        commit, head = at.word("rev-parse", "HEAD", "HEAD^{tree}").split()
        there = Plumbing(Path(ours.repository)).ask("cat-file", "-e", f"{commit}^{{commit}}")
    except (Refusal, ValueError):
        return True  # what cannot be told is not deleted unasked
    return last != head or there.returncode != 0


def _count_bytes(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                found = Path(parent, name).lstat()
            except OSError:
                continue
            if found.st_nlink == 1:
                total += found.st_blocks * 512
    return total
