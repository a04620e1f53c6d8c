"""Whether the children of a Spawn have done enough, and what that means for the parent."""

from __future__ import annotations

from collections.abc import Sequence

from interlock.engine.commands import Spawn
from interlock.engine.values import Result, Session


def join(spawn: Spawn, children: Sequence[Session]) -> Result | None:
    """The result of a Spawn by its policy; None while it must wait on.

    With `all`, failed children are named before cancelled ones; the others end it `ok`.
    """
    active = [child for child in children if child.active]
    complete = [child for child in children if child.status == "complete"]
    failed = [child for child in children if child.status == "failed"]
    cancelled = [child for child in children if child.status == "cancelled"]
    result = Result(data={"children": {child.id: child.status for child in children}})
    if spawn.policy == "any" and complete:
        return result
    if active:
        return None
    if spawn.policy == "ignore_failed" or len(complete) == len(children):
        return result
    kind, named = ("failed", failed) if failed else ("cancelled", cancelled)
    names = ", ".join(_describe(child) for child in named)
    return result.failed(f"child sessions {kind}: {names}")


def _describe(child: Session) -> str:
    label = child.title or child.type
    return f"{label} ({child.reason})" if child.reason else label
