"""What is done to a session as a whole: created, cancelled, tried again, reopened, put away."""

from typing import Any

import pytest

from interlock import Call, Result, Scope, accounts, sessions
from interlock.engine.errors import (
    ComponentNotFound,
    InvalidInput,
    PluginUnusable,
    SessionActive,
    SessionEnded,
    UnknownType,
)
from tests.sessions.moves import fail, finish, log, ok, restart, story, submit


def test_a_session_is_created_as_it_is_asked_for(scope: Scope) -> None:
    """Everything that was given is kept; nothing is issued yet."""
    component = accounts.add_component(scope, "parser")
    session = sessions.create(
        scope,
        "pair",
        input={"n": 1, "deep": {"list": [1, 2.5, None, True, "é"]}},
        title="Mend the parser",
        agent="program ruff check --fix .",
        environment="local",
        workdir="/somewhere",
        component=component,
        budget=7,
        execution_mode="auto",
    )
    restart()
    found = sessions.get(scope, session.id)
    assert found == session
    assert (found.status, found.step, found.seq, found.open) == ("active", "first", 0, None)
    assert (found.title, found.budget, found.component_id) == ("Mend the parser", 7, component)
    assert found.agent == "program ruff check --fix ."
    assert found.inserted_at is not None
    assert found.inserted_at.utcoffset() is not None
    assert len(found.type_digest) == 64
    assert list(sessions.history(scope, session.id)) == []


@pytest.mark.parametrize(
    ("asked", "error", "told"),
    [
        ({"type": "pear"}, UnknownType, "there is no session type 'pear'; did you mean pair"),
        ({"type": ""}, UnknownType, "there is no session type"),
        ({"type": "../pair"}, UnknownType, "there is no session type"),
        ({"type": "a\0b"}, UnknownType, "there is no session type"),
        ({"type": "\ud800"}, UnknownType, "there is no session type"),
        ({"input": {"x": float("nan")}}, InvalidInput, "the input.x has nan"),
        ({"input": {"x": {"y": 2**63}}}, InvalidInput, "beyond 64 bits"),
        ({"input": {1: 2}}, InvalidInput, "keys are strings"),
        ({"input": {"x": "a\0"}}, InvalidInput, "has a NUL character"),
        ({"input": {"\ud800": 1}}, InvalidInput, "has a lone surrogate"),
        ({"input": {"x": object}}, InvalidInput, "which JSON has not"),
        ({"title": "\ud800"}, InvalidInput, "lone surrogate"),
        ({"title": "a\0b"}, InvalidInput, "NUL"),
        ({"workdir": "/\udcff"}, InvalidInput, "lone surrogate"),
        ({"agent": ""}, InvalidInput, "the agent is empty"),
        ({"agent": " "}, InvalidInput, "the agent is empty"),
        ({"agent": "no_such_agent --fast"}, PluginUnusable, "no_such_agent"),
        ({"agent": "program \udcff"}, InvalidInput, "lone surrogate"),
        ({"environment": "no_such_place"}, PluginUnusable, "no_such_place"),
        ({"environment": ""}, InvalidInput, "the environment is empty"),
        ({"budget": 0}, InvalidInput, "the budget is a whole number"),
        ({"budget": -1}, InvalidInput, "the budget is a whole number"),
        ({"budget": 2**63}, InvalidInput, "cannot keep this value"),
        ({"execution_mode": "later"}, InvalidInput, "no execution mode 'later'; use manual, auto"),
        ({"component": "nobody"}, ComponentNotFound, "there is no component nobody"),
    ],
    ids=ascii,
)
def test_what_cannot_be_created_is_refused(
    scope: Scope, asked: dict[str, Any], error: type[Exception], told: str
) -> None:
    """Bad input is told in one line, and nothing is left of it."""
    with pytest.raises(error, match=told) as caught:
        sessions.create(scope, **{"type": "pair", **asked})
    assert "\n" not in str(caught.value)
    assert sessions.find(scope).sessions == ()


def test_deep_input_is_refused(scope: Scope) -> None:
    """A hundred levels are enough for anybody; 10^5 do not end the process."""
    deep: dict[str, Any] = {}
    for _ in range(10**5):
        deep = {"x": deep}
    with pytest.raises(InvalidInput, match="nested deeper than 100 levels"):
        sessions.create(scope, "pair", input=deep)


def test_a_component_of_somebody_else_is_none(scope: Scope, stranger: Scope) -> None:
    """Another account's component, or another project's, cannot be worked on."""
    component = accounts.add_component(scope, "parser")
    with pytest.raises(ComponentNotFound):
        sessions.create(stranger, "pair", component=component)


def test_a_large_input_is_kept_whole(scope: Scope) -> None:
    """One megabyte in one argument comes back as it was."""
    text = "é" * 500_000
    session = sessions.create(scope, "pair", input={"text": text})
    restart()
    assert sessions.get(scope, session.id).input == {"text": text}


def test_cancelling_ends_a_session(scope: Scope) -> None:
    """For good, with its open interaction, and with the reason in the log."""
    session = sessions.create(scope, "pair")
    sessions.next_command(scope, session.id)
    cancelled = sessions.cancel(scope, session.id, "changed\0 my mind")
    assert (cancelled.status, cancelled.reason) == ("cancelled", "changed\ufffd\\x00 my mind")
    assert (cancelled.open, cancelled.step) == (None, "first")
    assert cancelled.ended_at is not None
    restart()
    assert sessions.get(scope, session.id) == cancelled
    assert log(scope, session)[1].command == Call(
        "session.cancel", {"reason": "changed\ufffd\\x00 my mind"}
    )
    assert sessions.check(scope, session.id) == []


def test_only_an_active_session_is_cancelled(scope: Scope) -> None:
    """What has ended has ended."""
    for ended in (
        finish(scope, sessions.create(scope, "pair")),
        fail(scope, sessions.create(scope, "pair")),
        sessions.cancel(scope, sessions.create(scope, "pair").id),
    ):
        with pytest.raises(SessionEnded):
            sessions.cancel(scope, ended.id)
        assert sessions.get(scope, ended.id) == ended


def test_a_failed_session_is_tried_again_where_it_failed(scope: Scope) -> None:
    """With its limits anew: neither the attempts nor the budget of before count."""
    session = sessions.create(scope, "unseen", budget=2)
    session = submit(scope, session, Result())
    failed = submit(scope, session, Result("error", error="no luck"))
    assert (failed.status, failed.reason, failed.step) == ("failed", "no luck", "prompt")
    active = sessions.retry(scope, session.id)
    assert (active.status, active.reason, active.ended_at) == ("active", None, None)
    assert (active.step, active.attempt) == ("prompt", 1)
    session = submit(scope, active, Result())
    assert (session.status, session.step) == ("active", "careful")
    assert story(scope, session) == [
        ("shell", "done"), ("prompt", "done"), ("session.retry", "done"), ("prompt", "done"),
    ]  # fmt: skip
    assert sessions.check(scope, session.id) == []


def test_only_a_failed_session_is_tried_again(scope: Scope) -> None:
    """An active one is refused, and one that ended otherwise is to be reopened."""
    session = sessions.create(scope, "pair")
    with pytest.raises(SessionActive):
        sessions.retry(scope, session.id)
    finish(scope, session)
    with pytest.raises(InvalidInput, match="is complete, not failed; reopen it"):
        sessions.retry(scope, session.id)


def test_any_ended_session_is_reopened(scope: Scope) -> None:
    """Where it ended, or at a step of one's choice; the log goes on."""
    complete = finish(scope, sessions.create(scope, "pair"))
    again = sessions.reopen(scope, complete.id, "first")
    assert (again.status, again.step, again.ended_at) == ("active", "first", None)
    assert finish(scope, again).seq == 5
    cancelled = sessions.cancel(scope, sessions.create(scope, "pair").id)
    assert sessions.reopen(scope, cancelled.id).step == "first"
    failed = fail(scope, sessions.create(scope, "pair"))
    assert finish(scope, sessions.reopen(scope, failed.id, "second")).status == "complete"
    for session in (complete, cancelled, failed):
        assert sessions.check(scope, session.id) == []


def test_a_session_is_reopened_only_at_a_step_it_has(scope: Scope) -> None:
    """The steps there are, are named; an active session is refused."""
    session = sessions.create(scope, "pair")
    with pytest.raises(SessionActive):
        sessions.reopen(scope, session.id)
    finish(scope, session)
    for bad in ("third", "complete", ""):
        with pytest.raises(
            InvalidInput, match=r"has no step .*; reopen it at one of first, second"
        ):
            sessions.reopen(scope, session.id, bad)


def test_only_an_ended_session_is_archived(scope: Scope) -> None:
    """An active one would be forgotten while it runs."""
    session = sessions.create(scope, "pair")
    for undo in (False, True):
        with pytest.raises(SessionActive, match="cancel it before archiving"):
            sessions.archive(scope, session.id, undo=undo)


@pytest.mark.parametrize("how", ["retry", "reopen"])
def test_a_session_that_goes_on_is_not_archived(scope: Scope, how: str) -> None:
    """Whoever makes an archived session active finds it in the list again."""
    failed = fail(scope, sessions.create(scope, "pair"))
    sessions.archive(scope, failed.id)
    active = getattr(sessions, how)(scope, failed.id)
    assert active.archived_at is None
    assert [found.id for found in sessions.find(scope).sessions] == [failed.id]


def test_archiving_changes_nothing_else(scope: Scope) -> None:
    """Not the log, not when it ended, not where it stands."""
    ended = finish(scope, sessions.create(scope, "pair"))
    before = log(scope, ended)
    archived = sessions.archive(scope, ended.id)
    back = sessions.archive(scope, ended.id, undo=True)
    assert log(scope, ended) == before
    for found in (archived, back):
        assert (found.status, found.ended_at, found.state) == (
            "complete",
            ended.ended_at,
            ended.state,
        )
    assert sessions.run(scope, ended.id, ok).status == "complete"
