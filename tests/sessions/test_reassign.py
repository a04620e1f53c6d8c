"""A session goes on with another agent."""

from __future__ import annotations

import pytest

from interlock import Command, Prompt, Result, Scope, sessions
from interlock.engine.errors import InvalidInput, PluginUnusable, SessionBusy, SessionNotFound


def begin(scope: Scope) -> str:
    """A session with an agent, at its first command."""
    id_ = sessions.create(scope, "mending", agent="claude-code").id
    sessions.next_command(scope, id_)
    return id_


def test_it_has_another_agent_from_here_on(scope: Scope) -> None:
    """Kept in the row, told as an event of the command that it comes after, and no move."""
    id_ = begin(scope)
    before = sessions.get(scope, id_)
    after = sessions.reassign(scope, id_, "codex --model gpt-5.5 || claude-code")
    assert after.agent == sessions.get(scope, id_).agent == "codex --model gpt-5.5 || claude-code"
    assert (after.step, after.seq, after.open) == (before.step, before.seq, before.open)
    (event,) = sessions.events(scope, id_, interaction=f"{id_}.1")
    assert (event.type, event.data) == ("reassign", {"agent": after.agent, "was": "claude-code"})
    assert sessions.check(scope, id_) == []


def test_the_same_agent_again_changes_nothing(scope: Scope) -> None:
    """Not even the version."""
    id_ = begin(scope)
    before = sessions.get(scope, id_)
    assert sessions.reassign(scope, id_, "claude-code") == before
    assert [*sessions.events(scope, id_)] == []


def test_a_session_that_has_not_begun_can_have_another(scope: Scope) -> None:
    """There is no row to tell it at."""
    id_ = sessions.create(scope, "mending").id
    assert sessions.reassign(scope, id_, "codex").agent == "codex"
    (event,) = sessions.events(scope, id_)
    assert (event.seq, event.data["was"]) == (None, None)


@pytest.mark.parametrize(
    ("agent", "error"),
    [
        ("", InvalidInput),
        ("codex ||", InvalidInput),
        ("codex || nobody", PluginUnusable),
        ("it's", InvalidInput),
        ("a\0", InvalidInput),
        ("codex --modle gpt-5.5", InvalidInput),
        ("codex || claude-code --max-turns none", InvalidInput),
        ("gemini --permission-mode sometimes", InvalidInput),
        ("program", InvalidInput),
        ("playback --any-step", InvalidInput),
    ],
)
def test_an_agent_that_cannot_be_used_is_refused(
    scope: Scope, agent: str, error: type[Exception]
) -> None:
    """Each of the line is looked at, here as in a new session."""
    id_ = begin(scope)
    with pytest.raises(error):
        sessions.reassign(scope, id_, agent)
    with pytest.raises(error):
        sessions.create(scope, "mending", agent=agent)
    assert sessions.get(scope, id_).agent == "claude-code"


def test_a_session_that_runs_keeps_its_agent(scope: Scope) -> None:
    """Whoever runs it has asked it already."""
    id_ = begin(scope)

    def execute(command: Command) -> Result:
        if isinstance(command, Prompt):
            return Result()
        with pytest.raises(SessionBusy, match="is being run"):
            sessions.reassign(scope, id_, "codex")
        return Result()

    assert sessions.run(scope, id_, execute).agent == "claude-code"


def test_a_stranger_reassigns_nothing(scope: Scope, stranger: Scope) -> None:
    """To them there is no such session."""
    id_ = begin(scope)
    with pytest.raises(SessionNotFound):
        sessions.reassign(stranger, id_, "codex")
    assert sessions.get(scope, id_).agent == "claude-code"
    assert [*sessions.events(scope, id_)] == []
