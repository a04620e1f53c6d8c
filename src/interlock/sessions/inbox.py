"""What a worker is told on PostgreSQL: messages that sessions are ready, through Procrastinate.

Procrastinate's own worker runs in one thread, with an event loop and connections of its own. A
message that it received is kept as long as the worker carries a session on for it, so it receives
no more than there is room for, and others have the rest. All of it is a hint: what is lost with it,
the worker finds when it looks by itself.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Any

from attrs import define, field

from interlock.engine.payload import describe
from interlock.store import messages

POLL_SECONDS = 1.0
"""How late a message may be received whose time came, or that another held up."""
HEARTBEAT_SECONDS = 10.0
STALLED_SECONDS = 30.0
"""After so long without a heartbeat, what a worker had received is for others."""
REAP_SECONDS = 10.0
AGAIN_SECONDS = 1.0
"""How long Procrastinate's worker, once it has failed, is left alone."""
LAST_SECONDS = 5.0
CONNECTIONS = 4
APPLICATION = "interlock messages"
"""What the server calls these connections."""


@define(eq=False)
class Message:
    """One that was received, and is kept until it is released."""

    session_id: str
    unlocked: bool = False
    """True once it stands for another session than its own."""
    over: asyncio.Event = field(factory=asyncio.Event)


class Inbox:
    """Receives messages, in a thread of its own, and holds as many as sessions are carried on.

    All but `start` and `stop` is for the thread that decides, and for nobody else.
    """

    def __init__(self, queues: Collection[str], most: int) -> None:
        """Of these queues, of all where none is named; at most so many at once."""
        self._url = messages.url()
        self._names: dict[str, Any] = (
            {"queues": [messages.name_of(name) for name in queues]} if queues else {}
        )
        self._most = most
        self._held: list[Message] = []
        self._hear: Callable[[Message], None]
        self._tell: Callable[[str], None]
        self._over = asyncio.Event()
        self._runner = asyncio.Runner()
        self._thread = threading.Thread(target=self._work, name="inbox", daemon=True)

    def start(self, hear: Callable[[Message], None], tell: Callable[[str], None]) -> None:
        """Begin to receive: `hear` is given each message, and `tell` why none comes, both in
        another thread. Raises StoreUnusable where Procrastinate does not fit the database."""
        messages.require_schema()
        self._hear, self._tell = hear, tell
        self._runner.get_loop()  # from now on it can be stopped
        self._thread.start()

    def stop(self) -> None:
        """Receive no more. What is held is given up."""
        self._set(self._over)

    def join(self) -> None:
        """Wait until it has ended, for a while."""
        self._thread.join(LAST_SECONDS)

    def add(self, message: Message) -> None:
        """Hold a message that was heard."""
        self._held.append(message)

    def room(self, busy: Collection[str]) -> int:
        """How many more sessions there are messages for than are carried on."""
        return len(self._held) - len(busy)

    def told(self, busy: Collection[str]) -> Sequence[str]:
        """The sessions that messages came for and that are not carried on here."""
        return [one.session_id for one in self._held if one.session_id not in busy]

    def end(self, session_id: str) -> bool:
        """Release the message that a session was carried on for; False where there was none."""
        own = [one for one in self._held if one.session_id == session_id]
        for one in own or [one for one in self._held if one.unlocked]:
            self._release(one)
            return True
        return False

    def settle(self, busy: Collection[str], taken: Collection[str]) -> None:
        """Release those for which there was nothing to take, after a look that these sessions were
        taken at. Those that stand for another session than their own give it back to the queue."""
        self._held = [one for one in self._held if not one.over.is_set()]
        idle = [one for one in self._held if one.session_id not in busy]
        for one in idle[: max(0, self.room(busy))]:
            self._release(one)
        stand_in = [one for one in idle if one in self._held and not one.unlocked]
        if stand_in:
            for one in stand_in:
                one.unlocked = True
            messages.exchange([one.session_id for one in stand_in], taken)

    def _release(self, message: Message) -> None:
        self._held.remove(message)
        self._set(message.over)

    def _set(self, event: asyncio.Event) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._runner.get_loop().call_soon_threadsafe(event.set)

    def _work(self) -> None:
        for name in ("procrastinate", "psycopg", "asyncio"):  # what is wrong is told in our words
            logging.getLogger(name).addHandler(logging.NullHandler())
        with self._runner as runner:
            runner.run(self._receive_until_over())

    async def _receive_until_over(self) -> None:
        task = asyncio.create_task(self._receive_on())
        await self._over.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _receive_on(self) -> None:
        told = ""
        while True:
            why = "its worker ended"
            try:
                await self._receive()
            except Exception as error:
                why = describe(error)
            if why != told:
                told = why
                self._tell(f"no messages come for now: {why}")
            await asyncio.sleep(AGAIN_SECONDS)

    async def _receive(self) -> None:
        import procrastinate

        connector = procrastinate.PsycopgConnector(
            conninfo=self._url,
            pool_factory=_make_pool,
            configure=_configure,
            kwargs={"application_name": APPLICATION},
            min_size=1,
            max_size=CONNECTIONS,
        )
        app = procrastinate.App(connector=connector)
        app.task(name=messages.TASK)(self._take)
        reaper = asyncio.create_task(_reap_on(app.job_manager))
        try:
            await connector.open_async()
            await app.run_worker_async(
                **self._names,
                concurrency=self._most,
                fetch_job_polling_interval=POLL_SECONDS,
                abort_job_polling_interval=3600,
                shutdown_graceful_timeout=0,
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
            )
        finally:
            reaper.cancel()
            await connector.close_async()

    async def _take(self, session_id: str) -> None:
        """Procrastinate's task: a job lasts as long as its message is kept."""
        message = Message(session_id)
        self._hear(message)
        try:
            await message.over.wait()
        finally:
            message.over.set()


def _make_pool(**given: Any) -> Any:
    """A pool that asks no connection whether it is alive: where one is not, all begins anew."""
    from psycopg_pool import AsyncConnectionPool

    return AsyncConnectionPool(**{**given, "check": None})


async def _configure(connection: Any) -> None:
    """A message that is lost is a hint less: nothing waits for the disk."""
    await connection.set_autocommit(True)
    await connection.execute("SET synchronous_commit = off")


async def _reap_on(jobs: Any) -> None:
    """Give what workers that died had received to others. It is no job itself, so nothing that
    becomes of jobs can hold it up."""
    from procrastinate.exceptions import ConnectorException
    from procrastinate.jobs import Status

    while True:
        await asyncio.sleep(REAP_SECONDS)
        with suppress(ConnectorException):
            await jobs.prune_stalled_workers(STALLED_SECONDS)
            for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
                try:
                    await jobs.retry_job(job)
                except ConnectorException:  # a newer message of the session's is there
                    await jobs.finish_job(job, Status.FAILED, delete_job=True)
