"""The git of a workspace's own repository, on the work tree that the agent has.

Branches and commits are the engine's: the clone's `.git` is asked for nothing but its commits, by
a fetch, which runs none of its configuration and hooks.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from interlock.environments.git import COMMIT, Git
from interlock.environments.plumbing import Plumbing
from interlock.environments.results import Refusal
from interlock.environments.snapshot import check_tree
from interlock.environments.workspace import Workspace

AGENT = "refs/interlock/agent"
THEIRS = "refs/interlock/theirs"
FETCH = (
    # Without the check for forced updates git takes each for one that moves forward.
    *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"),
    *("--no-auto-maintenance", "--show-forced-updates", "--no-write-commit-graph", "--"),
)


class StoreGit(Git):
    """Runs git on the engine's repository of a workspace."""

    def __init__(
        self,
        ours: Workspace,
        *,
        source: Mapping[str, str],
        tag: str,
        stop: Event,
        timeout: float | None,
    ) -> None:
        super().__init__(ours.workdir, source=source, tag=tag, stop=stop, timeout=timeout)
        self.ours = ours
        self._env |= {
            "GIT_DIR": str(ours.store),
            "GIT_WORK_TREE": str(ours.tree),
            "GIT_INDEX_FILE": str(ours.store / "index"),
        }

    def plumbing(self) -> Plumbing:
        """What stages here, on the engine's index."""
        index = Path(self._env["GIT_INDEX_FILE"])
        return Plumbing(
            self.workdir, self.ours.store, tree=self.ours.tree, index=index, trusting=True
        )

    def save(self, message: str) -> None:
        """What is staged is committed: nobody but the engine stages here. Raises Refusal."""
        self.run(*COMMIT, stdin=message)

    def adopt(self) -> None:
        """Commits that the agent made itself on top of the session's branch are on it now.

        What it made of its history otherwise is left alone; its files are taken in any case.
        """
        git = self._beside()
        if git.ask(*FETCH, str(self.ours.tree), f"+HEAD:{AGENT}").returncode != 0:
            return
        if git.ask("merge-base", "--is-ancestor", "HEAD", AGENT).returncode != 0:
            return
        if git.word("rev-parse", "HEAD") != git.word("rev-parse", AGENT):
            git.run("update-ref", "-m", "adopted", "HEAD", AGENT)
            git.run("read-tree", "HEAD")

    def refresh(self, branch: str) -> None:
        """The branch is as far as it is in the user's repository, if it is there and has not
        parted from it."""
        git = self._beside()
        ref = f"refs/heads/{branch}"
        if git.ask("check-ref-format", ref).returncode != 0:
            return
        to = f"+{ref}:{THEIRS}" if branch == self.current() else f"{ref}:{ref}"
        if git.ask(*FETCH, self.ours.repository, to).returncode == 0 and to.startswith("+"):
            self.ask("merge", "--quiet", "--ff-only", "--no-verify-signatures", THEIRS)

    def find(self, branch: str) -> str:
        """The commit that the branch leads to; empty when there is none."""
        return (
            self._beside()
            .ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"refs/heads/{branch}")
            .stdout.decode()
            .strip()
        )

    def has_moved(self, branch: str, commit: str) -> bool:
        """Whether the user's repository has the branch elsewhere than at the commit by now."""
        look = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"refs/heads/{branch}")
        done = Plumbing(Path(self.ours.repository)).ask(*look)
        return done.returncode == 0 and done.stdout.decode().strip() != commit

    def go_back(self, began: str, into: str, commit: str) -> None:
        """The work is on the branch `began` again, and `into` leads to the commit as before."""
        if began == into:
            self.run("reset", "--quiet", "--keep", commit)
        else:
            self.run("switch", "--quiet", "--no-guess", began)
            self._beside().run("update-ref", f"refs/heads/{into}", commit)

    def current(self) -> str:
        """The name of the branch the work is on."""
        return self._beside().word("symbolic-ref", "--short", "HEAD")

    def _beside(self) -> Plumbing:
        return Plumbing(self.ours.tree, self.ours.store, index=self.ours.store / "index")

    def _check_place(self) -> None:
        check_workdir(self.ours)
        self.folder = self.ours.store

    def _check_finished(self) -> None:
        if (self.ours.store / "MERGE_HEAD").exists():
            # Left by a merge whose engine was killed; it began on a clean work tree.
            self.run("merge", "--abort")


def check_workdir(ours: Workspace) -> None:
    """Raise Refusal unless the work directory is there and no link leads out of the work tree."""
    check_tree(ours.tree)
    if ours.workdir.resolve() != ours.tree.resolve() / ours.inside:
        raise Refusal(
            f"{ours.inside} in the work tree has become a link: nothing is done through it"
        )
    if not ours.workdir.is_dir():
        raise Refusal(
            f"the directory {ours.inside} is not in the work tree: commit something in it, "
            "or start with another --workdir"
        )


def offer(ours: Workspace, branch: str) -> str | None:
    """The branch is in the user's repository, as far as it is only moved forward; else why not."""
    ref = f"refs/heads/{branch}"
    user = Plumbing(Path(ours.repository), trusting=True)
    done = user.ask(*FETCH, str(ours.store), f"{ref}:{ref}")
    # git does not always say by its exit code that it refused to move a branch aside.
    look = ("rev-parse", "--verify", "--quiet", "--end-of-options", ref)
    there = user.ask(*look).stdout
    if there and there == Plumbing(ours.tree, ours.store).ask(*look).stdout:
        return None
    return _words(done.stderr) or "the branch of that name has gone another way there"


def deliver(ours: Workspace, branch: str, *, tag: str, stop: Event) -> None:
    """As `offer`, and a branch that is checked out there takes its files along. Raises Refusal."""
    with _turn(Path(ours.folder).parent):
        _deliver(ours, branch, tag, stop)


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """One after the other: git gives up where another git is at work in the same repository."""
    with (folder / "delivery.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _deliver(ours: Workspace, branch: str, tag: str, stop: Event) -> None:
    top = Path(ours.repository)
    git = Git(top, source=os.environ, tag=tag, stop=stop, timeout=600.0)
    if git.look().branch != branch:
        if fault := offer(ours, branch):
            raise Refusal(f"{branch} of {top} cannot be moved forward: {fault}")
        return
    kept = f"refs/interlock/{ours.branch}"
    user = Plumbing(top, trusting=True)
    user.run(*FETCH, str(ours.store), f"+refs/heads/{branch}:{kept}")
    try:
        git.run("merge", "--quiet", "--ff-only", "--no-verify-signatures", kept)
    finally:
        user.ask("update-ref", "-d", kept)


def _words(said: bytes) -> str:
    return " ".join(said.decode(errors="backslashreplace").split())[-500:]
