"""Whose sessions these are: accounts, projects and people by name, and the session in use."""

from __future__ import annotations

from datetime import UTC, datetime

from interlock.engine.errors import InvalidInput, SessionNotFound
from interlock.engine.values import Scope
from interlock.store import owners, records
from interlock.store.acting import scoped


def enter(
    account: str,
    project: str | None = None,
    *,
    path: str | None = None,
    user: str | None = None,
) -> Scope:
    """The scope of an account and a project by name; rows are made where there are none.

    Raises InvalidInput for a name that is empty or too long.
    """
    return owners.enter(account, project, path, user, datetime.now(UTC))


def find(account: str, project: str | None = None, *, user: str | None = None) -> Scope:
    """The scope of an account and a project by name. Nothing is made: a name that nobody has used
    yet has an id that nothing else has.

    Raises InvalidInput for a name that is empty or too long.
    """
    return owners.find(account, project, user)


@scoped
def add_component(scope: Scope, name: str) -> str:
    """The id of the component with this name in scope, made where there is none.

    Raises InvalidInput for a name that is empty or too long.
    """
    return owners.add_component(scope, name, datetime.now(UTC))


@scoped
def use(scope: Scope, session_id: str) -> None:
    """Make a session the one in use in the scope's project. Raises SessionNotFound, and
    InvalidInput for a scope that has no project."""
    if scope.project_id is None:
        raise InvalidInput("a session is in use in a project; name the project")
    if records.one(scope, session_id) is None:
        raise SessionNotFound
    owners.use(scope, session_id)


@scoped
def current(scope: Scope) -> str | None:
    """The id of the session in use in the scope's project, if there is one."""
    return owners.current(scope)


@scoped
def project_names(scope: Scope) -> dict[str, str]:
    """The names of the account's projects by id."""
    return owners.project_names(scope.account_id)
