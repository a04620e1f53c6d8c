"""Sessions in queues: when each is ready is kept in its row, and found without reading the rest."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from interlock import (
    COMPLETE,
    Ask,
    Command,
    Result,
    Session,
    SessionType,
    Shell,
    Wait,
    engine,
    step,
)
from interlock.engine.errors import Refused, StaleSession
from interlock.engine.values import changed
from interlock.store import queue, records
from interlock.store.connection import backend, execute, fetch, tx
from interlock.store.times import write_time
from tests.store.plans import crowd, plan
from tests.store.samples import NOW, enter, new_session, value

pytestmark = pytest.mark.usefixtures("database")
LATER = NOW + timedelta(seconds=5)


class Turning(SessionType):
    """Each command in turn: one that is executed, a question with a time limit, a time."""

    transitions = (
        ("ok", "act", "ask"),
        ("yes", "ask", "wait"),
        ("expired", "ask", "wait"),
        ("ok", "wait", COMPLETE),
    )

    @step
    def act(self, session: Session) -> Command:
        return Shell(("true",))

    @step
    def ask(self, session: Session) -> Command:
        return Ask("Shall it?", ("yes",), timeout=session.input.get("timeout"))

    @step
    def wait(self, session: Session) -> Command:
        return Wait(for_=60)


KIND = Turning()


def queued(name: str = "default", **fields: Any) -> Session:
    """A session in a queue of the account `acme`."""
    account, project = fields.pop("account", "acme"), fields.pop("project", "site")
    return new_session(enter(account, project), queue=name, **fields)


def begin(**given: Any) -> Session:
    """A session of the type above, before its first command."""
    return changed(queued(input=given), type="turning", step="act")


def move(session: Session, result: Result | None = None, *, after: float = 0) -> Session:
    """The session as saved `after` seconds, with a result and its next command open."""
    if result is not None:
        session = engine.handle_result(KIND, session, result)
    with tx():
        return records.save(engine.next_command(KIND, session), NOW + timedelta(seconds=after))


def found(now: Any = NOW, *, but: Sequence[str] = (), limit: int = 100) -> list[str]:
    """The ids of all that is ready in all lanes."""
    lanes = queue.lanes()
    return [one.id for lane in lanes for one in queue.ready(lane, now, but=but, limit=limit)]


def test_when_a_session_is_ready_is_kept_with_each_move() -> None:
    """Ready while there is something to execute; at its time, or never, while it waits."""
    session = begin()
    assert session.ready_at == NOW
    session = move(session, after=1)
    assert session.ready_at == NOW
    session = move(session, Result(), after=2)
    assert session.ready_at is None
    session = move(session, Result("yes"), after=3)
    assert session.ready_at == NOW + timedelta(seconds=63)
    assert value("SELECT ready_at FROM session") == "2026-01-02T03:05:08.678901+00:00"


def test_an_answer_before_its_time_makes_a_session_ready_at_once() -> None:
    """The time limit of a question is a time that it becomes ready at, no longer once answered."""
    session = move(move(begin(timeout=100)), Result())
    assert session.ready_at == NOW + timedelta(seconds=100)
    answered = engine.handle_result(KIND, session, Result("yes"))
    with tx():
        assert records.save(answered, LATER).ready_at == LATER
    assert value("SELECT ready_at FROM session") == "2026-01-02T03:04:10.678901+00:00"


def test_an_ended_session_is_never_ready() -> None:
    """It is in no lane."""
    session = begin()
    with tx():
        ended = records.save(engine.cancel(session, "enough"), NOW)
    assert ended.ready_at is None
    assert list(queue.lanes()) == []


def test_only_what_is_in_a_queue_is_found() -> None:
    """Those that wait, are held, are not in a queue, or are left out, are not among the ready."""
    mine, held, left_out = queued(), queued(), queued()
    new_session(enter())
    with tx():
        records.claim(held, "somebody", LATER)
        queue.rest(queued(), LATER)
        queue.rest(queued(), None)
    assert found(but=[left_out.id]) == [mine.id]
    assert len(found(LATER)) == 3


def test_each_lane_is_told_once() -> None:
    """One for each queue, type, account, project and priority that has a session, and no other."""
    for _ in range(3):
        queued()
        queued(account="other")
        queued(project=None)
        queued("nightly", priority=7)
    lanes = [(one.queue, one.type, one.priority) for one in queue.lanes()]
    assert sorted(lanes) == sorted([("default", "sample", 0)] * 3 + [("nightly", "sample", 7)])
    assert {one.project_id is None for one in queue.lanes()} == {True, False}
    assert len({(one.account_id, one.project_id, one.queue) for one in queue.lanes()}) == 4


def test_those_of_a_lane_are_found_longest_ready_first() -> None:
    """As many as are asked for; the next time is that of the first that is not ready yet."""
    sessions = [queued() for _ in range(4)]
    with tx():
        for seconds, session in zip((3, 1, 2, 9), sessions, strict=True):
            queue.rest(session, NOW + timedelta(seconds=seconds))
    (lane,) = queue.lanes()
    order = [sessions[number].id for number in (1, 2, 0)]
    assert found(LATER) == order
    assert found(LATER, limit=2) == order[:2]
    assert queue.next_time(lane, LATER) == NOW + timedelta(seconds=9)
    assert queue.next_time(lane, NOW + timedelta(seconds=9)) is None


def test_who_holds_a_session_is_found_with_its_step() -> None:
    """Every session that has a lease, also in no queue; not those that have ended."""
    mine, other = queued(), new_session(enter("other"))
    with tx():
        records.claim(mine, "me", LATER)
        records.claim(other, "you", LATER)
        ended = records.claim(queued(), "me", LATER)
        records.save(engine.cancel(ended, "enough"), NOW)
    told = {one.session.id: (one.owner, one.until, one.step) for one in queue.leased()}
    assert told == {mine.id: ("me", LATER, "work"), other.id: ("you", LATER, "work")}


def test_a_session_at_rest_has_another_version() -> None:
    """Whoever decided on it as it was before is refused, and so is a rest that comes late."""
    session = queued()
    with tx():
        rested = queue.rest(session, LATER)
    assert (rested.version, rested.ready_at) == (session.version + 1, LATER)
    with pytest.raises(StaleSession), tx():
        queue.rest(session, None)
    assert value("SELECT version FROM session") == rested.version


def test_a_change_of_the_queue_disturbs_nobody() -> None:
    """Who decided on the session as it was can still save it."""
    session = begin()
    with tx():
        queue.assign(changed(session, queue=None, priority=3))
    assert not queue.is_queued(session.id)
    assert move(session).version == session.version + 1
    assert fetch("SELECT queue, priority FROM session") == [(None, 3)]


def test_each_look_reads_an_index_in_its_order() -> None:
    """No table is read from end to end, and nothing is sorted."""
    queued()
    crowd()
    with tx():
        records.claim(new_session(enter()), "me", LATER)
    (lane,), now = queue.lanes(), write_time(NOW)
    for asked, values, index, searched in (
        (queue.READY, (lane.key, now, 5), "session_queued", "ready_at<"),
        (queue.NEXT_TIME, (lane.key, now), "session_queued", "ready_at>"),
        (queue.LEASED, (), "session_leased", ""),
    ):
        found = plan(asked.sql, values)
        assert found.reads[0].index == index
        assert searched in found.reads[0].by
        assert (found.whole, found.sorts) == ([], False)


def test_the_lanes_are_found_without_their_sessions() -> None:
    """Each step to the next lane, and to its first session, is a search in the index."""
    queued()
    crowd()
    found = plan(queue.LANES.sql, ())
    assert (found.whole, found.sorts) == ([], False)
    searches = [read.index for read in found.reads if read.table.startswith("session")]
    # A server does not tell of the one within the recursion.
    assert searches == ["session_queued"] * (3 if backend().is_file else 2)


def test_a_queue_has_a_name() -> None:
    """An empty one is refused by the database."""
    queued()
    with pytest.raises(Refused, match="refused"), tx():
        execute("UPDATE session SET queue = ''")
