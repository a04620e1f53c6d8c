"""A session's work as a branch: of the user's repository, then of a remote of it.

The session's files are committed as its own `commit` would do it. A push is the user's, with their
remote, their configuration and their keys; no hook runs for it, and what the repository's own
configuration names to be run is refused.
"""

from __future__ import annotations

from pathlib import Path
from threading import Event

from attrs import frozen

from interlock.engine import Call, Session
from interlock.environments import workspace
from interlock.environments.clone import Clone
from interlock.environments.inventory import WORKTREE
from interlock.environments.plumbing import Plumbing
from interlock.environments.remote import RemoteGit
from interlock.environments.results import Refusal
from interlock.environments.snapshot import take_snapshot
from interlock.environments.workspace import Workspace
from interlock.environments.worktree import Worktree


@frozen
class Offer:
    """The branch that the user's repository has of a session's work."""

    branch: str
    commit: str
    repository: str
    files: tuple[str, ...]
    """Those that were committed for it just now."""
    left_out: tuple[str, ...] = ()


def find_workspace(session: Session) -> Workspace:
    """Where the session works. Raises Refusal where it has no files of its own."""
    ours = workspace.read(workspace.place(session.id))
    if ours is None:
        raise Refusal(
            f"session {session.id} has no files of its own: only one in a clone or a work tree "
            "has, from its first command on, as with --environment clone"
        )
    return ours


def branch_of(ours: Workspace) -> str:
    """The branch that the session works on. Raises Refusal."""
    at = Plumbing(ours.tree) if ours.kind == WORKTREE else Plumbing(ours.tree, ours.store)
    done = at.ask("symbolic-ref", "--short", "HEAD")
    if done.returncode != 0:
        raise Refusal(f"{ours.tree} is on no branch: `git switch` it to one")
    return done.stdout.decode(errors="backslashreplace").rstrip("\n")


def offer_work(session: Session, message: str) -> Offer:
    """The session's work committed on its branch, which the user's repository has. Nobody else may
    be at work on the session. Raises Refusal."""
    ours = find_workspace(session)
    branch = branch_of(ours)
    _require_work(ours, branch)
    environment = Worktree() if ours.kind == WORKTREE else Clone()
    done = environment.call(ours, session, Call("commit", {"message": message}), Event())
    if "offered" in done.data and done.data["offered"] is None:
        raise Refusal(done.output)
    return Offer(
        branch,
        str(done.data["commit"]),
        ours.repository,
        *(tuple(done.data.get(key, ())) for key in ("files", "left_out")),
    )


def _require_work(ours: Workspace, branch: str) -> None:
    """Raise Refusal where the session has changed nothing."""
    store = Plumbing(ours.tree, ours.store)
    git = Plumbing(ours.tree) if ours.kind == WORKTREE else store
    last = git.ask("rev-parse", "--verify", f"refs/heads/{branch}").stdout.decode().strip()
    seen = take_snapshot(ours.tree, ours.store, "offered")
    if last == ours.base and seen.tree == store.word("rev-parse", f"{ours.base}^{{tree}}"):
        raise Refusal("the session has changed nothing yet: there is nothing to offer")


def find_remote(repository: str, wanted: str | None) -> str:
    """The name of a remote: the one wanted, else origin, else the only one. Raises Refusal."""
    told = Plumbing(Path(repository), trusting=True).word("remote").splitlines()
    if wanted is not None:
        if wanted in told:
            return wanted
        raise Refusal(f"{repository} has no remote {wanted}: it has {', '.join(told) or 'none'}")
    if not told:
        raise Refusal(f"{repository} has no remote: `git remote add origin URL` adds one")
    if "origin" not in told and len(told) > 1:
        raise Refusal(f"{repository} has several remotes, --remote says which: {', '.join(told)}")
    return "origin" if "origin" in told else told[0]


def push_branch(offer: Offer, remote: str, tag: str) -> None:
    """The remote has the branch, if that only moves it forward. Raises Refusal."""
    ref = f"refs/heads/{offer.branch}"
    RemoteGit(Path(offer.repository), tag, Event()).go(
        *("push", "--quiet", "--no-verify", "--no-follow-tags", "--no-signed"),
        *("--recurse-submodules=no", "--", remote, f"{ref}:{ref}"),
    )
