"""Who is asking decides what there is: a stranger gets the same answer as for nothing at all."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from interlock import Interaction, Result, Scope, Session, accounts, sessions
from interlock.engine.errors import SessionNotFound
from interlock.store.connection import fetch
from tests.sessions.moves import finish, ok


def perform(session: Session, interaction: Interaction, **_: Any) -> Result:
    """An executor that must never be asked."""
    raise AssertionError(f"a stranger ran {interaction.command}")


# Each function of the context that is given a scope and a session, by name.
CALLS: dict[str, Callable[[Scope, str], object]] = {
    "add_context": lambda scope, key: sessions.add_context(scope, key, "hello"),
    "answer": lambda scope, key: sessions.answer(scope, key, "approve"),
    "archive": sessions.archive,
    "balances": sessions.balances,
    "cancel": sessions.cancel,
    "check": sessions.check,
    "check_usage": sessions.check_usage,
    "contexts": sessions.contexts,
    "costs": lambda scope, key: sessions.costs(scope, session=key),
    "dequeue": sessions.dequeue,
    "drive": lambda scope, key: sessions.drive(scope, key, perform),
    "enqueue": sessions.enqueue,
    "events": lambda scope, key: list(sessions.events(scope, key)),
    "get": sessions.get,
    "handle_result": lambda scope, key: sessions.handle_result(scope, key, f"{key}.1", Result()),
    "history": lambda scope, key: list(sessions.history(scope, key)),
    "next_command": sessions.next_command,
    "reassign": lambda scope, key: sessions.reassign(scope, key, "codex"),
    "record": lambda scope, key: sessions.record(scope, key, f"{key}.1", "note", {}),
    "reopen": sessions.reopen,
    "resolve": sessions.resolve,
    "retry": sessions.retry,
    "run": lambda scope, key: sessions.run(scope, key, ok),
    "unfinished_tokens": sessions.unfinished_tokens,
    "verify": sessions.verify,
    "delete": sessions.delete,
    "preview_deletion": sessions.preview_deletion,
    "set_budget": lambda scope, key: sessions.set_budget(scope, key, limits={"tokens": 1}),
}

# Those that are given a scope and no session: each has a test of its own, below or where costs are.
WITHOUT_A_SESSION = {"audit", "create", "find", "holders", "reprice", "subscribe", "usage"}


def everything() -> list[Any]:
    """Every row that a session consists of."""
    tables = ("session", "interaction", "event", "context", "blob", "usage", "budget")
    return [fetch(f'SELECT * FROM "{table}"') for table in tables]  # noqa: S608


def takes_scope(function: Any) -> bool:
    """True when the first thing a public function is given is who asks."""
    if not inspect.isfunction(function):
        return False
    return next(iter(inspect.signature(function).parameters), None) == "scope"


def test_every_function_that_takes_a_scope_is_tried_by_a_stranger() -> None:
    """A new function of the context without a test here fails."""
    public = {name for name in sessions.__all__ if takes_scope(getattr(sessions, name))}
    assert public == set(CALLS) | WITHOUT_A_SESSION


def test_no_function_of_the_context_has_a_scope_by_default() -> None:
    """Nobody gets at anything by saying nothing of who he is."""
    for name in (*CALLS, *WITHOUT_A_SESSION):
        scope = inspect.signature(getattr(sessions, name)).parameters["scope"]
        assert scope.default is inspect.Parameter.empty, name


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_stranger_gets_the_answer_for_nothing(scope: Scope, stranger: Scope, name: str) -> None:
    """Out of scope and missing are one answer, and nothing changes: active or ended."""
    session = sessions.create(scope, "approval" if name == "answer" else "pair")
    sessions.next_command(scope, session.id)
    ended = sessions.cancel(scope, sessions.create(scope, "pair").id)
    before = everything()
    for there in (session.id, ended.id):
        with pytest.raises(SessionNotFound) as theirs:
            CALLS[name](stranger, there)
        missing = there[:-4] + "0000"
        with pytest.raises(SessionNotFound) as nothing:
            CALLS[name](scope, missing)
        assert str(nothing.value).replace(missing, there) == str(theirs.value)
    assert everything() == before


@pytest.mark.parametrize("name", sorted(CALLS))
def test_an_id_that_is_none_is_not_found(scope: Scope, name: str) -> None:
    """Whatever is given as an id: no session has it."""
    sessions.create(scope, "pair")
    for bad in ("", "x", "%", "' OR 1=1 --", "a\0b", "9" * 100_000):
        with pytest.raises(SessionNotFound) as caught:
            CALLS[name](scope, bad)
        assert len(str(caught.value)) < 200


def test_a_prefix_of_a_strangers_id_is_not_found(scope: Scope, stranger: Scope) -> None:
    """A stranger cannot feel his way to an id."""
    session = sessions.create(scope, "pair")
    for length in (1, 8, 20, 35):
        with pytest.raises(SessionNotFound):
            sessions.resolve(stranger, session.id[:length])


def test_find_leaves_out_what_is_a_strangers(scope: Scope, stranger: Scope) -> None:
    """A stranger's list is empty, with every way of asking."""
    session = finish(scope, sessions.create(scope, "pair", title="secret"))
    sessions.archive(scope, session.id)
    sessions.create(scope, "pair", title="secret")
    for asked in (
        {"archived": True},
        {"text": "secret"},
        {"status": "complete", "archived": True},
        {"type": "pair"},
        {"after": "z"},
        {"parent": session.id, "archived": True},
    ):
        assert sessions.find(stranger, **asked).sessions == ()


def test_what_is_created_belongs_to_the_scope(scope: Scope) -> None:
    """Account, project and person are those of who asks; nothing in the input can change that."""
    session = sessions.create(
        scope, "pair", input={"account_id": "x", "project_id": "y", "id": "z"}, title="t"
    )
    owner = (session.account_id, session.project_id, session.user_id)
    assert owner == (scope.account_id, scope.project_id, scope.user_id)
    assert "account_id" not in inspect.signature(sessions.create).parameters
    assert "project_id" not in inspect.signature(sessions.create).parameters


def test_children_belong_to_their_parents_scope(scope: Scope, stranger: Scope) -> None:
    """What a session starts is owned by its owner, whoever moves the session."""
    parent = sessions.create(scope, "family", input={"children": [{}]})
    sessions.next_command(scope.account_wide, parent.id)
    (child,) = sessions.find(scope, parent=parent.id).sessions
    owner = (child.account_id, child.project_id, child.user_id)
    assert owner == (scope.account_id, scope.project_id, scope.user_id)
    assert sessions.find(stranger, parent=parent.id).sessions == ()


def test_a_scope_without_a_project_sees_the_whole_account(scope: Scope) -> None:
    """The account's projects together, and no other account's."""
    elsewhere = accounts.enter("acme", "elsewhere")
    other = accounts.enter("other", "site")
    mine = [sessions.create(where, "pair").id for where in (scope, elsewhere)]
    sessions.create(other, "pair")
    assert {found.id for found in sessions.find(scope.account_wide).sessions} == set(mine)
    assert [found.id for found in sessions.find(elsewhere).sessions] == mine[1:]
    assert sessions.get(scope.account_wide, mine[1]).project_id == elsewhere.project_id


def test_a_stranger_is_told_nothing(scope: Scope, stranger: Scope) -> None:
    """Who subscribes hears of what is in his scope, and of nothing else."""
    heard: list[str] = []
    ends = [
        sessions.subscribe(stranger, lambda *change: heard.append(change[0])),
        sessions.subscribe(scope, lambda change, *_: mine.append(change)),
    ]
    mine: list[str] = []
    try:
        finish(scope, sessions.create(scope, "pair"))
    finally:
        for end in ends:
            end()
    assert heard == []
    assert mine[0] == "created"
    assert mine[-1] == "ended"
