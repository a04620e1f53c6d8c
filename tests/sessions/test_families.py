"""Families: what a child's end, or its new beginning, does to the line above it, and how it is
driven."""

from typing import Any

import pytest

from interlock import Interaction, Result, Scope, Session, sessions
from interlock.engine.errors import InvalidResult, SessionActive
from tests.sessions.conftest import WALLED_TOO
from tests.sessions.moves import children, fail, family, finish, ok, submit

pytestmark = WALLED_TOO


def perform(session: Session, interaction: Any, **_: Any) -> Result:
    """An executor that does what it is told."""
    return ok(interaction.command)


@pytest.mark.parametrize("how", ["retry", "reopen", "reopen a cancelled one"])
def test_a_child_that_goes_on_wakes_its_parent(scope: Scope, how: str) -> None:
    """A parent that failed for want of a child waits for it again, and goes on when it is done."""
    parent = family(scope, {})
    (child,) = children(scope, parent)
    if how == "reopen a cancelled one":
        sessions.cancel(scope, child.id)
    else:
        fail(scope, child)
    assert sessions.get(scope, parent.id).status == "failed"
    sessions.archive(scope, parent.id)
    revive = sessions.retry if how == "retry" else sessions.reopen
    revive(scope, child.id)
    waiting = sessions.get(scope, parent.id)
    assert (waiting.status, waiting.step, waiting.reason) == ("active", "spawn", None)
    assert waiting.archived_at is None
    assert waiting.open is not None
    finish(scope, sessions.get(scope, child.id))
    assert sessions.get(scope, parent.id).step == "report"
    assert finish(scope, parent).status == "complete"
    assert len(children(scope, parent)) == 1
    for session in (parent, child):
        assert sessions.check(scope, session.id) == []


def test_a_child_that_goes_on_leaves_alone_a_parent_that_does_not_want_it(scope: Scope) -> None:
    """One that is complete, was cancelled, failed elsewhere or still waits stays as it is."""
    complete = family(scope, {}, policy="ignore_failed")
    fail(scope, children(scope, complete)[0])
    finish(scope, complete)
    elsewhere = family(scope, {"input": {"n": 1}}, policy="ignore_failed")
    fail(scope, children(scope, elsewhere)[0])
    fail(scope, elsewhere)
    cancelled = family(scope, {"input": {"n": 2}})
    sessions.cancel(scope, cancelled.id)
    waiting = family(scope, {"input": {"n": 3}}, {"input": {"n": 4}})
    fail(scope, children(scope, waiting)[0])
    for parent in (complete, elsewhere, cancelled, waiting):
        before = sessions.get(scope, parent.id)
        sessions.reopen(scope, children(scope, parent)[0].id)
        assert sessions.get(scope, parent.id) == before


def test_parents_may_be_children(scope: Scope) -> None:
    """The end of the last grandchild wakes the whole line."""
    inner = {"type": "family", "input": {"children": [{}, {"type": "loop"}]}}
    top = family(scope, {"type": "family", "input": {"children": [inner]}})
    (middle,) = children(scope, top)
    sessions.next_command(scope, middle.id)
    (lowest,) = children(scope, middle)
    sessions.next_command(scope, lowest.id)
    for child in children(scope, lowest):
        if child.type == "pair":
            finish(scope, child)
        else:
            submit(scope, child, Result("done"))
    for session in (lowest, middle, top):
        assert sessions.get(scope, session.id).step == "report"
        finish(scope, session)
    assert sessions.get(scope, top.id).status == "complete"


def test_a_parent_that_cannot_wait_again_fails_in_words(scope: Scope) -> None:
    """Its step raises this time: that is its result, and nobody is told to execute it."""
    parent = family(scope, {}, once=True)
    (child,) = children(scope, parent)
    fail(scope, child)
    heard: list[Interaction | None] = []
    end = sessions.subscribe(scope, lambda change, session, row: heard.append(row))
    try:
        sessions.retry(scope, child.id)
    finally:
        end()
    found = sessions.get(scope, parent.id)
    assert (found.status, found.open) == ("failed", None)
    assert found.reason == "step spawn raised LookupError: the children were there before"
    assert [row for row in heard if row is not None and row.status == "open"] == []
    assert finish(scope, child).status == "complete"
    assert sessions.check(scope, parent.id) == []


def test_a_failure_goes_all_the_way_up_and_a_retry_too(scope: Scope) -> None:
    """A grandchild that fails fails the line; tried again it wakes the line."""
    top = family(scope, {"type": "family", "input": {"children": [{}]}})
    (middle,) = children(scope, top)
    sessions.next_command(scope, middle.id)
    (lowest,) = children(scope, middle)
    fail(scope, lowest)
    assert [sessions.get(scope, s.id).status for s in (middle, top)] == ["failed", "failed"]
    sessions.retry(scope, lowest.id)
    assert [sessions.get(scope, s.id).status for s in (middle, top)] == ["active", "active"]
    ended = sessions.drive(scope, top.id, perform)
    assert ended.status == "complete"
    for session in (lowest, middle, top):
        assert sessions.check(scope, session.id) == []


def test_a_type_that_spawns_itself_ends(scope: Scope) -> None:
    """Sessions nest so deep and no deeper; the deepest says so and the line fails."""
    top = sessions.create(scope, "endless")
    ended = sessions.drive(scope, top.id, perform)
    assert ended.status == "failed"
    assert "sessions nest at most 20 deep" in (ended.reason or "")
    assert len(sessions.find(scope, type="endless", limit=1000).sessions) == 21


def test_cancelling_a_parent_cancels_its_children(scope: Scope) -> None:
    """All that are active, to the last grandchild; those that have ended stay as they are."""
    top = family(scope, {"type": "family", "input": {"children": [{}]}}, {"type": "loop"})
    middle, loop = children(scope, top)
    sessions.next_command(scope, middle.id)
    (lowest,) = children(scope, middle)
    submit(scope, loop, Result("done"))
    sessions.cancel(scope, top.id, "enough")
    found = [sessions.get(scope, session.id) for session in (top, middle, lowest, loop)]
    assert [session.status for session in found] == ["cancelled"] * 3 + ["complete"]
    assert found[0].reason == "enough"
    assert found[1].reason == "its parent was cancelled: enough"
    assert "enough" in (found[2].reason or "")
    with pytest.raises(InvalidResult, match="is answered by its child sessions"):
        sessions.handle_result(scope, family(scope, {"input": {"n": 9}}).id, "1", Result())


def test_driving_a_parent_drives_its_children(scope: Scope) -> None:
    """One after the other, to the end of it all."""
    inner = {"type": "family", "input": {"children": [{"input": {"n": 2}}]}}
    parent = sessions.create(scope, "family", input={"children": [{"input": {"n": 1}}, inner]})
    executed: list[tuple[str, str]] = []

    def perform(session: Session, interaction: Any, **_: Any) -> Result:
        executed.append((session.type, interaction.step))
        return ok(interaction.command)

    assert sessions.drive(scope, parent.id, perform).status == "complete"
    assert executed == [
        ("pair", "first"),
        ("pair", "second"),
        ("pair", "first"),
        ("pair", "second"),
        ("family", "report"),
        ("family", "report"),
    ]


def test_driving_stops_when_the_children_have_done_enough(scope: Scope) -> None:
    """Where one complete child is enough the others are not run for nothing."""
    parent = family(scope, *({"input": {"n": n}} for n in range(3)), policy="any")
    first, second, third = children(scope, parent)
    sessions.cancel(scope, first.id)
    assert sessions.drive(scope, parent.id, perform).status == "complete"
    found = [sessions.get(scope, child.id) for child in (first, second, third)]
    assert [child.status for child in found] == ["cancelled", "complete", "active"]
    assert found[2].seq == 0


def test_running_a_parent_leaves_its_children_to_others(scope: Scope) -> None:
    """`run` stops at the Spawn; driven by whomever, the children wake it."""
    parent = sessions.create(scope, "family", input={"children": [{}]})
    waiting = sessions.run(scope, parent.id, ok)
    assert waiting.open is not None
    finish(scope, children(scope, parent)[0])
    assert sessions.run(scope, parent.id, ok).status == "complete"


def test_driving_stops_where_a_child_waits_for_a_person(scope: Scope) -> None:
    """The others are run all the same; after the answer it goes on."""
    parent = sessions.create(scope, "family", input={"children": [{"type": "approval"}, {}]})
    waiting = sessions.drive(scope, parent.id, perform)
    assert (waiting.status, waiting.step) == ("active", "spawn")
    approval, pair = children(scope, parent)
    assert (approval.status, pair.status) == ("active", "complete")
    sessions.answer(scope, approval.id, "approve")
    assert sessions.drive(scope, parent.id, perform).status == "complete"


def test_an_active_child_is_not_reopened(scope: Scope) -> None:
    """There is nothing to wake a parent for."""
    parent = family(scope, {})
    with pytest.raises(SessionActive):
        sessions.reopen(scope, children(scope, parent)[0].id)
    assert sessions.get(scope, parent.id) == parent
