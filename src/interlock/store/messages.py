"""Messages of the queue: that a session is ready, or will be at a time. On PostgreSQL only.

A message is a job of Procrastinate with the session's id and nothing else, kept in the transaction
of what it tells of. There is at most one for a session that nobody has received yet, and it says
what the session's row says. It is a hint: whoever receives it looks, and a claim decides.
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from interlock.engine.errors import StoreUnusable
from interlock.engine.values import Session
from interlock.store.across import Across
from interlock.store.acting import NOBODY, acting
from interlock.store.connection import backend, fetch_one, tx
from interlock.store.indexes import QUEUED
from interlock.store.tables import database

TASK = "interlock.session"
SCHEMA = "03.04.00_50_post_add_retry_failed_job_procedure"
"""The newest change of Procrastinate's tables that this module knows."""
INSTALL = "pip install 'interlock[postgres]'"
LONGEST = 40
"""So many bytes of a queue's name fit into the name of a channel, which may have 63."""
LATER = -1000
"""The priority of what is not ready yet, so that what is comes before it."""
NAME = (
    f"CASE WHEN octet_length(queue) <= {LONGEST} THEN queue ELSE "
    f"left(encode(sha256(convert_to(queue, 'UTF8')), 'hex'), {LONGEST}) END"
)
TELL = Across.of_session(
    "interlock_tell",
    "INSERT INTO procrastinate_jobs "
    "(queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at) "
    f"SELECT {NAME}, '{TASK}', CASE WHEN due THEN priority ELSE {LATER} END, "
    # Without a lock: what waits for its time must not hold up what is ready before that.
    "CASE WHEN due THEN id END, id, jsonb_build_object('session_id', id), "
    "CASE WHEN NOT due THEN ready_at END "
    "FROM (SELECT *, ready_at <= clock_timestamp() AS due FROM session "
    f"WHERE id = ? AND {QUEUED} AND (lease_owner IS NULL OR lease_until <= clock_timestamp())) s "
    "ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING",
)
WITHDRAW = Across.of_session(
    "interlock_withdraw",
    "DELETE FROM procrastinate_jobs WHERE queueing_lock = ? AND status = 'todo'",
)
UNLOCK = Across.of_session(
    "interlock_unlock",
    "UPDATE procrastinate_jobs SET lock = NULL WHERE lock = ? AND status = 'doing'",
)
ACROSS = (TELL, WITHDRAW, UNLOCK)
"""The messages of a session are for workers, and for whoever changes it no more than to write."""
MADE_FOR = "SELECT obj_description(to_regclass('procrastinate_jobs'))"


def sends() -> bool:
    """True where what becomes ready is told by a message; elsewhere all of this does nothing."""
    return not backend().is_file


def url() -> str:
    """Where messages are received."""
    return str(database.obj.database)


def tell(session_id: str) -> None:
    """Send the message of a session in a queue that is ready, or will be, and that nobody holds:
    whoever gives it back tells of it. One that is there already stays."""
    if sends():
        TELL.do(session_id)


def withdraw(session_id: str) -> None:
    """Take back what nobody has received yet."""
    if sends():
        WITHDRAW.do(session_id)


def renew(session: Session) -> None:
    """Have the queue say what is so of a session that has changed."""
    if session.queue is not None:
        withdraw(session.id)
        if session.active:
            tell(session.id)


def exchange(received: Collection[str], taken: Collection[str]) -> None:
    """Send anew the messages of these sessions, which were received for others, and take back those
    of the others. Raises StoreBusy or StoreUnusable."""
    with tx():
        for session_id in sorted({*received, *taken}):
            withdraw(session_id)
            if session_id in received:
                UNLOCK.do(session_id)
                tell(session_id)


def name_of(queue: str) -> str:
    """Procrastinate's name for a queue."""
    if len(queue.encode()) <= LONGEST:
        return queue
    return sha256(queue.encode()).hexdigest()[:LONGEST]


def schema() -> str:
    """The SQL that makes Procrastinate's tables. Raises StoreUnusable where it is not installed in
    the version that this module knows."""
    spec = find_spec("procrastinate")
    try:
        installed = version("procrastinate")
    except PackageNotFoundError:
        installed = ""
    if spec is None or not spec.submodule_search_locations or not installed:
        raise StoreUnusable(f"a queue on PostgreSQL needs Procrastinate: {INSTALL}")
    folder = Path(spec.submodule_search_locations[0], "sql")
    newest = max((path.stem for path in folder.glob("migrations/*.sql")), default="")
    if newest != SCHEMA:
        raise StoreUnusable(
            f"Procrastinate {installed} is installed, whose tables this version of Interlock does "
            f"not know: {INSTALL} installs one that fits"
        )
    return (folder / "schema.sql").read_text()


def require_schema() -> None:
    """Raise StoreUnusable unless the library that is installed fits the tables that are there."""
    schema()
    with acting(NOBODY):
        found = fetch_one(MADE_FOR)
    if found[0] != SCHEMA:
        raise StoreUnusable(
            f"the queue of {backend().location} was made for Procrastinate's tables of "
            f"{found[0] or 'an unknown version'}, and this Interlock needs {SCHEMA}: upgrade "
            "Interlock, here or where the database was made"
        )
