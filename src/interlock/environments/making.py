"""Making a session's workspace: it is there as a whole or not at all.

The work tree's clone has copies of the objects, not hard links to them and no alternates: an agent
that writes to the files of its own `.git` reaches no other repository, and a `git gc` in the
user's takes nothing away from it. A copy of 100 MB costs 0.2 s more than hard links. The engine's
repository has hard links, which cost nothing: only the engine writes there, and git never changes
an object's file.
"""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from interlock.environments.git import Git
from interlock.environments.plumbing import Plumbing
from interlock.environments.results import Refusal
from interlock.environments.snapshot import INDEX, REF
from interlock.environments.workspace import STORE, TREE, Workspace, keep


def clone(folder: Path, git: Git, kind: str, name: str, base: str | None = None) -> Workspace:
    """The workspace made in a folder, at the commit `base`, or at the last one, of the repository
    that `git` is in.

    Whatever happens on the way, it can be called again. Raises Refusal.
    """
    ours = begin(folder, git, kind, name, base)
    new = folder / f"making-{secrets.token_hex(8)}"
    try:
        make_store(new / ours.store.name, ours)
        _make_tree(new / ours.tree.name, ours)
        # The index is right for both: it knows the files by their numbers, which a move keeps.
        index = new / ours.tree.name / ".git" / "index"
        for own in ("index", INDEX):
            shutil.copyfile(index, new / ours.store.name / own)
        (new / ours.store.name).rename(ours.store)
        (new / ours.tree.name).rename(ours.tree)
        keep(ours)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return ours


def begin(folder: Path, git: Git, kind: str, name: str, base: str | None = None) -> Workspace:
    """What a workspace will be; its folder is there and empty. Raises Refusal."""
    head = git.look()
    top = Path(git.run("rev-parse", "--show-toplevel").rstrip("\n"))
    if head.commit is None:
        raise Refusal(f"nothing was committed yet in {top}: commit first, {kind} starts from there")
    inside = git.workdir.resolve().relative_to(top.resolve())
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _clear(folder)
    return Workspace(
        folder=str(folder),
        kind=kind,
        repository=str(top),
        inside=str(inside),
        branch=_free_branch(git, name, folder.name),
        base=base or head.commit,
        changed=head.changed or bool(git.run("ls-files", "--others", "--exclude-standard")),
        identity=_identity(git),
    )


def make_store(store: Path, ours: Workspace) -> None:
    """The engine's repository, on the session's branch. Raises Refusal."""
    store.parent.mkdir(parents=True, exist_ok=True)
    above = Plumbing(store.parent)
    above.run("clone", "--quiet", "--bare", "--template=", "--", ours.repository, str(store))
    inside = Plumbing(store)
    for setting, value in ours.identity:
        inside.run("config", setting, value)
    inside.run("remote", "remove", "origin")
    inside.run("update-ref", f"refs/heads/{ours.branch}", ours.base)
    inside.run("update-ref", REF, ours.base)
    inside.run("symbolic-ref", "HEAD", f"refs/heads/{ours.branch}")


def _make_tree(tree: Path, ours: Workspace) -> None:
    # What would take the work out of the session's hands: a push from the clone.
    settings = (("remote.origin.pushurl", "no_push"), *ours.identity)
    options = (word for key, value in settings for word in ("-c", f"{key}={value}"))
    Plumbing(tree.parent, trusting=True).run(
        *("clone", "--quiet", "--no-hardlinks", "--no-checkout", "--template=", *options),
        *("--", ours.repository, str(tree)),
    )
    own = Plumbing(tree, trusting=True)
    own.run("checkout", "--quiet", "--no-track", "-b", ours.branch, ours.base)


def _clear(folder: Path) -> None:
    """Nothing of a making that was cut short is in the way; what may hold work is set aside."""
    for left in folder.iterdir():
        if left.name.startswith("making-"):
            shutil.rmtree(left, ignore_errors=True)
        elif left.name in (TREE, STORE):
            left.rename(folder / f"aside-{secrets.token_hex(4)}-{left.name}")


def _identity(git: Git) -> list[tuple[str, str]]:
    said = git.ask("config", "--get-regexp", r"^user\.(name|email)$").stdout
    told = dict(line.split(" ", 1) for line in said.splitlines() if " " in line)
    return list(told.items())


def _free_branch(git: Git, name: str, session_id: str) -> str:
    """`interlock/<name>-<short id>`, or the next that the repository has room for."""
    found = git.names("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/interlock*/**")
    found += git.names("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/interlock*")
    short = f"{name}-{session_id[-8:]}"
    for branch in (f"interlock/{short}", f"interlock-{short}", f"interlock-{name}-{session_id}"):
        if branch not in found and not ("/" in branch and "interlock" in found):
            return branch
    raise Refusal(f"there is a branch interlock-{name}-{session_id}: delete or rename it")
