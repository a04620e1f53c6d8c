"""Accounts, people, projects and components, and the session a project has in use."""

from __future__ import annotations

from datetime import datetime

from interlock.engine.errors import InvalidInput
from interlock.engine.payload import visible
from interlock.engine.values import Scope
from interlock.store import records
from interlock.store.across import Across
from interlock.store.acting import acting
from interlock.store.connection import execute, fetch, fetch_one, tx
from interlock.store.times import write_time

MAX_NAME = 200

SCOPE = Across(
    "interlock_scope",
    "SELECT a.id, p.id, u.id FROM account a "
    "LEFT JOIN project p ON p.account_id = a.id AND p.name = ? "
    'LEFT JOIN "user" u ON u.name = ? '
    "LEFT JOIN membership m ON m.account_id = a.id AND m.user_id = u.id "
    "WHERE a.name = ? AND (u.id IS NULL OR m.user_id IS NOT NULL)",
    takes=("text", "text", "text"),
    gives={"account_id": "text", "project_id": "text", "user_id": "text"},
)
PERSON = Across(
    "interlock_person",
    'SELECT id FROM "user" WHERE name = ?',
    takes=("text",),
    gives={"id": "text"},
)
ACROSS = (SCOPE, PERSON)
"""Names are looked up before anybody knows whose account it is: who says one gets its id."""


def enter(
    account: str, project: str | None, path: str | None, user: str | None, now: datetime
) -> Scope:
    """The scope of an account and a project by name, with rows made where there are none.

    Raises InvalidInput for a name that is empty or too long.
    """
    found = _look_up(account, project, user)
    if found is not None:
        return found
    _check_names(account, project, user)
    path = None if path is None else visible(path)
    with tx():
        time = write_time(now)
        account_id = _ensure_account(account, time)
        with acting(account_id):
            if user is not None:
                execute(
                    "INSERT INTO membership (account_id, user_id, role, inserted_at) "
                    "VALUES (?, ?, 'owner', ?) ON CONFLICT DO NOTHING",
                    (account_id, _ensure_person(user, time), time),
                )
            if project is not None:
                execute(
                    "INSERT INTO project (id, account_id, name, path, inserted_at) "
                    "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (records.new_id(), account_id, project, path, time),
                )
    scope = _look_up(account, project, user)
    if scope is None:
        raise InvalidInput(f"the account {account!r} could not be entered")
    return scope


def find(account: str, project: str | None, user: str | None) -> Scope:
    """The scope of an account and a project by name. Nothing is made: a name without a row has an
    id that nothing else has.

    Raises InvalidInput for a name that is empty or too long.
    """
    found = _look_up(account, project, user)
    if found is not None:
        return found
    _check_names(account, project, user)
    rows = SCOPE.find(project, None, account)
    account_id, project_id, _ = rows[0] if rows else (None, None, None)
    if project is not None:
        project_id = project_id or records.new_id()
    return Scope(account_id or records.new_id(), project_id)


def add_component(scope: Scope, name: str, now: datetime) -> str:
    """The id of the component with this name in scope, made where there is none.

    Raises InvalidInput for a name that is empty or too long.
    """
    _check_name("component", name)
    with tx():
        where = "account_id = ? AND project_id IS NOT DISTINCT FROM ? AND name = ?"
        values = (scope.account_id, scope.project_id, name)
        row = fetch_one(f"SELECT id FROM component WHERE {where}", values)
        if row is not None:
            return str(row[0])
        made = records.new_id()
        execute(
            "INSERT INTO component (account_id, project_id, name, id, inserted_at) "
            "VALUES (?, ?, ?, ?, ?)",
            (*values, made, write_time(now)),
        )
        return made


def has_component(scope: Scope, component_id: str) -> bool:
    """True when the account has this component, in the scope's project if it has one."""
    row = fetch_one(
        "SELECT project_id FROM component WHERE id = ? AND account_id = ?",
        (component_id, scope.account_id),
    )
    return row is not None and scope.project_id in (None, row[0])


def use(scope: Scope, session_id: str) -> None:
    """Make a session the one in use in the scope's project."""
    with tx():
        execute(
            "UPDATE project SET current_session_id = ? WHERE id = ? AND account_id = ?",
            (session_id, scope.project_id, scope.account_id),
        )


def current(scope: Scope) -> str | None:
    """The id of the session in use in the scope's project, if there is one."""
    row = fetch_one(
        "SELECT current_session_id FROM project WHERE id = ? AND account_id = ?",
        (scope.project_id, scope.account_id),
    )
    return None if row is None else row[0]


def project_names(account_id: str) -> dict[str, str]:
    """The names of an account's projects by id."""
    rows = fetch("SELECT id, name FROM project WHERE account_id = ?", (account_id,))
    return {str(id_): str(name) for id_, name in rows}


def _look_up(account: str, project: str | None, user: str | None) -> Scope | None:
    rows = SCOPE.find(project, user, account)
    if not rows:
        return None
    scope = Scope(*rows[0])
    missing = (project is not None and scope.project_id is None) or (
        user is not None and scope.user_id is None
    )
    return None if missing else scope


def _check_names(account: str, project: str | None, user: str | None) -> None:
    for what, name in (("account", account), ("project", project), ("user", user)):
        if name is not None:
            _check_name(what, name)


def _check_name(what: str, name: str) -> None:
    if not name.strip() or len(name) > MAX_NAME or visible(name) != name:
        raise InvalidInput(f"{name!r} is no {what} name; use 1 to {MAX_NAME} plain characters")


def _ensure_account(name: str, time: str | None) -> str:
    made = records.new_id()
    sql = "INSERT INTO account (id, name, inserted_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    with acting(made):
        if execute(sql, (made, name, time)):
            return made
    return str(SCOPE.find(None, None, name)[0][0])


def _ensure_person(name: str, time: str | None) -> str:
    sql = 'INSERT INTO "user" (id, name, inserted_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
    execute(sql, (records.new_id(), name, time))
    return str(PERSON.find(name)[0][0])
