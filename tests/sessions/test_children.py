"""Parents and children: one child for each input, joined without anyone looking."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from interlock import Result, Scope, Session, Shell, accounts, sessions
from interlock.store.connection import disconnect
from tests.sessions.moves import (
    children,
    fail,
    family,
    finish,
    let_time_pass,
    log,
    ok,
    restart,
    story,
    submit,
)


def test_there_is_one_child_for_each_input(scope: Scope) -> None:
    """Of the type and with the input that the parent says, and with its owner and means."""
    component = accounts.add_component(scope, "parser")
    parent = sessions.create(
        scope,
        "family",
        input={
            "children": [
                {"input": {"n": 1}, "title": "One"},
                {"type": "loop", "agent": "program cat"},
            ]
        },
        agent="program true",
        environment="local",
        workdir="/somewhere",
        component=component,
    )
    sessions.next_command(scope, parent.id)
    first, second = children(scope, parent)
    assert (first.type, first.input, first.title) == ("pair", {"n": 1}, "One")
    assert (second.type, second.input) == ("loop", {})
    assert (first.agent, second.agent) == ("program true", "program cat")
    for child in (first, second):
        assert child.parent_id == parent.id
        assert (child.environment, child.workdir) == ("local", "/somewhere")
        assert child.component_id == component
        assert (child.status, child.execution_mode, child.seq) == ("active", "agentic", 0)


def test_the_same_spawn_makes_the_same_children(scope: Scope) -> None:
    """Asked again, reissued, run again by the table or retried: never a second child."""
    parent = family(scope, {"input": {"n": 1}}, {"input": {"n": 2}})
    made = children(scope, parent)
    sessions.next_command(scope, parent.id)
    sessions.next_command(scope, parent.id, reissue=True)
    assert children(scope, parent) == made
    for child in made:
        finish(scope, child)
    submit(scope, parent, Result("again"))
    again = sessions.next_command(scope, parent.id)
    assert again.step == "report"  # its children were complete already
    fail(scope, parent)
    sessions.reopen(scope, parent.id, "spawn")
    assert sessions.run(scope, parent.id, ok).status == "complete"
    assert [child.id for child in children(scope, parent)] == [child.id for child in made]
    assert story(scope, parent) == [
        ("spawn", "superseded"),
        ("spawn", "done"),
        ("report", "done"),
        ("spawn", "done"),
        ("report", "done"),
        ("session.reopen", "done"),
        ("spawn", "done"),
        ("report", "done"),
    ]
    assert sessions.check(scope, parent.id) == []


def test_a_key_tells_children_apart(scope: Scope) -> None:
    """Two equal inputs are two children; one key is one child, whatever its input."""
    twins = family(scope, {"input": {"n": 1}}, {"input": {"n": 1}})
    assert len(children(scope, twins)) == 2
    keyed = family(scope, {"key": "a", "input": {"n": 1}}, {"key": "b", "input": {"n": 1}})
    assert [child.spawn_key for child in children(scope, keyed)] == ["spawn/a", "spawn/b"]


def test_the_parent_is_woken_by_its_last_child(scope: Scope) -> None:
    """Nobody asks the parent: the end of the last child moves it on, in the same commit."""
    parent = family(scope, {}, {"type": "loop"})
    first, second = children(scope, parent)
    finish(scope, first)
    assert sessions.get(scope, parent.id) == parent
    submit(scope, second, Result("done"))
    woken = sessions.get(scope, parent.id)
    assert (woken.step, woken.open) == ("report", None)
    assert woken.last("spawn").data == {"children": {first.id: "complete", second.id: "complete"}}
    row = sessions.next_command(scope, parent.id)
    assert row.command == Shell(("report", "complete", "complete"))
    assert sessions.check(scope, parent.id) == []


ENDS: dict[str, Callable[[Scope, Session], Session]] = {
    "complete": finish,
    "failed": fail,
    "cancelled": lambda scope, child: sessions.cancel(scope, child.id, "not needed"),
}


@pytest.mark.parametrize(
    ("policy", "ends", "status", "reason"),
    [
        ("all", ["complete", "complete"], "active", None),
        ("all", ["complete", "failed"], "failed", "child sessions failed: pair (no luck)"),
        ("all", ["cancelled", "complete"], "failed", "child sessions cancelled: pair (not needed)"),
        ("all", ["cancelled", "failed"], "failed", "child sessions failed: pair (no luck)"),
        ("any", ["complete"], "active", None),
        ("any", ["failed", "complete"], "active", None),
        ("any", ["failed", "failed"], "failed", "child sessions failed: "),
        ("ignore_failed", ["failed", "cancelled"], "active", None),
        ("ignore_failed", ["complete", "failed"], "active", None),
        ("all", [], "active", None),
        ("any", [], "active", None),
    ],
)
def test_the_policy_says_what_is_enough(
    scope: Scope, policy: str, ends: Sequence[str], status: str, reason: str | None
) -> None:
    """After each of these ends the parent has moved on, or failed and says why; before the last
    of them it waits."""
    told = [{"input": {"n": n}} for n in range(2 if ends else 0)]
    parent = family(scope, *told, policy=policy)
    for child, end in zip(children(scope, parent), ends, strict=False):
        assert sessions.get(scope, parent.id).step == "spawn"
        assert sessions.get(scope, parent.id).active
        ENDS[end](scope, child)
    moved = sessions.get(scope, parent.id)
    assert moved.status == status
    assert moved.step == ("report" if status == "active" else "spawn")
    assert (moved.reason or "").startswith(reason or "")
    assert sessions.check(scope, parent.id) == []


def test_a_parent_waits_while_a_child_that_matters_is_active(scope: Scope) -> None:
    """One failed child does not end the wait for the others."""
    parent = family(scope, {"input": {"n": 1}}, {"input": {"n": 2}})
    first, second = children(scope, parent)
    fail(scope, first)
    assert sessions.get(scope, parent.id).active
    finish(scope, sessions.retry(scope, first.id))
    finish(scope, second)
    assert sessions.get(scope, parent.id).step == "report"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"type": "pear"}, "a child session cannot start: there is no session type 'pear'"),
        ({"type": "mend", "input": {}}, "a child session cannot start: mend needs the input"),
    ],
)
def test_a_child_that_cannot_start_fails_the_step_in_words(
    scope: Scope, told: dict[str, Any], reason: str
) -> None:
    """An unknown type or an input that it does not take; no half of a family is left."""
    parent = sessions.create(scope, "family", input={"children": [{}, told]})
    failed = sessions.run(scope, parent.id, ok)
    assert failed.status == "failed"
    assert (failed.reason or "").startswith(reason)
    assert children(scope, parent) == []
    assert story(scope, parent) == [("spawn", "done")]
    assert sessions.check(scope, parent.id) == []


def test_children_that_take_too_long_fail_the_step(scope: Scope) -> None:
    """After the time of a Spawn the rows of `timeout` take it; what comes later moves nothing."""
    parent = family(scope, {}, timeout=600)
    let_time_pass(parent)
    ended = sessions.run(scope, parent.id, ok)
    assert (ended.status, ended.reason) == ("failed", "the child sessions did not end in time")
    (child,) = children(scope, parent)
    finish(scope, child)
    assert sessions.get(scope, parent.id) == ended


def test_children_that_ended_in_time_count_even_if_nobody_asked(scope: Scope) -> None:
    """A limit is for those that are late."""
    parent = family(scope, {}, timeout=600)
    finish(scope, children(scope, parent)[0])
    assert sessions.get(scope, parent.id).step == "report"


def test_children_that_end_at_once_wake_their_parent_once(scope: Scope) -> None:
    """Eight children, each ended by a thread of its own: one join, with all of them in it."""
    parent = family(scope, *({"input": {"n": n}} for n in range(8)))
    made = children(scope, parent)
    start = threading.Barrier(len(made))
    errors: list[BaseException] = []

    def end(child: Session) -> None:
        try:
            start.wait(60)
            finish(scope, child)
        except BaseException as error:
            errors.append(error)
        finally:
            disconnect()

    threads = [threading.Thread(target=end, args=(child,)) for child in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    restart()
    woken = sessions.get(scope, parent.id)
    assert woken.step == "report"
    assert set(woken.last("spawn").data["children"].values()) == {"complete"}
    assert [row.status for row in log(scope, parent)] == ["done"]
