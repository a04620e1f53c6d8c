"""Looking for sessions to take, in the database: what is ready, what runs, and when to look
again."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from datetime import datetime

from attrs import frozen

from interlock.sessions.fairness import Caps, Turns
from interlock.sessions.lease import holds
from interlock.store import connection, queue
from interlock.store.queue import Candidate, Lane
from interlock.store.times import read_time, write_time


@frozen
class Look:
    """What was found: the sessions to take now, whether others are ready that a limit holds back,
    and when the next one will be ready; None where none will be by itself."""

    chosen: tuple[Candidate, ...] = ()
    held_back: bool = False
    next_time: datetime | None = None


class Poll:
    """Looks for sessions of some types and queues; empty means any."""

    def __init__(self, types: Collection[str], queues: Collection[str], caps: Caps) -> None:
        self._types = frozenset(types)
        self._queues = frozenset(queues)
        self._caps = caps
        self._turns = Turns()
        self._passed: dict[str, float] = {}

    def pass_over(self, name: str, seconds: float) -> None:
        """Leave out a session by its id, or all of a type by its name, for a time."""
        self._passed[name] = time.monotonic() + seconds

    def look(self, busy: Mapping[str, Candidate], free: int) -> Look:
        """At most `free` sessions to take, without those that this worker is `busy` with."""
        now, moment = connection.now(), time.monotonic()
        self._passed = {name: until for name, until in self._passed.items() if until > moment}
        running, found = dict(busy), []
        for held in queue.leased():
            one = held.session
            if holds(held.owner, held.until, now):
                running[one.id] = one
            elif one.id not in busy and self._wants(one) and _is_due(one, now):
                found.append(one)  # its holder has died, or was stopped
        lanes = [lane for lane in queue.lanes() if self._wants(lane)]
        times, due = [], str(write_time(now))
        left_out = {*busy, *self._passed}
        for lane in lanes:
            if lane.first > due:
                times.append(read_time(lane.first))
                continue
            found += queue.ready(lane, now, but=left_out, limit=free)
            times.append(queue.next_time(lane, now))
        chosen = self._turns.choose(found, running.values(), self._caps, free)
        return Look(
            tuple(chosen),
            held_back=len(found) > len(chosen),
            next_time=min(filter(None, times), default=None),
        )

    def _wants(self, one: Lane | Candidate) -> bool:
        return (
            one.queue is not None
            and (not self._queues or one.queue in self._queues)
            and (not self._types or one.type in self._types)
            and one.type not in self._passed
            and (isinstance(one, Lane) or one.id not in self._passed)
        )


def _is_due(one: Candidate, now: datetime) -> bool:
    return "" < one.ready_at <= str(write_time(now))
