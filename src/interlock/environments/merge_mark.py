"""A note beside a repository of the merge that Interlock is about to make there.

It is gone when the merge has ended. One that is left, with a merge that is not finished, tells a
merge whose engine was killed from one that a person has begun.
"""

from __future__ import annotations

import json
from pathlib import Path

from attrs import asdict, frozen

NAME = "interlock-merge"


@frozen
class MergeMark:
    """What is merged, all by commits, and the message."""

    head: str
    """The commit that the branch led to before."""
    merged: str
    message: str

    def put(self, folder: Path) -> None:
        """Write it into git's own folder. Raises OSError."""
        new = folder / f"{NAME}.new"
        new.unlink(missing_ok=True)  # never written through a link
        new.write_text(json.dumps(asdict(self)), encoding="utf-8")
        new.replace(folder / NAME)


def remove(folder: Path) -> None:
    """There is no note any more."""
    (folder / NAME).unlink(missing_ok=True)


def read(folder: Path) -> MergeMark | None:
    """The note that was left; None where there is none."""
    try:
        return MergeMark(**json.loads((folder / NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_left(folder: Path, head: str, changed: list[Path]) -> bool:
    """Whether the merge that is not finished in git's `folder` is the one that was noted, and
    nobody has touched one of the `changed` files since."""
    mark = read(folder)
    if mark is None or mark.head != head:
        return False
    try:
        begun = (folder / "MERGE_HEAD").lstat().st_mtime_ns
        told = (folder / "MERGE_MSG").read_text(errors="replace").splitlines()[:1]
        same = (
            (folder / "MERGE_HEAD").read_text().split() == [mark.merged]
            and (folder / "MERGE_MODE").read_text().strip() == "no-ff"
            and told == [mark.message]
        )
    except OSError:
        return False
    return same and not any(_touched(path, begun) for path in changed)


def _touched(path: Path, since: int) -> bool:
    """git writes the files first and the note of its merge after them."""
    try:
        return path.lstat().st_mtime_ns > since
    except OSError:
        return False  # the merge deletes files too
