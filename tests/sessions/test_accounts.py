"""Accounts, projects, people and components by name, and the session a project has in use."""

import threading

import pytest

from interlock import Scope, accounts, sessions
from interlock.engine.errors import InvalidInput, SessionNotFound
from interlock.store.connection import disconnect, fetch


def names(table: str) -> list[str]:
    """The names in a table."""
    return [str(name) for (name,) in fetch(f'SELECT name FROM "{table}" ORDER BY name')]  # noqa: S608


def test_entering_makes_what_is_missing_once() -> None:
    """The same names are the same scope ever after."""
    scope = accounts.enter("acme", "site", path="/work/site", user="ann")
    assert accounts.enter("acme", "site", path="/elsewhere", user="ann") == scope
    assert (names("account"), names("project"), names("user")) == (["acme"], ["site"], ["ann"])
    assert fetch("SELECT path FROM project") == [("/work/site",)]
    rows = fetch("SELECT account_id, user_id, role FROM membership")
    assert rows == [(scope.account_id, scope.user_id, "owner")]


def test_finding_makes_nothing() -> None:
    """What is there is found; a name that nobody has used is a scope that sees nothing."""
    scope = accounts.enter("acme", "site", user="ann")
    before = (names("account"), names("project"), names("user"))
    assert accounts.find("acme", "site", user="ann") == scope
    assert accounts.find("acme", "site").project_id == scope.project_id
    assert accounts.find("acme").project_id is None
    elsewhere = accounts.find("acme", "elsewhere", user="bob")
    stranger = accounts.find("other", "site", user="ann")
    assert elsewhere.account_id == scope.account_id
    assert elsewhere.project_id not in (None, scope.project_id)
    assert stranger.account_id != scope.account_id
    assert stranger.project_id not in (None, scope.project_id)
    assert sessions.find(stranger).sessions == sessions.find(elsewhere).sessions == ()
    assert accounts.current(stranger) is None
    assert (names("account"), names("project"), names("user")) == before


def test_each_account_has_its_own_projects() -> None:
    """A project is told by its name within the account; a person may belong to several."""
    one, other = accounts.enter("acme", "site", user="ann"), accounts.enter("b", "site", user="ann")
    assert one.project_id != other.project_id
    assert one.user_id == other.user_id
    assert accounts.project_names(one) == {one.project_id: "site"}
    elsewhere = accounts.enter("acme", "elsewhere")
    assert set(accounts.project_names(one).values()) == {"site", "elsewhere"}
    assert elsewhere.account_id == one.account_id


def test_a_scope_may_have_no_project() -> None:
    """Then it is the whole account."""
    scope = accounts.enter("acme")
    assert (scope.project_id, scope.user_id) == (None, None)
    assert accounts.enter("acme") == scope == accounts.enter("acme", "site").account_wide


@pytest.mark.parametrize("bad", ["", "  ", "x" * 201, "a\0b", "\ud800"], ids=ascii)
@pytest.mark.parametrize("there", [False, True], ids=["new account", "known account"])
def test_a_name_that_is_none_is_refused(bad: str, there: bool) -> None:
    """Of an account, a project, a person or a component; never is it a wider scope instead."""
    if there:
        accounts.enter("acme", "site", user="ann")
    before = (names("account"), names("project"), names("user"))
    with pytest.raises(InvalidInput):
        accounts.enter(bad)
    with pytest.raises(InvalidInput):
        accounts.enter("acme", bad)
    with pytest.raises(InvalidInput):
        accounts.enter("acme", "site", user=bad)
    for words in ((bad,), ("acme", bad)):
        with pytest.raises(InvalidInput):
            accounts.find(*words)
    assert (names("account"), names("project"), names("user")) == before
    with pytest.raises(InvalidInput):
        accounts.add_component(accounts.enter("acme"), bad)


def test_a_path_that_is_no_text_is_made_visible() -> None:
    """A directory may have any name; the project still has one that can be read."""
    accounts.enter("acme", "site", path="/work/\udcff")
    assert fetch("SELECT path FROM project") == [("/work/\ufffd\\xff",)]


def test_names_are_data(scope: Scope) -> None:
    """No name is part of a statement."""
    bad = "x'; DROP TABLE session; --"
    assert accounts.enter(bad, bad, user=bad) == accounts.enter(bad, bad, user=bad)
    assert sessions.create(accounts.enter(bad, bad), "pair").title is None


def test_a_component_is_made_once(scope: Scope, stranger: Scope) -> None:
    """By its name in the project; a stranger's of the same name is another."""
    component = accounts.add_component(scope, "parser")
    assert accounts.add_component(scope, "parser") == component
    assert accounts.add_component(stranger, "parser") != component
    wide = accounts.add_component(scope.account_wide, "parser")
    assert wide == accounts.add_component(scope.account_wide, "parser") != component


def test_a_project_has_a_session_in_use(scope: Scope) -> None:
    """The one it was told last."""
    assert accounts.current(scope) is None
    first, second = sessions.create(scope, "pair"), sessions.create(scope, "pair")
    accounts.use(scope, first.id)
    accounts.use(scope, second.id)
    assert accounts.current(scope) == second.id


def test_a_stranger_neither_sees_nor_changes_what_is_in_use(scope: Scope, stranger: Scope) -> None:
    """Another account's session, or another project's, cannot be taken into use."""
    session = sessions.create(scope, "pair")
    accounts.use(scope, session.id)
    assert accounts.current(stranger) is None
    with pytest.raises((SessionNotFound, InvalidInput)):
        accounts.use(stranger, session.id)
    with pytest.raises(SessionNotFound):
        accounts.use(scope, "nobody")
    assert accounts.current(stranger) is None
    assert accounts.current(scope) == session.id
    assert scope.project_id not in accounts.project_names(accounts.enter("third"))


def test_a_session_is_used_in_a_project(scope: Scope) -> None:
    """A scope without a project has nothing to use it in, and says so."""
    session = sessions.create(scope, "pair")
    with pytest.raises(InvalidInput, match="name the project"):
        accounts.use(scope.account_wide, session.id)
    assert accounts.current(scope.account_wide) is None


def test_entering_at_once_makes_one() -> None:
    """Many who enter under a new name at the same time get the same scope."""
    start = threading.Barrier(6)
    scopes: list[Scope] = []

    def enter() -> None:
        start.wait(60)
        scopes.append(accounts.enter("acme", "site", user="ann"))
        disconnect()

    threads = [threading.Thread(target=enter) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(scopes) == 6
    assert len(set(scopes)) == 1
