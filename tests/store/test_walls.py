"""The database itself keeps accounts apart, whatever is asked, and whoever forgets to name one."""

import psycopg
import pytest

from interlock import Result
from interlock.engine.errors import InvalidInput, Refused, StoreUnusable
from interlock.store import connection, deletion, queries, walls
from interlock.store.acting import acting
from interlock.store.connection import execute, fetch, tx
from interlock.store.messages import exchange, tell, withdraw
from tests.store.samples import NOW, enter, new_session, step_once
from tests.store.walled import TABLES, Walled, ask, asked_by, raw, shown

WRONG = (None, "", "nobody", "%", "' OR true --")


def test_every_table_is_kept_apart_and_is_nobodys_who_logs_in(walled: Walled) -> None:
    """Also one that is made tomorrow: row security is forced. There is no view to look past it."""
    found = walled.ask(
        "SELECT c.relname, c.relkind::text, c.relrowsecurity, c.relforcerowsecurity, r.rolcanlogin "
        "FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner "
        "WHERE c.relkind NOT IN ('i', 'S', 'c') "
        "AND c.relnamespace = 'public'::regnamespace"
    )
    assert sorted(found) == [(name, "r", True, True, False) for name in sorted(walls.RIGHTS)]


def test_what_looks_across_accounts_is_listed(walled: Walled) -> None:
    """Functions with the owner's rights: these and no others, none for everybody, and none that
    finds its tables by a path that a caller sets."""
    found = walled.ask(
        "SELECT proname, array_to_string(proconfig, ' '), "
        "has_function_privilege('public', oid, 'EXECUTE') "
        "FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    )
    path = "search_path=public, pg_temp"
    assert sorted(found) == sorted((one.name, path, False) for one in walls.ACROSS)


@pytest.mark.parametrize("role", ["app", "worker"])
def test_without_an_account_there_are_no_rows(walled: Walled, role: str) -> None:
    """Nor with one that is not there, also in a connection on which something failed before. Names
    that nobody has lead nowhere."""
    with psycopg.connect(walled.url_as(role)) as other:
        for account in (*WRONG, walled.scope.account_id[:-1]):
            with pytest.raises(psycopg.errors.DivisionByZero):
                other.execute("SELECT 1 / 0")
            other.rollback()
            if account is not None:
                other.execute("SELECT set_config('interlock.account', %s, true)", (account,))
            found = {
                name: other.execute(f'SELECT * FROM "{name}"'.encode()).fetchall()
                for name in TABLES
            }
            assert not any(found.values())
            for name in WRONG:
                scope = other.execute("SELECT * FROM interlock_scope('site', 'ann', %s)", (name,))
                person = other.execute("SELECT * FROM interlock_person(%s)", (name,))
                assert (scope.fetchall(), person.fetchall()) == ([], [])
            other.rollback()


def test_only_workers_look_across_accounts(walled: Walled) -> None:
    """And what they are told has no content."""
    for one in walls.ACROSS:
        if not one.by_workers:
            continue
        call = f"SELECT * FROM {one.name}({', '.join('NULL' for _ in one.takes)})"
        with psycopg.connect(walled.url_as("worker")) as worker:
            told = worker.execute(call.encode())
            names = [column.name for column in told.description or ()]
            assert not {"input", "state", "title", "reason", "workdir"} & {*names}
        with (
            psycopg.connect(walled.url_as("app")) as app,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            app.execute(call.encode())


def test_only_workers_read_messages(walled: Walled) -> None:
    """They are ids of sessions of all accounts. The application writes those of its own sessions,
    through functions; for another's it writes none."""
    queued = "UPDATE session SET queue = 'default', ready_at = now()"
    walled.ask(f"{queued} WHERE status = 'active'")
    messages = "SELECT queueing_lock FROM procrastinate_jobs"
    for name in ("jobs", "events", "workers", "periodic_defers"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(walled.url_as("app"), f"SELECT * FROM procrastinate_{name}")
    with acting(walled.stranger.account_id), tx():
        tell(walled.session.id)
        assert walled.ask(messages) == []
        tell(walled.foreign.id)
    assert walled.ask(messages) == [(walled.foreign.id,)]
    with acting(walled.scope.account_id), tx():
        withdraw(walled.foreign.id)
    assert ask(walled.url_as("worker"), messages) == [(walled.foreign.id,)]
    walled.turn_to(walled.url_as("worker"))
    exchange([], [walled.foreign.id])
    assert walled.ask(messages) == []


def test_an_account_is_shown_its_own_rows_and_no_others(walled: Walled) -> None:
    """Every table has rows of both, and each is shown half of them, whatever is asked for."""
    every = walled.count()
    every["user"] = 2 * every["user"]  # Ann belongs to both
    for scope in (walled.scope, walled.stranger):
        with tx(), acting(scope.account_id):
            fetch("SELECT 1")
            assert {name: 2 * number for name, number in shown().items()} == every
            for name in TABLES:
                if name not in ("account", "user"):
                    assert raw(f"SELECT DISTINCT account_id FROM {name}") == [(scope.account_id,)]


def test_a_statement_of_nobody_is_a_fault(walled: Walled) -> None:
    """It would find nothing, and nobody would know why. The clock is everybody's."""
    with pytest.raises(RuntimeError, match="a statement of no account: SELECT count"):
        fetch("SELECT count(*) FROM session")
    with pytest.raises(RuntimeError, match="of no account"), tx():
        execute("DELETE FROM budget")
    assert connection.now().year >= 2026


def test_the_account_ends_with_its_transaction(walled: Walled) -> None:
    """After a commit, a failure and a statement alone; and within a transaction where another was
    meant for a while. No connection keeps it."""
    nothing = dict.fromkeys(TABLES, 0)
    with acting(walled.scope.account_id):
        assert fetch("SELECT count(*) FROM session") == [(2,)]
        assert shown() == nothing
        with tx():
            fetch("SELECT 1")
            one = "SELECT count(*) FROM session WHERE id = ?"
            with acting(walled.stranger.account_id):
                assert fetch(one, (walled.session.id,)) == [(0,)]
                assert fetch(one, (walled.foreign.id,)) == [(1,)]
            assert fetch(one, (walled.session.id,)) == [(1,)]
        assert shown() == nothing
        for broken in ("SELECT 1 / 0", "INSERT INTO component (name) VALUES ('x')"):
            with pytest.raises((InvalidInput, Refused, StoreUnusable)), tx():
                execute(broken)
            assert shown() == nothing
            with pytest.raises((InvalidInput, Refused, StoreUnusable)), connection.guard():
                execute(broken)
            assert shown() == nothing


def test_a_query_that_forgets_the_account_finds_no_others(
    walled: Walled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The condition of every list is taken out: a stranger still finds his own alone. Where the
    database shows all he finds all."""
    monkeypatch.setattr(queries, "_owned", lambda scope: ("true", ()))

    def owners() -> set[str]:
        found = queries.sessions(walled.stranger, archived=True)
        return {session.account_id for session in found}

    assert asked_by(walled.stranger, owners) == {walled.stranger.account_id}
    assert asked_by(walled.stranger, lambda: list(queries.rows(walled.session))) == []
    assert len(asked_by(walled.scope, lambda: list(queries.rows(walled.session)))) == 3
    walled.turn_to(walled.administrator)
    assert owners() == {walled.scope.account_id, walled.stranger.account_id}


EVENT = "INSERT INTO event (session_id, account_id, type, data, sent_at, inserted_at) "
ROW = (
    "INSERT INTO interaction "
    "(session_id, account_id, seq, step, attempt, status, command, inserted_at) "
)
TOMBSTONE = "INSERT INTO tombstone (session_id, account_id, type, seq, head, deleted_at) "
FORBIDDEN = [
    "UPDATE event SET data = '{{}}'",
    "UPDATE interaction SET command = '{{}}' WHERE status = 'open'",
    "UPDATE session SET account_id = '{stranger}'",
    "UPDATE session SET input = '{{}}'",
    "UPDATE project SET name = 'mine'",
    "UPDATE tombstone SET head = ''",
    "UPDATE blob SET content = ''",
    "UPDATE account SET name = 'mine'",
    "DELETE FROM tombstone",
    "DELETE FROM account",
    "DELETE FROM membership",
    "DELETE FROM schema_migration",
    "INSERT INTO schema_migration (name, applied) VALUES ('x', now())",
    "TRUNCATE event",
    "CREATE TABLE mine (id int)",
    "ALTER TABLE session DISABLE ROW LEVEL SECURITY",
    "DROP POLICY see ON session",
    "SET ROLE {owner}",
    "COPY session TO PROGRAM 'true'",
    "INSERT INTO budget (account_id, tokens, inserted_at) VALUES ('{stranger}', 1, now())",
    "INSERT INTO membership VALUES ('{stranger}', '{user}', 'owner', now())",
    "INSERT INTO component VALUES ('p', '{stranger}', NULL, 'parser', now())",
    "INSERT INTO account (id, name, inserted_at) VALUES ('new', 'new', now())",
    EVENT + "VALUES ('{foreign}', '{account}', 'output', '{{}}', now(), now())",
    ROW + "VALUES ('{foreign}', '{account}', 9, 'work', 1, 'done', '{{}}', now())",
    TOMBSTONE + "VALUES ('{foreign}', '{account}', 'x', 0, '', now())",
    TOMBSTONE + "VALUES ('{session}', '{account}', 'x', 0, '', now())",
]


def test_what_the_role_may_not_do_is_refused(walled: Walled) -> None:
    """Neither in its own account: nothing that was written is written over or made another's,
    nothing is put into another's log, and no session that is active is given up."""
    names = {
        "account": walled.scope.account_id,
        "stranger": walled.stranger.account_id,
        "user": walled.scope.user_id,
        "session": walled.session.id,
        "foreign": walled.foreign.id,
        "owner": f"{walled.server.name}_owner",
    }
    said = {}
    for sql in FORBIDDEN:
        with (
            pytest.raises(StoreUnusable) as refused,
            acting(walled.scope.account_id),
            tx(),
        ):
            execute(sql.format(**names))
        said[sql] = str(refused.value)
    assert [sql for sql, told in said.items() if "the role is not allowed this" not in told] == []


WITHOUT_EFFECT = [
    "UPDATE interaction SET status = 'open' WHERE status <> 'open'",
    "UPDATE interaction SET result = NULL WHERE status = 'done'",
    "DELETE FROM session",
    "DELETE FROM interaction",
    "DELETE FROM event",
    "DELETE FROM context",
    "DELETE FROM usage",
    "UPDATE session SET title = 'mine' WHERE account_id = '{}'",
    "UPDATE usage SET cost = 0 WHERE account_id = '{}'",
    "DELETE FROM budget WHERE account_id = '{}'",
    "DELETE FROM blob WHERE account_id = '{}'",
]


def test_a_log_is_only_added_to(walled: Walled) -> None:
    """A row that is closed stays as it is, nothing goes that has no tombstone, and nothing of
    another is reached."""
    with acting(walled.scope.account_id), tx():
        for sql in WITHOUT_EFFECT:
            assert execute(sql.format(walled.stranger.account_id)) == 0, sql


def test_a_session_that_ended_can_go(walled: Walled) -> None:
    """With all that was its own, and nothing else of the account or of another."""
    before = walled.count()
    with acting(walled.scope.account_id):
        usage = {"entries": [{"model": "m", "input_tokens": 1}]}
        ended = step_once(new_session(walled.scope), Result("done", usage=usage))
        with tx():
            queries.add_event(ended, 1, "output", {"text": "x"}, NOW)
            queries.add_context(ended, "user", "x", NOW)
        assert walled.count()["usage"] == before["usage"] + 1
        with tx():
            deletion.delete([ended], None, NOW)
    assert walled.count() == {**before, "tombstone": before["tombstone"] + 1}


def test_a_name_leads_to_its_account_and_makes_what_is_missing_once(walled: Walled) -> None:
    """As where accounts are not kept apart."""
    assert (enter(), enter("other")) == (walled.scope, walled.stranger)
    third = enter("third", "new")
    assert enter("third", "new") == third
    assert walled.ask("SELECT count(*) FROM account") == [(3,)]
    assert raw("SELECT * FROM interlock_scope('site', NULL, 'acme')") == [
        (walled.scope.account_id, walled.scope.project_id, None)
    ]
