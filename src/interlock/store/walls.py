"""Accounts kept apart by the database itself, on PostgreSQL: whose the tables are, what the role
that Interlock runs as may do in them, and which rows it sees.

The tables belong to a role that nobody logs in as. The role of the application sees and writes only
rows of the account that its transaction names, adds to logs and does not change what is closed, and
deletes only what has a tombstone. A statement that forgets to ask for the account finds nothing of
others. Nothing here keeps out who may run any SQL as that role and names another account in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from interlock.store import messages, owners, queue
from interlock.store.across import Across

ACROSS = (*owners.ACROSS, *queue.ACROSS, *messages.ACROSS)
SCOPE = "(SELECT current_setting('interlock.account', true))"
"""Asked once by each statement. It has no value that the planner knows: a plan that is kept must
not be one that was good for a small account only."""

OWN = f"account_id = {SCOPE}"
OF_OWN_SESSION = f"{OWN} AND EXISTS (SELECT 1 FROM session s WHERE s.id = session_id)"
"""Policies hold in what a policy asks, too: the session is one of the same account."""
GONE = f"{OWN} AND EXISTS (SELECT 1 FROM tombstone t WHERE t.session_id = {{}})"
ENDED = (
    f"{OWN} AND EXISTS (SELECT 1 FROM session s WHERE s.id = session_id AND s.status <> 'active')"
)
MEMBER = (
    f'EXISTS (SELECT 1 FROM membership m WHERE m.user_id = "user".id AND m.account_id = {SCOPE})'
)

MAY_WRITE = (
    f"EXISTS (SELECT 1 FROM session s WHERE s.id = $1 AND s.{OWN}) "
    "OR pg_has_role(session_user, '{}', 'MEMBER')"
)

SESSION_COLUMNS = (
    *("agent", "execution_mode", "queue", "priority", "lease_owner", "lease_until"),
    *("external_conversation_id", "title", "state", "status", "reason", "step", "attempt", "seq"),
    *("since", "budget", "version", "head", "updated_at", "last_activity_at", "ended_at"),
    *("archived_at", "ready_at"),
)
ROW_COLUMNS = ("status", "result", "submitted", "completed_at", "digest")


@frozen
class Rights:
    """What the application may do with the rows of a table: which it sees, adds, changes, and in
    which columns, and takes away. None: not at all."""

    see: str = OWN
    add: str | None = OWN
    change: str | None = None
    columns: Sequence[str] = ()
    delete: str | None = None
    by_workers: bool = False
    """True where only workers have them."""


OF_WORKERS = Rights(see="true", add="true", change="true", delete="true", by_workers=True)
"""Messages: ids of sessions and names of queues, of all accounts."""
RIGHTS: Mapping[str, Rights] = {
    "account": Rights(see=f"id = {SCOPE}", add=f"id = {SCOPE}"),
    "user": Rights(see=MEMBER, add=f"EXISTS (SELECT 1 FROM account a WHERE a.id = {SCOPE})"),
    "membership": Rights(),
    "project": Rights(change=OWN, columns=("current_session_id",)),
    "component": Rights(),
    "session": Rights(change=OWN, columns=SESSION_COLUMNS, delete=GONE.format("session.id")),
    "interaction": Rights(
        add=OF_OWN_SESSION,
        change=f"{OWN} AND status = 'open'",
        columns=ROW_COLUMNS,
        delete=GONE.format("interaction.session_id"),
    ),
    "usage": Rights(
        add=OF_OWN_SESSION,
        change=OWN,
        columns=("cost", "priced_at"),
        delete=GONE.format("usage.session_id"),
    ),
    "budget": Rights(delete=OWN),
    "event": Rights(add=OF_OWN_SESSION, delete=GONE.format("event.session_id")),
    "context": Rights(add=OF_OWN_SESSION, delete=GONE.format("context.session_id")),
    "blob": Rights(delete=OWN),
    "tombstone": Rights(add=ENDED),
    "schema_migration": Rights(see="true", add=None),
    "procrastinate_jobs": OF_WORKERS,
    "procrastinate_events": OF_WORKERS,
    "procrastinate_workers": OF_WORKERS,
    "procrastinate_periodic_defers": OF_WORKERS,
}
"""What there is no right for is refused. Which migrations were applied is no account's."""
NUMBERED = ("event", "budget")
OTHERS_NUMBERED = (
    "procrastinate_jobs",
    "procrastinate_events",
    "procrastinate_workers",
    "procrastinate_periodic_defers",
)
OTHERS_FUNCTIONS = (
    "SELECT oid::regprocedure::text FROM pg_proc WHERE proname LIKE 'procrastinate#_%' ESCAPE '#' "
    "AND pronamespace = current_schema()::regnamespace"
)
OTHERS_TYPES = (
    "SELECT t.oid::regtype::text FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid "
    "WHERE t.typname LIKE 'procrastinate#_%' ESCAPE '#' AND t.typelem = 0 "
    "AND (c.relkind IS NULL OR c.relkind = 'c') AND t.typnamespace = current_schema()::regnamespace"
)
"""What else Procrastinate made has to be its tables' owner's, to be brought up to date by him."""


@frozen
class Roles:
    """The names of the roles of one installation."""

    owner: str
    """Has the tables; nobody logs in as it."""
    app: str
    """What Interlock runs as."""
    worker: str
    """What workers run as: they look across accounts, through functions that tell no content."""

    @classmethod
    def named(cls, prefix: str) -> Roles:
        """Those that begin with a word."""
        return cls(f"{prefix}_owner", f"{prefix}_app", f"{prefix}_worker")


def raised(database: Any) -> Roles | None:
    """The roles that the tables of a database are kept apart for; None where they are not."""
    found = database.find(
        "SELECT pg_get_userbyid(relowner), relforcerowsecurity FROM pg_class "
        "WHERE oid = to_regclass('session')",
        (),
    )
    owner, forced = found[0] if found else ("", False)
    return Roles.named(owner.removesuffix("_owner")) if forced else None


def raise_walls(database: Any, roles: Roles) -> None:
    """Give each table its owner, policies and rights, in the transaction that it is in. What is
    there from before is made anew."""
    (schema,) = database.find("SELECT current_schema()", ())[0]
    for statement in statements(schema, roles):
        database.change(statement, ())
    for what, found in (("FUNCTION", OTHERS_FUNCTIONS), ("TYPE", OTHERS_TYPES)):
        for (name,) in database.find(found, ()):
            database.change(f"ALTER {what} {name} OWNER TO {roles.owner}", ())


def statements(schema: str, roles: Roles) -> Iterator[str]:
    """What is the same in every database, in order."""
    yield f'GRANT USAGE, CREATE ON SCHEMA "{schema}" TO {roles.owner}'
    yield f'GRANT USAGE ON SCHEMA "{schema}" TO {roles.app}'
    yield f'REVOKE CREATE ON SCHEMA "{schema}" FROM PUBLIC'
    for name, rights in RIGHTS.items():
        yield from _keep_apart(f'"{schema}"."{name}"', rights, roles)
    for name, role in (
        *((name, roles.app) for name in NUMBERED),
        *((name, roles.worker) for name in OTHERS_NUMBERED),
    ):
        yield f'GRANT USAGE ON SEQUENCE "{schema}"."{name}_id_seq" TO {role}'
    for one in ACROSS:
        yield from _open(schema, one, roles)


def _keep_apart(table: str, rights: Rights, roles: Roles) -> Iterator[str]:
    yield f"ALTER TABLE {table} OWNER TO {roles.owner}"
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield f"REVOKE ALL ON {table} FROM PUBLIC, {roles.app}, {roles.worker}"
    yield f"DROP POLICY IF EXISTS all_of_owner ON {table}"
    yield f"CREATE POLICY all_of_owner ON {table} TO {roles.owner} USING (true) WITH CHECK (true)"
    role = roles.worker if rights.by_workers else roles.app
    columns = f" ({', '.join(rights.columns)})" if rights.columns else ""
    for name, what, how, which in (
        ("see", "SELECT", "USING", rights.see),
        ("add", "INSERT", "WITH CHECK", rights.add),
        ("change", "UPDATE", "USING", rights.change),
        ("remove", "DELETE", "USING", rights.delete),
    ):
        yield f"DROP POLICY IF EXISTS {name} ON {table}"
        if which is not None:
            checked = f" WITH CHECK ({rights.see})" if what == "UPDATE" else ""
            rule = f"FOR {what} TO {role} {how} ({which}){checked}"
            yield f"CREATE POLICY {name} ON {table} {rule}"
            yield f"GRANT {what}{columns if what == 'UPDATE' else ''} ON {table} TO {role}"


def _open(schema: str, one: Across, roles: Roles) -> Iterator[str]:
    """A function in place of a statement that looks across accounts."""
    body, number = one.sql, 0
    while "?" in body:
        number += 1
        body = body.replace("?", f"${number}", 1)
    signature = f'"{schema}".{one.name}({", ".join(one.takes)})'
    yield f"DROP FUNCTION IF EXISTS {signature}"
    if one.gives:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in one.gives.items())
        made = f"TABLE ({columns}) LANGUAGE sql STABLE"
    else:
        made = "void LANGUAGE plpgsql"
        body = f"BEGIN IF {MAY_WRITE.format(roles.worker)} THEN {body}; END IF; END"
    yield (
        f"CREATE FUNCTION {signature} RETURNS {made} SECURITY DEFINER "
        f'SET search_path = "{schema}", pg_temp AS $statement$ {body} $statement$'
    )
    yield f"ALTER FUNCTION {signature} OWNER TO {roles.owner}"
    yield f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC"
    who = roles.worker if one.by_workers else roles.app
    yield f"GRANT EXECUTE ON FUNCTION {signature} TO {who}"
