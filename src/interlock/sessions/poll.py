"""Looking for sessions to take, in the database: what is ready, what runs, and when to look
again."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from datetime import datetime

from attrs import frozen

from interlock.sessions.fairness import Caps, Turns
from interlock.sessions.lease import is_alive
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
    lease_end: datetime | None = None
    """When the first lease of another is over, unless he keeps it up; None where there is none."""


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

    def look(
        self, busy: Mapping[str, Candidate], free: int, told: Collection[str] | None = None
    ) -> Look:
        """At most `free` sessions to take, without those that this worker is `busy` with. `told`
        has the ids of those that messages have come for: then they tell when to look again, too."""
        now, moment = connection.now(), time.monotonic()
        self._passed = {name: until for name, until in self._passed.items() if until > moment}
        running, found, ends = self._held(busy, now)
        times, due = [], str(write_time(now))
        left_out = {*busy, *self._passed}
        for lane in filter(self._wants, queue.lanes()):
            if lane.first > due:
                times.append(read_time(lane.first))
                continue
            found += queue.ready(lane, now, but=left_out, limit=free)
            if told is None:
                times.append(queue.next_time(lane, now))
        for session_id in {*(told or ())} - {one.id for one in found} - left_out:
            # It may be far behind those of its lane that are looked at.
            found += filter(self._wants, queue.named(session_id, now))
        chosen = self._turns.choose(found, running, self._caps, free, told or ())
        return Look(
            tuple(chosen),
            held_back=len(chosen) < min(free, len(found)),
            next_time=min(filter(None, times), default=None),
            lease_end=min(ends, default=None),
        )

    def _held(
        self, busy: Mapping[str, Candidate], now: datetime
    ) -> tuple[Collection[Candidate], list[Candidate], list[datetime]]:
        """What is carried on, here and elsewhere; what is ready since its holder has died, or was
        stopped; and when the leases of those elsewhere are over."""
        running, left, ends = dict(busy), [], []
        lives: dict[str, bool] = {}  # each process is looked up once
        for held in queue.leased():
            one, process = held.session, held.owner.rpartition(":")[0]
            if process not in lives:
                lives[process] = is_alive(held.owner)
            if held.until > now and lives[process]:
                if one.id not in busy:
                    ends.append(held.until)
                running[one.id] = one
            elif one.id not in busy and self._wants(one) and _is_due(one, now):
                left.append(one)
        return running.values(), left, ends

    def _wants(self, one: Lane | Candidate) -> bool:
        return (
            one.queue is not None
            and (not self._queues or one.queue in self._queues)
            and (not self._types or one.type in self._types)
            and one.type not in self._passed
            and (isinstance(one, Lane) or one.id not in self._passed)
        )


def _is_due(one: Candidate, now: datetime) -> bool:
    return one.ready_at is not None and one.ready_at <= str(write_time(now))
