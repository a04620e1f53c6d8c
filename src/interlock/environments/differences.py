"""What differs between two snapshots of a session's files, from the engine's own repository."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

from interlock.engine import Interaction
from interlock.environments import workspace
from interlock.environments.plumbing import Plumbing
from interlock.environments.results import Refusal
from interlock.environments.workspace import Workspace

COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
PLAIN = (
    *("diff-tree", "-r", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames"),
    *("--ignore-submodules=none", "--submodule=short"),
)


@frozen
class Span:
    """The snapshots before and after one row of a log, or several."""

    before: str
    after: str
    rows: tuple[int, ...]


def span(rows: Iterable[Interaction]) -> Span | None:
    """From before the first of the rows to after the last; None when none has snapshots."""
    seen = [(row.seq, *pair) for row in rows if (pair := _pair(row))]
    if not seen:
        return None
    return Span(seen[0][1], seen[-1][2], tuple(seq for seq, _, _ in seen))


def patch(session_id: str, seen: Span) -> bytes:
    """What `git apply` takes from the one to the other. Raises Refusal."""
    return _git(session_id).run(
        *(*PLAIN, "--patch", "--binary", "--full-index", seen.before, seen.after)
    )


def mail(session_id: str, seen: Span, subject: str) -> bytes:
    """The same as a commit with this subject, which `git am` takes; `git apply` takes it too. It is
    of whom the session works for. Raises Refusal."""
    ours = _find(session_id)
    git = Plumbing(Path(ours.folder), ours.store, identity=dict(ours.identity))
    made = git.word(
        *("commit-tree", "-p", seen.before, f"{seen.after}^{{tree}}"),
        stdin=" ".join(subject.split()).encode(errors="replace"),
    )
    return git.run(
        *("format-patch", "--stdout", "-1", "--zero-commit", "--no-signature", "--no-attach"),
        *("--no-numbered", "--subject-prefix=PATCH", "--binary", "--full-index", "--no-renames"),
        *("--no-ext-diff", "--no-textconv", "--no-color", "--no-stat", "--src-prefix=a/"),
        *("--dst-prefix=b/", "--submodule=short", "--end-of-options", made),
    )


def summary(session_id: str, seen: Span) -> str:
    """The files with their numbers of changed lines, for a person. Raises Refusal."""
    done = _git(session_id).run(*PLAIN, "--stat=100", seen.before, seen.after)
    return done.decode(errors="backslashreplace").rstrip("\n")


def files(session_id: str, seen: Span) -> list[dict[str, str]]:
    """Each file with its `name` and `change`: added, changed or deleted. Raises Refusal."""
    told = _git(session_id).run(*PLAIN, "--name-status", "-z", seen.before, seen.after)
    words = told.decode(errors="backslashreplace").split("\0")[:-1]
    change = {"A": "added", "D": "deleted"}
    return [
        {"name": name, "change": change.get(letter, "changed")}
        for letter, name in zip(words[::2], words[1::2], strict=True)
    ]


def _git(session_id: str) -> Plumbing:
    ours = _find(session_id)
    return Plumbing(Path(ours.folder), ours.store)


def _find(session_id: str) -> Workspace:
    ours = workspace.read(workspace.place(session_id))
    if ours is None:
        raise Refusal(f"the workspace of session {session_id} is gone, and its files with it")
    return ours


def _pair(row: Interaction) -> tuple[str, str] | None:
    """A result may come from anybody: only what can be a commit is taken for one."""
    data = row.result.data if row.result is not None else {}
    before, after = data.get("before"), data.get("after")
    if not (isinstance(before, str) and isinstance(after, str)):
        return None
    if COMMIT.fullmatch(before) and COMMIT.fullmatch(after):
        return before, after
    return None
