"""Messages of the queue that are lost, doubled, late, out of order, wrong or stuck: what workers do
with the sessions is the same."""

import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from interlock import Interaction, Result, Scope, Session, accounts, sessions
from interlock.sessions import Emit, inbox, worker
from interlock.sessions.worker import Worker
from interlock.store.connection import connect, disconnect, execute, fetch, tx
from tests.acceptance.user import User, wait_until
from tests.chaos.scale import Chance, sizes
from tests.server import Server

MINE = " WHERE queueing_lock = ? AND status = 'todo'"
FATES = {
    "as it was": "UPDATE procrastinate_jobs SET id = id",
    "lost": "DELETE FROM procrastinate_jobs",
    "doubled": "INSERT INTO procrastinate_jobs (queue_name, task_name, args) "
    "SELECT queue_name, task_name, args FROM procrastinate_jobs",
    "late": "UPDATE procrastinate_jobs SET scheduled_at = now() + interval '0.3 s'",
    "out of order": "UPDATE procrastinate_jobs SET priority = -id",
    "stuck": "UPDATE procrastinate_jobs SET status = 'doing'",
    "wrong": """UPDATE procrastinate_jobs SET args = '{"session_id": "nobody"}'""",
    "of no task": "UPDATE procrastinate_jobs SET task_name = 'nothing'",
}
TOGETHER = 20
"""So many become ready in one transaction."""
WORKERS = 2


@pytest.fixture
def asked(user: User, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scope]:
    """Who asks, in a database of a server, where workers and reapers do not wait for long."""
    disconnect()
    for module, name in (
        (worker, "SWEEP_SECONDS"),
        (inbox, "POLL_SECONDS"),
        (inbox, "REAP_SECONDS"),
    ):
        monkeypatch.setattr(module, name, 0.2)
    with server.database() as url:
        connect(url)
        yield accounts.enter("acme", "site")
        disconnect()


@sizes(200, 10_000)
def test_what_becomes_of_messages_changes_nothing(asked: Scope, chance: Chance, size: int) -> None:
    """Every session comes to its end, each of its commands ran once, and nothing is left over."""
    ran: Counter[tuple[str, str]] = Counter()
    lock = threading.Lock()

    def perform(
        session: Session, interaction: Interaction, *, emit: Emit, stop: threading.Event
    ) -> Result:
        with lock:
            ran[session.id, interaction.step] += 1
        return Result()

    team = [Worker(perform, lambda note: None, concurrency=2) for _ in range(WORKERS)]
    threads = [threading.Thread(target=_work, args=(one,), daemon=True) for one in team]
    for thread in threads:
        thread.start()
    ids: list[str] = []
    fates = Counter[str]()
    while len(ids) < size:
        with tx():
            for _ in range(min(TOGETHER, size - len(ids))):
                ids.append(_begin(asked))
                fates[_meddle(ids[-1], chance)] += 1
        wait_until(lambda: _active() < TOGETHER)
    wait_until(lambda: _active() == 0)
    wait_until(lambda: fetch("SELECT 1 FROM procrastinate_jobs LIMIT 1") == [])
    for one in team:
        one.stop()
    for thread in threads:
        thread.join()
    steps = ("first", "second", "third")
    assert ran == {(name, step): 1 for name in ids for step in steps}, chance.told
    assert fetch("SELECT DISTINCT status FROM session") == [("complete",)]
    assert all(sessions.verify(asked, name) == [] for name in ids[:100])
    for fate, number in sorted(fates.items()):
        chance.report(fate, number)


def _begin(scope: Scope) -> str:
    given = {"agent": "", "file": ""}
    return sessions.create(scope, "errand", input=given, queue="default").id


def _meddle(session_id: str, chance: Chance) -> str:
    """What was done to the session's message."""
    fate = chance.choice(list(FATES))
    assert execute(FATES[fate] + MINE, (session_id,)) == 1
    return fate


def _active() -> int:
    return int(fetch("SELECT count(*) FROM session WHERE status = 'active'")[0][0])


def _work(one: Worker) -> None:
    try:
        one.run()
    finally:
        disconnect()
