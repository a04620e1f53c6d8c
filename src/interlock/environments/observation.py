"""What a command did to the files of a workspace, told in its result.

A prompt that is only to read has done nothing when it has ended: what it changed all the same is
taken back. Which tools an agent has is up to its program; its files are seen here.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve

from interlock.engine import Interaction, Prompt, Result
from interlock.environments import differences
from interlock.environments.differences import Span
from interlock.environments.results import Refusal
from interlock.environments.snapshot import Snapshot, restore, take_snapshot
from interlock.environments.workspace import Workspace

NAMED = 20  # files in a result


def observe(result: Result, ours: Workspace, before: Snapshot, row: Interaction) -> Result:
    """The result of a row with its snapshots in `data`."""
    data: dict[str, Any] = {**result.data, "before": before.commit}
    words = f"{row.seq} {row.step}"
    try:
        after = take_snapshot(ours.tree, ours.store, words)
        if after.tree != before.tree and only_reads(row):
            result, after = _take_back(result, ours, before, after, words)
            data |= result.data
    except Refusal as refusal:
        data["unseen"] = str(refusal)
    else:
        data |= {"after": after.commit, "tree": after.tree}
        if after.left_out:
            data["left_out"] = list(after.left_out)
    return evolve(result, data=data)


def only_reads(row: Interaction) -> bool:
    """Whether the row's command must change no file."""
    return isinstance(row.command, Prompt) and row.command.options.get("read_only") is True


def _take_back(
    result: Result, ours: Workspace, before: Snapshot, after: Snapshot, words: str
) -> tuple[Result, Snapshot]:
    """The result that tells it, and the files as they are then; the log keeps what it made."""
    changed = differences.files(ours.session_id, Span(before.commit, after.commit, ()))
    names = [one["name"] for one in changed]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    told = f"it was only to read, and changed {', '.join(names[:NAMED])}{more}"
    back = {"taken_back": {"commit": after.commit, "files": names[:NAMED]}}
    result = evolve(result, data={**result.data, **back})
    try:
        now = restore(ours.tree, ours.store, before, f"{words}, taken back")
    except Refusal as refusal:
        return result.failed(f"{told}, which cannot be taken back: {refusal}"), after
    told = f"{result.error}; {told}: taken back" if result.error else f"{told}: taken back"
    return (result.warned(told) if result.ok else evolve(result, error=told)), now
