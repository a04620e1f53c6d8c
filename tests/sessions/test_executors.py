"""What an executor does wrong is a result; what it tells meanwhile is kept."""

from typing import Any

import pytest

from interlock import Command, Interaction, Result, Scope, Session, Shell, sessions
from interlock.engine.errors import SessionNotFound, StaleSession
from tests.sessions.moves import log, ok, story


class Interrupted(Exception):
    """A fault of an executor that cannot even be told."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("no disk"), "the executor raised ValueError: no disk"),
        (SessionNotFound("not here"), "the executor raised SessionNotFound: not here"),
        (StaleSession(), "the executor raised StaleSession: Somebody else moved"),
        (RuntimeError("a\0\ud800"), "the executor raised RuntimeError: a\ufffd\\x00\ufffd\\ud800"),
        (Interrupted(), "the executor raised Interrupted: it cannot say why"),
        (RuntimeError("x" * 10_000), "the executor raised RuntimeError: xxx"),
    ],
    ids=repr,
)
def test_what_an_executor_raises_is_an_error_result(
    scope: Scope, error: Exception, reason: str
) -> None:
    """It ends the session failed, or takes a row of the table; never is it left pending."""
    session = sessions.create(scope, "pair")

    def execute(command: Command) -> Result:
        raise error

    ended = sessions.run(scope, session.id, execute)
    assert ended.status == "failed"
    assert ended.reason is not None
    assert ended.reason.startswith(reason)
    assert len(ended.reason) < 2500
    (row,) = log(scope, session)
    assert row.result is not None
    assert (row.status, row.result.status) == ("done", "error")


@pytest.mark.parametrize(
    ("returned", "reason"),
    [
        (None, "the executor returned NoneType and no Result"),
        ("ok", "the executor returned str and no Result"),
        (Result(data={"x": float("nan")}), "what came back cannot be kept: data.x has nan"),
        (Result(data={"x": object}), "what came back cannot be kept: data.x has a type"),
        (Result(remember={"\ud800": 1}), "what came back cannot be kept: remember has a lone"),
        (Result(code="1"), "what came back cannot be kept: code is a whole number"),  # type: ignore[arg-type]
        (Result(code=2**64), "what came back cannot be kept: code has a number beyond 64 bits"),
        (Result(output=5), "what came back cannot be kept: a text is needed"),  # type: ignore[arg-type]
    ],
    ids=["None", "text", "NaN", "object", "surrogate", "text code", "large code", "number output"],
)
def test_what_is_no_result_is_an_error_result(scope: Scope, returned: Any, reason: str) -> None:
    """Whatever an executor returns, the session has a result that says what is wrong with it."""
    session = sessions.create(scope, "pair")
    ended = sessions.run(scope, session.id, lambda command: returned)
    assert ended.status == "failed"
    assert ended.reason is not None
    assert ended.reason.startswith(reason)
    assert [row.status for row in log(scope, session)] == ["done"]


def test_a_status_that_leads_nowhere_is_an_error_result(scope: Scope) -> None:
    """A status with no row at its step is told, with those there are."""
    ended = sessions.run(scope, sessions.create(scope, "pair").id, lambda _: Result("merged"))
    assert ended.status == "failed"
    assert ended.reason == "step first takes no status 'merged'; use ok, error"


def test_a_result_handed_in_meanwhile_counts(scope: Scope) -> None:
    """An agent may submit its own result while it runs: the run goes on from there, and what the
    executor returns for that interaction is kept as late."""
    session = sessions.create(scope, "pair")

    def execute(command: Command) -> Result:
        if command == Shell(("first", "0")):
            sessions.handle_result(scope, session.id, "1", Result(output="by the agent"))
        return ok(command)

    ended = sessions.run(scope, session.id, execute)
    assert ended.state == {"seen": "second by the agent"}
    assert story(scope, session) == [("first", "done"), ("second", "done")]
    assert [event.type for event in sessions.events(scope, session.id)] == ["late_result"]


def test_what_an_executor_emits_is_kept_at_once(scope: Scope) -> None:
    """An event is in the database while its command still runs."""
    session = sessions.create(scope, "pair")
    seen: list[list[Any]] = []

    def perform(
        session: Session, interaction: Interaction, *, emit: sessions.Emit, **_: Any
    ) -> Result:
        emit("output", {"text": f"of {interaction.step}"})
        seen.append([(e.seq, e.data["text"]) for e in sessions.events(scope, session.id)])
        return ok(interaction.command)

    sessions.drive(scope, session.id, perform)
    assert seen == [[(1, "of first")], [(1, "of first"), (2, "of second")]]
