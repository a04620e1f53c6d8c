"""A worker: takes sessions that are ready, some at once, in threads, and lets go in good order.

One thread looks and decides, and is told by messages; the others carry sessions on. Nothing is kept
but leases: a worker that is killed leaves what the next claim needs to know.

On PostgreSQL an inbox tells it when to look, so that of many workers one looks for one session that
became ready. What no message tells of it finds all the same, a little later.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal

from interlock.engine.errors import InterlockError
from interlock.sessions.admission import Perform
from interlock.sessions.attempts import Attempts, Note
from interlock.sessions.fairness import Caps
from interlock.sessions.poll import Look, Poll
from interlock.store import connection, messages
from interlock.store.queue import Candidate

if TYPE_CHECKING:
    from interlock.sessions.inbox import Inbox, Message

Until = Literal["stopped", "drained", "one"]
"""When a worker ends: when it is stopped; also when nothing is ready; also after one session."""

POLL_SECONDS = 0.5
"""How long a session that another process made ready waits at most to be seen."""
SWEEP_SECONDS = 2.0
"""The same where messages tell of it, and the message was lost."""
SKIP_SECONDS = 60.0
"""When a session is tried again that could not be carried on; after twice as long each time, and
up to a half more, so that many workers do not try at once."""
SKIP_DOUBLINGS = 3
"""So often it grows."""
TAKEN_SECONDS = 1.0
LAST_SECONDS = 20.0
"""How long stopped commands may take to end."""
GRACE_SECONDS = 30.0


def skip_seconds(skips: int) -> float:
    """How long to leave out what could not be carried on, and has been left out so often before."""
    longer: int = 2 ** min(skips, SKIP_DOUBLINGS)
    return SKIP_SECONDS * longer * random.uniform(1, 1.5)  # noqa: S311  jitter, not a secret


class Worker:
    """Carries on sessions of all accounts, each in its own scope."""

    def __init__(
        self,
        perform: Perform,
        tell: Callable[[Note], None],
        *,
        concurrency: int,
        types: Collection[str] = (),
        queues: Collection[str] = (),
        caps: Caps | None = None,
        grace: float = GRACE_SECONDS,
    ) -> None:
        """`tell` hears, in any thread, what becomes of each session. `types` and `queues` name
        those that are taken; empty means any. `grace` is how many seconds running commands have
        once it is stopped."""
        self._tell = tell
        self._attempts = Attempts(perform, tell, caps or Caps())
        self._poll = Poll(types, queues, caps or Caps())
        self._types = frozenset(types)
        self._queues = frozenset(queues)
        self._inbox: Inbox | None = None
        self._concurrency = concurrency
        self._grace = grace
        self._busy: dict[str, Candidate] = {}
        self._served = False
        self._skips: dict[str, int] = {}
        self._look = Look()
        self._look_at = 0.0
        self._fault = ""
        self._end: float | None = None
        self._last: float | None = None
        # A signal's handler may put into a SimpleQueue while it is being read, and into nothing
        # else that wakes a thread.
        self._mail: SimpleQueue[Note | Message | None] = SimpleQueue()
        self._tasks: SimpleQueue[Candidate | None] = SimpleQueue()

    def stop(self) -> None:
        """Take no session any more; commands may end within the grace. Said again: end them now.
        A handler of signals may call it."""
        self._mail.put(None)

    def run(self, until: Until = "stopped") -> None:
        """Work; it returns when nothing runs here any more. Raises StoreUnusable where no messages
        can be received."""
        # Who takes what is ready and ends is told by nobody. A message for another type would wake
        # who does not want it, so with types a worker looks, too.
        if until == "stopped" and not self._types and messages.sends():
            from interlock.sessions.inbox import Inbox  # it loads what only it needs

            self._inbox = Inbox(self._queues, self._concurrency)
            self._inbox.start(self._mail.put, lambda why: self._tell(Note("failed", None, why=why)))
        threads = [
            threading.Thread(target=self._serve, name=f"worker-{number}", daemon=True)
            for number in range(self._concurrency)
        ]
        for thread in threads:
            thread.start()
        try:
            while not self._is_over(until):
                self._read_mail()
        finally:
            for _ in threads:
                self._tasks.put(None)
            if self._inbox is not None:
                self._inbox.stop()
                self._inbox.join()
        if not self._busy:  # one that does not come back ends with the process
            for thread in threads:
                thread.join()

    def _serve(self) -> None:
        try:
            while (candidate := self._tasks.get()) is not None:
                self._mail.put(self._attempts.make(candidate))
        finally:
            connection.disconnect()

    def _is_over(self, until: Until) -> bool:
        """Hand out what is ready, or stop what had its time; True when there is nothing to do."""
        if self._end is None:
            most = self._concurrency if until != "one" else 0 if self._served else 1
            self._hand_out(most - len(self._busy))
        elif self._last is None and time.monotonic() >= self._end:
            self._attempts.stop()
            self._last = time.monotonic() + LAST_SECONDS
        if self._busy:
            return self._last is not None and time.monotonic() >= self._last
        drained = until == "drained" and not self._look.held_back
        return self._end is not None or until == "one" or drained

    def _hand_out(self, free: int) -> None:
        """Take at most so many of what is ready: as many as messages came for, where they do, and
        now and then without."""
        told: Sequence[str] | None = None
        if self._inbox is not None:
            told = self._inbox.told(self._busy)
            if time.monotonic() < self._look_at:
                free = min(free, self._inbox.room(self._busy))
        if free <= 0:
            return
        try:
            self._look = self._poll.look(self._busy, free, told)
            for candidate in self._look.chosen:
                self._busy[candidate.id] = candidate
                self._tasks.put(candidate)
            if self._inbox is not None:
                self._inbox.settle(self._busy, [one.id for one in self._look.chosen])
            pause = self._pause()
        except InterlockError as error:  # what is wrong with the database may be mended
            self._look, pause = Look(held_back=True), POLL_SECONDS
            if str(error) != self._fault:
                self._fault = str(error)
                self._tell(Note("failed", None, why=self._fault))
        self._look_at = time.monotonic() + pause

    def _pause(self) -> float:
        """Seconds until it looks again without being told to."""
        # The holder of a lease that ends may have died on another machine: no message tells of it.
        most, due = POLL_SECONDS, [self._look.lease_end]
        if self._inbox is None:
            due.append(self._look.next_time)
        elif not self._look.held_back:
            most = SWEEP_SECONDS
        first = min(filter(None, due), default=None)
        left = most if first is None else (first - connection.now()).total_seconds()
        return min(max(0.0, left), most)

    def _read_mail(self) -> None:
        with suppress(Empty):
            self._read(self._mail.get(timeout=self._patience()))
            while True:
                self._read(self._mail.get_nowait())

    def _read(self, note: Note | Message | None) -> None:
        if note is None:
            self._attempts.drain()
            now = time.monotonic()
            self._end = now + self._grace if self._end is None else now
            if self._inbox is not None:
                self._inbox.stop()
            return
        if not isinstance(note, Note):
            if self._inbox is not None:
                self._inbox.add(note)
        elif note.candidate is not None:
            self._settle(note, note.candidate)

    def _settle(self, note: Note, candidate: Candidate) -> None:
        """What an attempt that has ended means for the next ones."""
        del self._busy[candidate.id]
        if note.kind == "taken":
            self._poll.pass_over(candidate.id, TAKEN_SECONDS)
            return
        if self._inbox is not None and (not self._inbox.end(candidate.id) or self._look.held_back):
            self._look_at = 0.0  # there may be others that no message tells of
        if note.kind in ("skipped", "failed"):
            if self._skip(candidate.type if note.by_type else candidate.id):
                self._tell(note)
            return
        self._served = True
        for name in (candidate.id, candidate.type):
            self._skips.pop(name, None)
        self._tell(note)

    def _skip(self, name: str) -> bool:
        """Leave out a session, or a type, for a time; True the first time."""
        skips = self._skips.get(name, 0)
        self._skips[name] = skips + 1
        self._poll.pass_over(name, skip_seconds(skips))
        return skips == 0

    def _patience(self) -> float:
        """Seconds until something is to be done that no message tells of."""
        end = self._end if self._last is None else self._last
        if end is None:
            full = len(self._busy) >= self._concurrency
            end = time.monotonic() + SWEEP_SECONDS if full else self._look_at
        return max(0.0, end - time.monotonic())
