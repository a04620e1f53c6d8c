"""The roles of a PostgreSQL server that keep accounts apart, made by an administrator."""

from __future__ import annotations

import re
from typing import Any

from interlock.engine.errors import InvalidInput, Refused
from interlock.store import walls
from interlock.store.connection import backend, execute, fetch, guard
from interlock.store.tables import database
from interlock.store.walls import Roles

PREFIX = re.compile(r"[a-z][a-z0-9_]{0,39}")


def set_up(prefix: str, passwords: dict[str, str]) -> Roles:
    """The roles, made where they are missing, with every table of the open database kept apart
    for them. `passwords` has new ones by the name of the role; of others they stay.

    Raises InvalidInput for a prefix that cannot begin a role's name, Refused where a role of that
    name may do too much, StoreUnusable where this role may not do it.
    """
    if PREFIX.fullmatch(prefix) is None:
        raise InvalidInput(f"{prefix!r:.60} begins no role's name; use a-z, 0-9 and _")
    if backend().is_file:
        raise Refused("only PostgreSQL has roles; a file is kept from others by its mode")
    if backend().is_walled:
        raise Refused("roles are made by an administrator; name one in INTERLOCK_DATABASE_URL")
    roles = Roles.named(prefix)
    with guard(), backend().alone():
        _make(roles)
        _require_narrow(roles)
        for name in roles.app, roles.worker:
            if name in passwords:
                _set_password(name, passwords[name])
        walls.raise_walls(database.obj, roles)
    return roles


def _make(roles: Roles) -> None:
    there = {name for (name,) in fetch("SELECT rolname FROM pg_roles")}
    for name, kind in ((roles.owner, "NOLOGIN"), (roles.app, "LOGIN"), (roles.worker, "LOGIN")):
        if name not in there:
            execute(f"CREATE ROLE {name} {kind}")
    execute(f"GRANT {roles.app} TO {roles.worker}")
    if not fetch(f"SELECT pg_has_role('{roles.owner}', 'USAGE')")[0][0]:
        execute(f"GRANT {roles.owner} TO CURRENT_USER")  # who makes a role is not yet one of it


def _require_narrow(roles: Roles) -> None:
    for name in roles.app, roles.worker:
        flags = "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = ?"
        if any(fetch(flags, (name,))[0]):
            raise Refused(
                f"the role {name} is shown every row; "
                f"say `ALTER ROLE {name} NOSUPERUSER NOBYPASSRLS` and do it again"
            )
        if fetch("SELECT pg_has_role(?, ?, 'MEMBER')", (name, roles.owner))[0][0]:
            raise Refused(
                f"the role {name} is a member of {roles.owner}; "
                f"say `REVOKE {roles.owner} FROM {name}` and do it again"
            )


def _set_password(name: str, password: str) -> None:
    """Only its digest leaves this process, so that no log of the server has it."""
    from psycopg import sql

    server: Any = database.connection().pgconn
    digest = server.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), digest).as_string())
