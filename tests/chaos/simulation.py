"""The engine, its store and its leases in a world of our own: time passes when the world says so,
one thread runs at a time, and one seed decides which, until when, and who dies.

Threads give the turn back before each transaction and in the middle of each command. Whoever waits
there may be killed; a clock that goes on meanwhile makes a zombie of him. Then the faults end, and
everything must come to an end.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from interlock import Interaction, Result, Session, accounts, sessions
from interlock.engine.errors import InterlockError
from interlock.sessions import lease, recent
from interlock.store import connection, records
from interlock.store.connection import disconnect, fetch

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = 120.0
"""Real seconds after which a thread will not give its turn back any more."""
SESSIONS = 4
TURNS = 300
LOG = (
    "SELECT session_id, seq, step, attempt, status, command, result, submitted, inserted_at, "
    "completed_at, digest FROM interaction ORDER BY session_id, seq"
)


class Killed(BaseException):
    """The process that a thread stands for is gone."""


class Seat:
    """A thread with a connection of its own, in which one actor after the other has his turns:
    to begin a thread for each would take longer than what it does."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.actor: Actor | None = None
        self.go = threading.Lock()
        self.go.acquire()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """End the thread."""
        self.actor = None
        self.go.release()
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        while self.go.acquire(timeout=PATIENCE) and self.actor is not None:
            self.world.local.actor = self.actor
            self.actor.play()
            self.world.free.append(self)
            self.world.back.release()
        disconnect()


class Actor:
    """What stands for a process; it runs only while it has the turn."""

    def __init__(self, world: World, number: int, act: Callable[[Actor], None]) -> None:
        self.world, self.number = world, number
        self.alive, self.over = True, False
        self._act = act
        self.seat = world.free.pop() if world.free else Seat(world)
        self.seat.actor = self

    def pause(self) -> None:
        """Give the turn back, and wait for it. Raises Killed when the process has died."""
        self.world.back.release()
        assert self.seat.go.acquire(timeout=PATIENCE)
        if not self.alive:
            raise Killed

    def play(self) -> None:
        """Act to the end, or until it is killed."""
        try:
            if self.alive:
                self._act(self)
        except Killed:
            pass
        except BaseException as error:
            self.world.faults.append(f"actor {self.number}: {type(error).__name__}: {error}")
        finally:
            self.over = True


class World:
    """A clock, the actors, and what they did."""

    def __init__(self, seed: int, patch: pytest.MonkeyPatch) -> None:
        self.chance = random.Random(seed)  # noqa: S311  no secret
        self.seconds, self.count = 0.0, 0
        self.local = threading.local()
        self.back = threading.Lock()
        self.back.acquire()
        self.free: list[Seat] = []
        self.actors: list[Actor] = []
        self.faults: list[str] = []
        self.performed: dict[tuple[str, int], list[str]] = {}
        self.offered: dict[tuple[str, int], set[str]] = {}
        self.accepted: dict[tuple[str, int], str] = {}
        self.holders: dict[str, tuple[Actor, threading.Event]] = {}
        self.calm = False
        self._place(patch)
        self.scope = accounts.enter("acme", "site")
        self.ids = [sessions.create(self.scope, "talk").id for _ in range(SESSIONS)]

    def run(self) -> str:
        """What the log came to, as a digest; `faults` says what is wrong."""
        for _ in range(TURNS):
            self._turn()
        self.calm = True
        for actor in self.actors:
            actor.alive = False
            self._finish(actor)
        self.seconds += 2 * lease.LEASE_SECONDS
        self.actors.append(Actor(self, len(self.actors), self._end_all))
        self._finish(self.actors[-1])
        for seat in self.free:
            seat.leave()
        self._check()
        return sha256(repr(fetch(LOG)).encode()).hexdigest()

    def _turn(self) -> None:
        living = [actor for actor in self.actors if not actor.over]
        drawn = self.chance.random()
        if len(living) < 4:
            act = self.chance.choice([self._work, self._work, self._work, self._submit])
            self.actors.append(Actor(self, len(self.actors), act))
        elif drawn < 0.06:
            victim = self.chance.choice(living)
            victim.alive = False
            self._give(victim)
        elif drawn < 0.12:
            self.seconds += self.chance.uniform(0, 1.5 * lease.LEASE_SECONDS)
        else:
            self.seconds += 0.01
            self._give(self.chance.choice(living))

    def _give(self, actor: Actor) -> None:
        """Let one thread run until it gives the turn back."""
        recent.forget()  # a process remembers only what it did itself
        actor.seat.go.release()
        assert self.back.acquire(timeout=PATIENCE), "a thread did not give its turn back"

    def _finish(self, actor: Actor) -> None:
        """Let it run until it is over."""
        while not actor.over:
            self._give(actor)

    def _work(self, actor: Actor) -> None:
        """Run one session, as `interlock run` does."""
        session_id = self.chance.choice(self.ids)
        try:
            sessions.drive(self.scope, session_id, self._perform)
        except InterlockError:
            return  # it is another's, or was taken over

    def _perform(
        self, session: Session, interaction: Interaction, *, stop: threading.Event, **_: Any
    ) -> Result:
        actor: Actor = self.local.actor
        actor.pause()
        if stop.is_set():
            return Result(data={"stopped": True}).failed("stopped")
        place = (session.id, interaction.seq)
        other, its_stop = self.holders.get(session.id, (actor, stop))
        if other is not actor and other.alive and not other.over and not its_stop.is_set():
            self.faults.append(f"{place}: {other.number} and {actor.number} hold it at once")
        self.holders[session.id] = (actor, stop)
        token = f"{actor.number}-{self._number()}"
        self.performed.setdefault(place, []).append(token)
        self.offered.setdefault(place, set()).add(token)
        actor.pause()
        done = self.calm or self.chance.random() < 0.1
        if self.holders[session.id][0] is actor:
            del self.holders[session.id]
        return Result("done" if done else "ok", output=token)

    def _submit(self, actor: Actor) -> None:
        """Hand in one result by hand, or cancel a session now and then."""
        session_id = self.chance.choice(self.ids)
        try:
            if self.chance.random() < 0.1:
                sessions.cancel(self.scope, session_id)
                return
            row = sessions.next_command(self.scope, session_id)
            place, token = (session_id, row.seq), f"{actor.number}-{self._number()}"
            self.offered.setdefault(place, set()).add(token)
            actor.pause()
            sessions.handle_result(self.scope, session_id, row.id, Result(output=token))
            self.accepted[place] = token
        except InterlockError:
            return

    def _end_all(self, actor: Actor) -> None:
        """Nobody dies any more: each session comes to its end."""
        for session_id in self.ids:
            while sessions.get(self.scope, session_id).active:
                ended = sessions.drive(self.scope, session_id, self._perform)
                if ended.active:
                    sessions.answer(self.scope, session_id, "retry")

    def _check(self) -> None:
        for session_id in self.ids:
            session = sessions.get(self.scope, session_id)
            rows = list(sessions.history(self.scope, session_id))
            said = [*sessions.verify(self.scope, session_id)]
            said += [] if not session.active else ["it has not ended"]
            if [row.seq for row in rows] != list(range(1, session.seq + 1)):
                said.append("its rows are not numbered without gaps")
            for row in rows:
                said += self._row_faults((session_id, row.seq), row)
            self.faults += [f"{session_id}: {why}" for why in said]

    def _row_faults(self, place: tuple[str, int], row: Interaction) -> list[str]:
        said = []
        output = row.result.output if row.result else None
        if len(self.performed.get(place, [])) > 1:
            said.append(f"row {row.seq} was performed by {self.performed[place]}")
        if place in self.accepted and output != self.accepted[place]:
            said.append(f"row {row.seq} was accepted with {self.accepted[place]}, has {output}")
        kind = getattr(row.command, "kind", "")
        if kind == "shell" and row.status == "done" and output not in self.offered.get(place, ()):
            said.append(f"row {row.seq} has {output}, which nobody handed in")
        if kind == "shell" and row.status == "open":
            said.append(f"row {row.seq} is open")
        return said

    def _number(self) -> int:
        self.count += 1
        return self.count

    def _place(self, patch: pytest.MonkeyPatch) -> None:
        """Have the clock, the names and the turns of this world."""
        patch.setattr(connection, "now", lambda: BEGIN + timedelta(seconds=self.seconds))
        patch.setattr(lease, "clock", lambda: self.seconds)
        patch.setattr(lease, "_host", lambda: "world")
        patch.setattr(lease, "_process", self._process)
        patch.setattr(lease, "_lives", lambda number, born: self.actors[number].alive)
        patch.setattr(lease.Lease, "watch", lambda held: None)  # its thread would run by itself
        patch.setattr(records, "new_id", lambda: f"session-{self._number():06}")
        opened = connection.backend()
        begin = opened.start

        def begin_in_turn() -> None:
            actor = getattr(self.local, "actor", None)
            if actor is not None:
                actor.pause()
            begin()

        patch.setattr(opened, "start", begin_in_turn)

    def _process(self) -> str:
        return f"world:{self.local.actor.number}:0.00"
