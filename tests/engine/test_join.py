"""When the children of a Spawn have done enough, and what that means for the parent."""

from __future__ import annotations

from itertools import combinations_with_replacement

import pytest

from interlock.engine import Child, Result, Session, Spawn, join
from interlock.engine.commands import POLICIES, Policy
from interlock.engine.values import STATUSES, Status


def child(number: int, status: Status, *, title: str | None = None) -> Session:
    """A child session."""
    reason = None if status in ("active", "complete") else f"reason {number}"
    return Session("chat", "run", id=f"c{number}", status=status, title=title, reason=reason)


def family(*statuses: Status) -> list[Session]:
    """One child of each status, in this order."""
    return [child(number, status) for number, status in enumerate(statuses, 1)]


def spawn(policy: Policy, size: int = 1) -> Spawn:
    """A Spawn of so many children."""
    return Spawn((Child("chat"),) * size, policy)


MIXES = [mix for size in range(1, 5) for mix in combinations_with_replacement(STATUSES, size)]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("mix", MIXES)
def test_every_mix_of_children_is_joined_by_the_policy(
    policy: Policy, mix: tuple[Status, ...]
) -> None:
    """`any` is content with one complete child; otherwise all must have ended, and then `all`
    wants every one complete, `any` at least one, and `ignore_failed` nothing."""
    enough = {
        "all": "active" not in mix,
        "any": "active" not in mix or "complete" in mix,
        "ignore_failed": "active" not in mix,
    }[policy]
    good = {
        "all": set(mix) == {"complete"},
        "any": "complete" in mix,
        "ignore_failed": True,
    }[policy]
    result = join(spawn(policy, len(mix)), family(*mix))
    if not enough:
        assert result is None
        return
    assert result is not None
    assert result.status == ("ok" if good else "error")
    assert result.data == {"children": {f"c{n}": status for n, status in enumerate(mix, 1)}}
    assert (result.error is None) == good


@pytest.mark.parametrize("policy", POLICIES)
def test_the_order_of_the_children_does_not_matter(policy: Policy) -> None:
    """Only what became of them does."""
    for mix in MIXES:
        there, back = join(spawn(policy), family(*mix)), join(spawn(policy), family(*mix[::-1]))
        assert (there is None) == (back is None)
        assert there is None or back is None or there.status == back.status


@pytest.mark.parametrize("policy", POLICIES)
def test_nothing_to_wait_for_is_ok(policy: Policy) -> None:
    """A Spawn without children is done at once."""
    assert join(Spawn((), policy), []) == Result(data={"children": {}})


def test_failed_children_are_named_before_cancelled_ones() -> None:
    """With their title or type, and their reason; only the first kind there is."""
    children = [
        child(1, "cancelled"),
        child(2, "failed", title="Parser"),
        child(3, "complete"),
        child(4, "failed"),
    ]
    result = join(spawn("all", 4), children)
    assert result is not None
    assert result.error == "child sessions failed: Parser (reason 2), chat (reason 4)"
    result = join(spawn("all", 2), family("cancelled", "complete"))
    assert result is not None
    assert result.error == "child sessions cancelled: chat (reason 1)"


def test_a_child_without_a_reason_is_named_all_the_same() -> None:
    """Its title or type alone."""
    result = join(spawn("any"), [Session("chat", "run", id="c1", status="failed")])
    assert result is not None
    assert result.error == "child sessions failed: chat"
