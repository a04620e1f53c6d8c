"""A worker carries on what is ready, some at once, and lets go in good order."""

import socket
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from interlock import Interaction, Result, Scope, Session, Shell, accounts, plugins, sessions
from interlock.engine.errors import StoreUnusable, UnknownType
from interlock.sessions import attempts, worker
from interlock.sessions.attempts import Attempts, Note
from interlock.sessions.fairness import Caps
from interlock.sessions.poll import Look, Poll
from interlock.sessions.runner import proceed
from interlock.sessions.worker import Until, Worker
from interlock.store import messages, queue
from interlock.store.connection import disconnect, execute, fetch, now, tx
from interlock.store.times import write_time
from tests.sessions.moves import children, let_time_pass, log, story, submit
from tests.sessions.processes import wait_for

Do = Callable[[Session], Result]
AT_MOST = 150


@pytest.fixture(autouse=True)
def told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL a worker looks once, and then only when a message comes: one suite for both
    ways to hear of sessions."""
    if not url.startswith("sqlite"):
        monkeypatch.setattr(worker, "SWEEP_SECONDS", 3600)


class Watched:
    """A worker whose commands do what a test wants; it remembers all that it was told."""

    def __init__(self, do: Do | None = None, *, concurrency: int = 2, **given: Any) -> None:
        self.notes: list[Note] = []
        self.began: list[str] = []
        self.most = 0
        self._do = do
        self._running = 0
        self._lock = threading.Lock()
        self.worker = Worker(self._perform, self.notes.append, concurrency=concurrency, **given)
        self._thread: threading.Thread | None = None

    def drain(self, until: Until = "drained") -> "Watched":
        """Work until nothing is ready; where messages tell of it, until none is left."""
        if until != "drained" or not messages.sends() or self.worker._types:
            self.worker.run(until)
            return self
        with self:
            wait_for(lambda: self.worker._look_at > 0 and not self._is_told())
        return self

    def _is_told(self) -> bool:
        """True while messages are there for this worker, or sessions are carried on."""
        names = [messages.name_of(name) for name in self.worker._queues]
        rows = fetch(
            "SELECT queue_name FROM procrastinate_jobs WHERE status = 'todo' AND "
            "coalesce(scheduled_at, now()) <= now() OR status = 'doing' AND NOT EXISTS (SELECT 1 "
            "FROM session WHERE id = args ->> 'session_id' AND lease_owner IS NOT NULL)"
        )
        return any(not names or name in names for (name,) in rows) or (
            bool(self.worker._busy) or self.worker._look.held_back
        )

    def __enter__(self) -> "Watched":
        self._thread = threading.Thread(target=self._work)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._thread is not None
        self.worker.stop()
        self.worker.stop()
        self._thread.join(AT_MOST)
        assert not self._thread.is_alive()

    def told(self, kind: str) -> list[str]:
        """The sessions of which it told this, in order."""
        return [note.candidate.id for note in self.notes if note.kind == kind and note.candidate]

    def _work(self) -> None:
        try:
            self.worker.run()
        finally:
            disconnect()

    def _perform(
        self,
        session: Session,
        interaction: Interaction,
        *,
        emit: sessions.Emit,
        stop: threading.Event,
    ) -> Result:
        with self._lock:
            self.began.append(session.id)
            self._running += 1
            self.most = max(self.most, self._running)
        try:
            if self._do is not None:
                return self._do(session)
            assert isinstance(interaction.command, Shell)
            return Result(output=" ".join(interaction.command.argv))
        finally:
            with self._lock:
                self._running -= 1


class Gate:
    """Commands that end when they are let go on."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.began = threading.Event()

    def __call__(self, session: Session) -> Result:
        self.began.set()
        assert self.open.wait(AT_MOST)
        return Result()


def status(scope: Scope, *made: Session) -> list[str]:
    """The status of each of these sessions."""
    return [sessions.get(scope, one.id).status for one in made]


def make_due(session: Session) -> None:
    """Make what a session in a queue waits for due, as if its time had passed."""
    let_time_pass(session)
    with tx():
        execute(
            "UPDATE session SET ready_at = (SELECT due_at FROM interaction WHERE "
            "session_id = session.id AND status = 'open') WHERE id = ?",
            (session.id,),
        )


def test_what_is_in_a_queue_is_carried_to_its_end(scope: Scope) -> None:
    """Every session that is ready, and none that a person runs."""
    mine = sessions.create(scope, "pair")
    queued = [sessions.create(scope, "pair", queue=name) for name in ("default", "nightly") * 5]
    seen = Watched().drain()
    assert status(scope, *queued) == ["complete"] * 10
    assert status(scope, mine) == ["active"]
    assert sorted(seen.told("began")) == sorted(seen.told("ended")) == [one.id for one in queued]
    assert all(story(scope, one) == [("first", "done"), ("second", "done")] for one in queued)
    assert fetch("SELECT lease_owner FROM session WHERE lease_owner IS NOT NULL") == []


def test_types_and_queues_choose_what_is_taken(scope: Scope) -> None:
    """Only sessions of all that is asked for."""
    one = sessions.create(scope, "pair", queue="a")
    for kind, place in (("pair", "b"), ("mending", "a"), ("mending", "b")):
        sessions.create(scope, kind, queue=place)
    assert Watched(types=["pair"], queues=["a", "c"]).drain().told("began") == [one.id]


def test_one_session_is_taken_where_one_is_wanted(scope: Scope) -> None:
    """The worker ends after it, and at once where none is ready."""
    made = [sessions.create(scope, "pair", queue="q") for _ in range(3)]
    assert Watched().drain("one").told("ended") == [made[0].id]
    assert Watched(types=["loop"]).drain("one").notes == []


def test_a_session_that_waits_takes_no_place(scope: Scope) -> None:
    """It is given back, looked at no more until somebody answers, and then goes on."""
    asking = sessions.create(scope, "approval", queue="q")
    seen = Watched(concurrency=1).drain()
    assert (seen.told("began"), seen.told("waits")) == ([asking.id], [asking.id])
    assert Watched().drain().notes == []
    sessions.answer(scope, asking.id, "approve")
    made = sessions.create(scope, "approval", queue="q")
    Watched().drain()
    sessions.answer(scope, made.id, "reject")
    again = Watched(lambda session: Result(output="mended")).drain()
    assert again.told("waits") == [made.id]
    assert story(scope, made) == [("ask", "done"), ("mend", "done"), ("ask", "open")]


def test_what_makes_a_session_ready_is_seen_by_a_worker_that_waits(scope: Scope) -> None:
    """A new session, an answer, a result that was handed in, a time that comes."""
    with Watched() as seen:
        made = sessions.create(scope, "pair", queue="q")
        wait_for(lambda: status(scope, made) == ["complete"])
        asking = sessions.create(scope, "approval", queue="q")
        wait_for(lambda: asking.id in seen.told("waits"))
        sessions.answer(scope, asking.id, "approve")
        short = sessions.create(scope, "pause", input={"seconds": 0.3}, queue="q")
        wait_for(lambda: status(scope, short) == ["complete"])
        mine = sessions.create(scope, "pair")
        submit(scope, mine, Result(output="by hand"))
        sessions.enqueue(scope, mine.id)
        wait_for(lambda: status(scope, mine) == ["complete"])
    by_hand = log(scope, mine)[0].result
    assert by_hand is not None
    assert by_hand.output == "by hand"
    rows = log(scope, short)
    assert [(row.step, row.status) for row in rows] == [("pause", "done"), ("act", "done")]
    assert rows[0].completed_at is not None
    assert rows[0].due_at is not None
    assert rows[0].completed_at >= rows[0].due_at


def test_children_are_carried_on_at_once_and_wake_their_parent(scope: Scope) -> None:
    """The parent takes no place meanwhile: with room for two, two children run."""
    parent = sessions.create(scope, "family", input={"children": [{}] * 4}, queue="q")
    both = threading.Barrier(2, timeout=AT_MOST)

    def meet(session: Session) -> Result:
        if session.type == "pair" and session.step == "first":
            both.wait()
        return Result()

    seen = Watched(meet).drain()
    assert status(scope, parent, *children(scope, parent)) == ["complete"] * 5
    assert seen.most == 2
    assert seen.told("waits") == [parent.id]


def test_a_time_is_found_by_whichever_worker_comes(scope: Scope) -> None:
    """It is kept over the end of the worker that met it; it is never early, and passes once."""
    waiting = sessions.create(scope, "pause", queue="q")
    asking = sessions.create(scope, "approval", input={"timeout": 3600}, queue="q")
    assert len(Watched().drain().told("waits")) == 2
    assert Watched().drain().notes == []
    make_due(waiting)
    make_due(asking)
    Watched().drain()
    assert story(scope, waiting) == [("pause", "done"), ("act", "done")]
    assert story(scope, asking) == [("ask", "done"), ("remind", "done")]
    assert Watched().drain().notes == []


@pytest.mark.parametrize("seconds", [0, 0.001, 0.005, 0.02])
def test_a_time_that_passes_before_the_session_is_let_go_is_not_lost(
    scope: Scope, seconds: float
) -> None:
    """However short it is, the session goes on."""
    made = sessions.create(scope, "pause", input={"seconds": seconds}, queue="q")
    with Watched():
        wait_for(lambda: status(scope, made) == ["complete"])


def test_a_type_that_is_not_there_stops_nobody_else(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told once for all sessions of the type, and they go on when it is there again."""
    lost = [sessions.create(scope, "loop", queue="q", priority=9) for _ in range(3)]
    made = [sessions.create(scope, "pair", queue="q") for _ in range(3)]
    load = plugins.load_type

    def look(name: str) -> Any:
        if name == "loop":
            raise UnknownType("there is no session type loop")
        return load(name)

    monkeypatch.setattr(plugins, "load_type", look)
    seen = Watched().drain()
    assert status(scope, *made) == ["complete"] * 3
    (skipped,) = [note for note in seen.notes if note.kind == "skipped"]
    assert skipped.why == "there is no session type loop"
    monkeypatch.undo()
    Watched(lambda session: Result("done")).drain()
    assert status(scope, *lost) == ["complete"] * 3


def test_what_cannot_be_carried_on_is_passed_over(scope: Scope) -> None:
    """An environment that is not there: one line for the session, and the others go on."""
    lost = sessions.create(scope, "pair", queue="q", priority=9)
    with tx():
        execute("UPDATE session SET environment = 'gone' WHERE id = ?", (lost.id,))
    made = [sessions.create(scope, "pair", queue="q") for _ in range(3)]
    seen = Watched().drain()
    assert status(scope, *made) == ["complete"] * 3
    assert seen.told("skipped") == [lost.id]
    assert log(scope, lost) == []


def test_what_stays_missing_is_tried_less_and_less_often(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice as long a pause each time, up to eight minutes and a half more; it is told once."""
    lost = sessions.create(scope, "pair", queue="q")
    with tx():
        execute("UPDATE session SET environment = 'gone' WHERE id = ?", (lost.id,))
    pauses: list[float] = []
    monkeypatch.setattr(Poll, "pass_over", lambda self, name, seconds: pauses.append(seconds))
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 0.05)
    with Watched() as seen:
        wait_for(lambda: len(pauses) >= 5)
    assert all(1 <= pause / 60 / 2**n <= 1.5 for n, pause in enumerate(pauses[:4]))
    assert 480 <= pauses[4] <= 720
    assert seen.told("skipped") == [lost.id]


def test_what_is_there_again_is_tried_as_soon_as_ever(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that went on has the short pause again when it is next stopped."""
    made = sessions.create(scope, "pause", input={"seconds": 0.001}, queue="q")
    pauses: list[float] = []
    lacking = [True, True, False, True]

    def require(candidate: queue.Candidate) -> None:
        if lacking and lacking.pop(0):
            raise UnknownType("there is no session type pause")

    monkeypatch.setattr(attempts, "require_usable", require)
    monkeypatch.setattr(Poll, "pass_over", lambda self, name, seconds: pauses.append(seconds))
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 0.05)
    with Watched():
        wait_for(lambda: status(scope, made) == ["complete"])
    assert [pause < 91 for pause in pauses] == [True, False, True]


def test_a_fault_in_one_session_ends_no_worker(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told, the session is passed over, and the others go on."""
    broken = sessions.create(scope, "pair", queue="q", priority=9, title="broken")
    made = [sessions.create(scope, "pair", queue="q") for _ in range(3)]

    def fail(lease: Any, session: Session, *rest: Any) -> Session:
        if session.title == "broken":
            raise RuntimeError("no such luck")
        return proceed(lease, session, *rest)

    monkeypatch.setattr(attempts, "proceed", fail)
    seen = Watched().drain()
    assert status(scope, *made) == ["complete"] * 3
    (fault,) = [note for note in seen.notes if note.kind == "failed"]
    assert fault.candidate is not None
    assert fault.candidate.id == broken.id
    assert "RuntimeError: no such luck" in fault.why


def test_a_result_by_hand_is_waited_for(scope: Scope) -> None:
    """A child in an environment that executes nothing is looked at once, not again and again."""
    made = sessions.create(scope, "pair", queue="q")
    with tx():
        execute("UPDATE session SET environment = 'vscode' WHERE id = ?", (made.id,))
    seen = Watched().drain()
    assert (seen.told("waits"), seen.began) == ([made.id], [])
    assert Watched().drain().notes == []
    submit(scope, made, Result())
    assert Watched().drain().told("waits") == [made.id]
    submit(scope, made, Result())
    assert story(scope, made) == [("first", "done"), ("second", "done")]


@pytest.mark.parametrize(
    ("limits", "most"), [((), 4), (("account=2",), 2), (("project=1",), 1), (("type:pair=3",), 3)]
)
def test_no_more_run_at_once_than_a_limit_allows(
    scope: Scope, limits: Sequence[str], most: int
) -> None:
    """All are carried to their end; as many at once as there is room for, and never more."""
    made = [sessions.create(scope, "pair", queue="q") for _ in range(12)]
    meeting = threading.Barrier(most, timeout=AT_MOST)

    def meet(session: Session) -> Result:
        meeting.wait()
        return Result()

    seen = Watched(meet, concurrency=4, caps=Caps.of(limits)).drain()
    assert status(scope, *made) == ["complete"] * 12
    assert seen.most == most


def test_two_workers_cannot_both_take_the_last_place(scope: Scope) -> None:
    """A claim counts again, in its own transaction, what a look has counted."""
    first, second = (sessions.create(scope, "pair", queue="q") for _ in range(2))
    caps, gate = Caps.of(["account=1"]), Gate()
    look = Poll((), (), caps).look({}, 1)
    other = Poll((), (), caps).look({first.id: look.chosen[0]}, 1)
    assert [one.id for one in look.chosen] == [first.id]
    assert other.chosen == ()
    (theirs,) = Poll((), (), Caps()).look({first.id: look.chosen[0]}, 1).chosen
    assert theirs.id == second.id
    with Watched(gate, caps=caps):
        assert gate.began.wait(AT_MOST)
        held = Attempts(lambda *_, **__: Result(), lambda note: None, caps).make(theirs)
        assert held.kind == "taken"
        gate.open.set()
        wait_for(lambda: status(scope, first, second) == ["complete"] * 2)


@pytest.mark.parametrize("change", ["taken back", "moved on", "ended", "deleted"])
def test_a_session_that_changed_after_the_look_is_left_alone(scope: Scope, change: str) -> None:
    """What was found is a hint: the claim sees the session as it is."""
    made = sessions.create(scope, "approval", queue="q")
    (found,) = Poll((), (), Caps()).look({}, 1).chosen
    if change == "taken back":
        sessions.dequeue(scope, made.id)
    elif change == "moved on":
        sessions.next_command(scope, made.id)
    elif change == "ended":
        sessions.cancel(scope, made.id)
    else:
        found = evolve(found, id=f"{found.id[:-4]}0000")
    before = fetch("SELECT * FROM session")
    notes: list[Note] = []
    held = Attempts(lambda *_, **__: Result(), notes.append, Caps()).make(found)
    assert (held.kind, notes) == ("taken", [])
    assert fetch("SELECT * FROM session") == before


def test_a_parent_whose_type_was_missing_goes_on_when_it_is_there(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last child ended while nobody could move it: it is looked at again."""
    parent = sessions.create(scope, "family", input={"children": [{}]}, queue="q")
    Watched(types=["family"]).drain()
    (child,) = children(scope, parent)
    load = plugins.load_type

    def look(name: str) -> Any:
        if name == "family":
            raise UnknownType("there is no session type family")
        return load(name)

    monkeypatch.setattr(plugins, "load_type", look)
    Watched(types=["pair"]).drain()
    monkeypatch.undo()
    assert status(scope, child, parent) == ["complete", "active"]
    Watched().drain()
    assert status(scope, parent) == ["complete"]


def test_a_project_with_one_session_comes_soon(scope: Scope) -> None:
    """It does not wait for the many of another project that were there before."""
    for _ in range(30):
        sessions.create(scope, "pair", queue="q")
    elsewhere = accounts.enter("acme", "elsewhere")
    alone = sessions.create(elsewhere, "pair", queue="q")
    seen = Watched(concurrency=1).drain()
    assert seen.told("began").index(alone.id) == 1
    assert len(seen.told("ended")) == 31


def test_more_urgent_sessions_are_first(scope: Scope) -> None:
    """Whatever the order in which they came."""
    made = [sessions.create(scope, "pair", queue="q", priority=n) for n in (-1, 0, 2, 1)]
    seen = Watched(concurrency=1).drain()
    assert seen.told("began") == [made[number].id for number in (2, 3, 1, 0)]


def test_every_account_is_served_in_its_own_scope(scope: Scope, stranger: Scope) -> None:
    """Each session is carried on as its owner's: what it starts is his."""
    owners = (scope, stranger)
    made = [sessions.create(one, "family", input={"children": [{}]}, queue="q") for one in owners]
    Watched().drain()
    for one, parent in zip(owners, made, strict=True):
        (child,) = children(one, parent)
        assert status(one, parent, child) == ["complete"] * 2
        assert (child.account_id, child.project_id) == (one.account_id, parent.project_id)


def test_a_worker_that_is_stopped_ends_between_two_commands(scope: Scope) -> None:
    """The command that runs ends, its result is kept, the next one is not begun; nothing new is
    taken."""
    gate, made = Gate(), sessions.create(scope, "pair", queue="q")
    with Watched(gate, concurrency=1) as seen:
        assert gate.began.wait(AT_MOST)
        later = sessions.create(scope, "pair", queue="q")
        seen.worker.stop()
        gate.open.set()
        wait_for(lambda: seen.told("left") == [made.id])
    assert story(scope, made) == [("first", "done"), ("second", "open")]
    assert story(scope, later) == []
    Watched().drain()
    assert story(scope, made) == [("first", "done"), ("second", "done")]


@pytest.mark.parametrize("grace", [0.0, 600.0])
def test_a_command_that_is_stopped_has_an_unknown_outcome(scope: Scope, grace: float) -> None:
    """After the grace, or at the second signal. The next claim settles it by the step's policy."""
    gate, made = Gate(), sessions.create(scope, "pair", queue="q")
    with Watched(gate, grace=grace) as seen:
        assert gate.began.wait(AT_MOST)
        seen.worker.stop()
        if grace:
            seen.worker.stop()
        wait_for(lambda: seen.worker._last is not None)
        gate.open.set()
        wait_for(lambda: seen.told("stopped") == [made.id])
    assert story(scope, made) == [("first", "open")]
    Watched().drain()
    assert story(scope, made) == [("first", "unknown"), ("first", "done"), ("second", "done")]


def test_a_session_that_is_lost_meanwhile_is_told(scope: Scope) -> None:
    """Another has its lease by now: this worker changes nothing more in it, and says why."""
    made = sessions.create(scope, "pair", queue="q")

    def lose(session: Session) -> Result:
        other = f"elsewhere:1:1.00:{'0' * 32}"
        with tx():
            execute("UPDATE session SET lease_owner = ?, version = version + 1", (other,))
        return Result()

    seen = Watched(lose).drain()
    (note,) = [note for note in seen.notes if note.kind == "stopped"]
    assert "was taken over by elsewhere" in note.why
    assert story(scope, made) == [("first", "open")]


def test_a_session_that_is_taken_back_is_given_back(scope: Scope) -> None:
    """After the command that runs; its result is kept."""
    gate, made = Gate(), sessions.create(scope, "pair", queue="q")
    with Watched(gate) as seen:
        assert gate.began.wait(AT_MOST)
        sessions.dequeue(scope, made.id)
        gate.open.set()
        wait_for(lambda: seen.told("left") == [made.id])
    assert story(scope, made) == [("first", "done"), ("second", "open")]
    assert Watched().drain().notes == []


def test_the_session_of_a_worker_that_died_is_taken_at_once(scope: Scope) -> None:
    """Its lease need not be over: who held it is looked up."""
    made = sessions.create(scope, "pair", queue="q")
    sessions.next_command(scope, made.id)
    dead = "2999-01-01T00:00:00.000000+00:00"
    with tx():
        execute(
            "UPDATE session SET lease_owner = ?, lease_until = ?",
            (f"{socket.gethostname()}:999999999:1.00:{'0' * 32}", dead),
        )
    Watched().drain()
    assert story(scope, made) == [("first", "unknown"), ("first", "done"), ("second", "done")]


def test_a_worker_looks_when_the_lease_of_another_machine_is_over(scope: Scope) -> None:
    """No message tells of a worker that died there; this one waits for the end, and not longer."""
    made = sessions.create(scope, "pair", queue="q")
    sessions.next_command(scope, made.id)

    def lease(until: datetime) -> None:
        owner = f"far-away:1:1.00:{'0' * 32}"
        with tx():
            execute(
                "UPDATE session SET lease_owner = ?, lease_until = ?", (owner, write_time(until))
            )

    end = now() + timedelta(hours=1)
    lease(end)
    assert Poll((), (), Caps()).look({}, 1) == Look(lease_end=end)
    end = now() + timedelta(seconds=1)
    lease(end)
    with Watched():
        wait_for(lambda: status(scope, made) == ["complete"])
    lost, *rows = log(scope, made)
    assert (lost.status, [row.status for row in rows]) == ("unknown", ["done", "done"])
    assert lost.completed_at is not None
    assert lost.completed_at >= end


def test_a_session_that_somebody_else_runs_is_left_alone(scope: Scope) -> None:
    """Neither worker nor person is disturbed: whoever holds it finishes it."""
    gate, made = Gate(), sessions.create(scope, "pair", queue="q")
    with Watched(gate):
        assert gate.began.wait(AT_MOST)
        assert Watched().drain().notes == []
        gate.open.set()
        wait_for(lambda: status(scope, made) == ["complete"])
    assert story(scope, made) == [("first", "done"), ("second", "done")]


def test_a_database_that_fails_is_tried_again(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told once, and work goes on when the database is back."""
    look, failing = queue.leased, threading.Event()
    failing.set()

    def leased() -> Any:
        if failing.is_set():
            raise StoreUnusable("the disk is gone")
        return look()

    monkeypatch.setattr(queue, "leased", leased)
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.01)
    made = sessions.create(scope, "pair", queue="q")
    with Watched() as seen:
        wait_for(lambda: bool(seen.notes))
        failing.clear()
        wait_for(lambda: status(scope, made) == ["complete"])
    assert [note.why for note in seen.notes if note.kind == "failed"] == ["the disk is gone"]


def test_a_worker_that_waits_looks_seldom(scope: Scope) -> None:
    """Between two looks it sleeps; the next time that is due wakes it, and none before."""
    sessions.create(scope, "pause", queue="q")
    Watched().drain()
    idle = Watched()
    idle.worker._hand_out(1)
    assert idle.worker._look.chosen == ()
    due = idle.worker._look.next_time
    assert due is not None
    assert due > datetime.now(UTC)
    assert 0 < idle.worker._patience() <= worker.POLL_SECONDS
    soon = datetime.now(UTC) + timedelta(seconds=worker.POLL_SECONDS / 2)
    idle.worker._look = Look(next_time=soon)
    assert 0 < idle.worker._pause() <= worker.POLL_SECONDS / 2
