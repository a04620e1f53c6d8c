"""Where a measurement runs: a database of its own, and the raw limit on one like it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw

from interlock import Result, Scope, accounts, plugins, sessions
from interlock.store import connection

RELAY = Path(__file__).parent / "relay.py"
RESULT = Result(stdout="y" * 4000)
COMMAND = {"kind": "prompt", "text": "x" * 1000}
ANSWER = {"status": "ok", "stdout": "y" * 4000}
READY = {id(data): json.dumps(data) for data in (COMMAND, ANSWER)}
Encode = Callable[[dict[str, str]], str]
OWNER = "01a22205-4297-75f0-9e44-53f30c000e51"


@contextmanager
def ground() -> Iterator[tuple[Scope, Path]]:
    """A fresh database opened for this process, with the measured session type trusted."""
    with TemporaryDirectory(prefix="interlock-bench-", dir=os.environ.get("BENCH_DIR")) as name:
        os.environ["INTERLOCK_DATA_DIR"] = name
        path = Path(name) / "bench.db"
        connection.connect(f"sqlite:///{path}")
        plugins.forget()
        plugins.trust(RELAY)
        try:
            yield accounts.enter("bench", "bench"), path
        finally:
            connection.disconnect()


@contextmanager
def sqlite() -> Iterator[tuple[Scope, str]]:
    """The same with the URL of the database."""
    with ground() as (scope, path):
        yield scope, f"sqlite:///{path}"


def relay(scope: Scope, steps: int) -> str:
    """The id of a new session that takes this many steps."""
    return sessions.create(scope, "relay", input={"rounds": steps // 2}).id


def repository(top: Path, *, megabytes: int) -> Path:
    """A git repository with one commit of files of 50 KB that cannot be compressed."""
    for number in range(megabytes * 20):
        folder = top / f"folder-{number // 40}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"file-{number}").write_bytes(os.urandom(50_000))
    who = ("-c", "user.name=Bench", "-c", "user.email=bench@example.org")
    for words in ("init --quiet", "add --all", "commit --quiet -m Begin", "gc --quiet"):
        subprocess.run(["git", *who, *words.split()], cwd=top, check=True)
    return top


def linked(steps: int) -> float:
    """Steps a second through `sessions.run`."""
    with ground() as (scope, _):
        session_id = relay(scope, steps)
        began = time.perf_counter()
        sessions.run(scope, session_id, lambda command: RESULT)
        return steps / (time.perf_counter() - began)


def apart(steps: int) -> float:
    """Steps a second through `next_command` and `handle_result`."""
    with ground() as (scope, _):
        session_id = relay(scope, steps)
        began = time.perf_counter()
        for _ in range(steps):
            row = sessions.next_command(scope, session_id)
            sessions.handle_result(scope, session_id, row.id, RESULT)
        return steps / (time.perf_counter() - began)


def raw(steps: int, *, commits: int, indexes: bool = True, encodes: bool = True) -> float:
    """Steps a second of plain SQLite, by the same library, doing the same: data to JSON text, the
    time of the step,
    the same rows into the same tables.

    One commit: a result and the next command together. Without `indexes` only the keys are kept;
    without `encodes` the JSON text was made before.
    """
    with ground() as (scope, path):
        db = apsw.Connection(str(path))
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        if not indexes:
            _drop_indexes(db)
        _insert_session(db, scope)
        encode = json.dumps if encodes else _take
        _insert(db, scope, 1, encode)
        began = time.perf_counter()
        for seq in range(1, steps + 1):
            _step(db, scope, seq, commits, encode)
        rate = steps / (time.perf_counter() - began)
        db.close()
        return rate


def _step(db: apsw.Connection, scope: Scope, seq: int, commits: int, encode: Encode) -> None:
    time, answer = now(), encode(ANSWER)
    db.execute("BEGIN IMMEDIATE")
    db.execute(
        "UPDATE session SET step = 'work', state = '{}', attempt = ?, seq = ?, version = ?, "
        "updated_at = ?, last_activity_at = ? WHERE id = ? AND version = ?",
        (seq, seq, seq, time, time, OWNER, seq - 1),
    )
    db.execute(
        "UPDATE interaction SET status = 'done', result = ?, submitted = ?, completed_at = ? "
        "WHERE session_id = ? AND seq = ?",
        (answer, None, time, OWNER, seq),
    )
    if commits == 2:
        db.execute("COMMIT")
        db.execute("BEGIN IMMEDIATE")
    _insert(db, scope, seq + 1, encode)
    db.execute("COMMIT")


def _insert(db: apsw.Connection, scope: Scope, seq: int, encode: Encode) -> None:
    db.execute(
        "INSERT INTO interaction (session_id, seq, step, attempt, status, command, inserted_at, "
        "account_id, project_id) VALUES (?, ?, 'work', ?, 'open', ?, ?, ?, ?)",
        (OWNER, seq, seq, encode(COMMAND), now(), scope.account_id, scope.project_id),
    )


def _insert_session(db: apsw.Connection, scope: Scope) -> None:
    db.execute(
        "INSERT INTO session (id, account_id, project_id, type, type_digest, execution_mode, "
        "input, state, status, step, attempt, seq, since, budget, version, inserted_at, "
        "updated_at, last_activity_at) VALUES (?, ?, ?, 'relay', 'd', 'manual', '{}', '{}', "
        "'active', 'work', 1, 1, 0, 100, 0, ?, ?, ?)",
        (OWNER, scope.account_id, scope.project_id, now(), now(), now()),
    )


def _take(data: dict[str, str]) -> str:
    return READY[id(data)]


def now() -> str:
    """The time as text, as a database is given it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _drop_indexes(db: apsw.Connection) -> None:
    found = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    for (name,) in db.execute(found).fetchall():
        db.execute(f'DROP INDEX "{name}"')
