"""Branches, commits, merges and differences of the repository that a work directory is in."""

import tempfile
from pathlib import Path
from typing import Any

from interlock.engine import Result
from interlock.environments import merge_mark
from interlock.environments.git import Git, Head, explain
from interlock.environments.merge_mark import MergeMark
from interlock.environments.results import Refusal

MAX_FILES = 1000
PLAIN = ("--cached", "--no-ext-diff", "--no-textconv", "--no-color")
PREFIXES = ("--src-prefix=a/", "--dst-prefix=b/")


def branch(git: Git, name: str) -> Result:
    """The work tree is on this branch, made where it is missing; uncommitted changes come along.
    `data` has branch and created. Raises Refusal."""
    created = _enter(git, git.look(), name)
    return Result(output=f"on branch {name}", data={"branch": name, "created": created})


def commit(git: Git, message: str, branch: str | None = None) -> Result:
    """Every change beneath the work directory is committed, on `branch` if one is given.

    `data` has commit, branch and files; with nothing to commit files is empty. Raises Refusal.
    """
    if not message.strip() or "\0" in message:
        raise Refusal("the commit message is empty or has a NUL: give words")
    head = git.look()
    if branch is not None:
        _enter(git, head, branch)
    elif head.branch is None:
        raise Refusal("HEAD is detached: name a branch to commit on")
    git.stage()
    files = _changed(git)
    if files:
        git.save(message)
    sha = _resolve(git, "HEAD")
    data = {"commit": sha, "branch": branch or head.branch, **_listed(files)}
    said = (
        f"committed {len(files)} {'file' if len(files) == 1 else 'files'} as {sha}"
        if files
        else "nothing to commit"
    )
    if git.left_out:
        data["left_out"] = list(git.left_out)
        said += f"; left out: {', '.join(git.left_out)}"
    return Result(output=said, data=data)


def merge(git: Git, branch: str, into: str) -> Result:
    """`branch` is merged into `into` by a merge commit, and the work tree is on `into`.

    `data` has commit, branch and merged (False: it was in already). On a conflict all is put back
    as it was. Raises Refusal, which then names the files.
    """
    head = git.look()
    if head.commit is None:
        raise Refusal("nothing was committed yet: commit before you merge")
    if head.changed:
        raise Refusal("there are uncommitted changes: commit them before you merge")
    for name in (branch, into):
        if not _exists(git, name):
            raise Refusal(f"there is no branch {name}: make it first")
    if head.branch != into:
        _switch(git, head, into)
    before, there = _resolve(git, "HEAD"), _resolve(git, f"refs/heads/{branch}")
    message = f"Merge branch '{branch}' into {into}"
    mark = MergeMark(str(before), str(there), message)
    mark.put(git.folder)  # removed where its end is seen
    merged = git.ask(
        *("merge", "--quiet", "--no-ff", "--commit", "--no-squash", "--no-verify-signatures"),
        "--strategy=recursive",
        *("-m", message, f"refs/heads/{branch}"),
    )
    if merged.code != 0:
        files = git.names("diff", *PLAIN, "--name-only", "--diff-filter=U")
        git.ask("merge", "--abort")
        merge_mark.remove(git.folder)
        _go_back(git, head, into)
        why = f"conflicts in {', '.join(files)}" if files else explain(merged)
        raise Refusal(
            f"{branch} cannot be merged into {into}: {why}; all is as it was before: "
            f"merge {into} into {branch}, mend it there and try again",
            merged,
        )
    merge_mark.remove(git.folder)
    after = _resolve(git, "HEAD")
    said = f"merged {branch} into {into} as {after}" if after != before else "already merged"
    return Result(output=said, data={"commit": after, "branch": into, "merged": after != before})


def diff(git: Git, base: str | None = None) -> Result:
    """What was changed beneath the work directory since `base`, new files too, as `output`.

    `base` is any revision, and what it went on to since the history parted is left out; without
    one it is the last commit. `data` has base and files. Raises Refusal.
    """
    head = git.look()
    since = head.commit
    if base is not None:
        since = _resolve(git, base)
        if since is None:
            raise Refusal(f"there is no revision {base}: name a branch, a tag or a commit")
        if head.commit is not None:
            since = git.ask("merge-base", "HEAD", since).stdout.strip() or since
    # An index of its own: what the user has staged stays as it is.
    with tempfile.TemporaryDirectory(prefix="interlock-") as folder:
        apart = git.with_index(Path(folder, "index"))
        apart.stage()
        given = ("--relative", *([since] if since else ()), "--", ".")
        files = apart.names("diff", *PLAIN, "--name-only", *given)
        shown = apart.ask("-c", "core.quotePath=false", "diff", *PLAIN, *PREFIXES, *given)
    data: dict[str, Any] = {"base": since, **_listed(files)}
    if shown.truncated_bytes:
        data["truncated"] = {"bytes": shown.truncated_bytes}
    return Result(output=shown.stdout, data=data)


def _enter(git: Git, head: Head, name: str) -> bool:
    """On the branch now; True if it was made."""
    if head.branch == name:
        return False
    if _exists(git, name):
        _switch(git, head, name)
        return False
    made = git.ask("switch", "--quiet", "--no-guess", "--create", name)
    if made.code != 0:
        raise Refusal(f"the branch {name} cannot be made: {explain(made)}", made)
    return True


def _switch(git: Git, head: Head, name: str) -> None:
    if head.branch is None and head.commit is not None:
        kept = git.run("for-each-ref", "--count=1", f"--contains={head.commit}", "refs/")
        if not kept:
            raise Refusal(
                f"HEAD is detached at {head.commit}, which no branch has: "
                "make a branch there with `git switch --create NAME` first"
            )
    moved = git.ask("switch", "--quiet", "--no-guess", name)
    if moved.code != 0:
        raise Refusal(
            f"cannot switch to {name}: {explain(moved)} (commit your changes on the branch they "
            "belong to, or put them aside with `git stash`)",
            moved,
        )


def _go_back(git: Git, head: Head, into: str) -> None:
    if head.branch is None:
        git.run("switch", "--quiet", "--detach", str(head.commit))
    elif head.branch != into:
        git.run("switch", "--quiet", "--no-guess", head.branch)


def _exists(git: Git, name: str) -> bool:
    if not name.startswith("-"):
        if git.ask("show-ref", "--verify", "--quiet", f"refs/heads/{name}").code == 0:
            return True
        # git also takes a name like @{-1} here, and answers with the branch it stands for.
        if git.ask("check-ref-format", "--branch", name).stdout == f"{name}\n":
            return False
    raise Refusal(f"{name!r} cannot be the name of a branch: choose another")


def _changed(git: Git) -> list[str]:
    options = ("--name-only", "--no-renames", "--relative")
    return git.names("diff", *PLAIN, *options, "--", ".")


def _resolve(git: Git, revision: str) -> str | None:
    found = git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}")
    return found.stdout.strip() or None


def _listed(files: list[str]) -> dict[str, Any]:
    listed: dict[str, Any] = {"files": files[:MAX_FILES]}
    if len(files) > MAX_FILES:
        listed["files_left_out"] = len(files) - MAX_FILES
    return listed
