"""A holder that was stopped past its lease, and comes back, changes nothing."""

import signal
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from interlock import Interaction, Result, Scope, Session, sessions
from interlock.engine.errors import StaleSession
from interlock.environments.supervisor import GIVE_UP, ON_REQUEST
from interlock.sessions import lease
from interlock.store.connection import execute, tx
from tests.sessions.moves import log, ok, restart, story
from tests.sessions.processes import Runner

LONG_AGO = "2000-01-01T00:00:00.000000+00:00"


@pytest.mark.parametrize("ended", [True, False])
def test_a_zombie_writes_nothing(scope: Scope, ended: bool) -> None:
    """A real process is stopped in the middle of a command, its lease runs out, another runner
    takes over; whether that has finished or not, what the zombie says is kept as late."""
    session = sessions.create(scope, "pair")
    zombie = Runner(session)
    assert zombie.hear() == "execute first 0"
    zombie.process.send_signal(signal.SIGSTOP)
    with tx():
        execute("UPDATE session SET lease_until = ?", (LONG_AGO,))
    restart()
    taker = Runner(session)
    assert taker.hear() == "execute first 0"
    if ended:
        taker.say("taken")
        assert taker.hear() == "execute second taken"
        taker.say("over")
        assert taker.hear() == "complete second"
    before = log(scope, session), sessions.get(scope, session.id)
    zombie.process.send_signal(signal.SIGCONT)
    zombie.say("of a zombie")
    assert zombie.hear().startswith("complete second" if ended else "stale_session: ")
    restart()
    found = sessions.get(scope, session.id)
    assert log(scope, session) == before[0]
    assert (found.version, found.lease_owner) == (before[1].version, before[1].lease_owner)
    assert [event.type for event in sessions.events(scope, session.id)] == ["late_result"]
    if not ended:
        taker.say("taken")
        assert taker.hear() == "execute second taken"
    for runner in (zombie, taker):
        runner.close()
    assert sessions.verify(scope, session.id) == []


class Clock:
    """One that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_a_command_is_ended_before_its_lease_is_over(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it cannot be renewed in time; how it ended is unknown then, and the try not charged."""
    clock = Clock()
    monkeypatch.setattr(lease, "clock", clock)
    monkeypatch.setattr(lease, "RENEW_SECONDS", 1e9)
    session = sessions.create(scope, "pair")

    def perform(
        session: Session, interaction: Interaction, *, stop: threading.Event, **_: Any
    ) -> Result:
        clock.now += lease.LEASE_SECONDS - lease.MARGIN_SECONDS - 0.1
        assert not stop.is_set()
        clock.now += 0.1
        assert stop.is_set()
        return Result(data={"stopped": True}).failed("stopped on request")

    with pytest.raises(StaleSession, match="its lease was not renewed in time"):
        sessions.drive(scope, session.id, perform)
    monkeypatch.undo()
    restart()
    assert sessions.run(scope, session.id, ok).status == "complete"
    assert story(scope, session) == [("first", "unknown"), ("first", "done"), ("second", "done")]
    assert [row.attempt for row in log(scope, session)] == [1, 1, 1]


def test_what_was_done_in_time_is_handed_in(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result that nobody stopped counts, if nobody took the session over."""
    clock = Clock()
    monkeypatch.setattr(lease, "clock", clock)
    session = sessions.create(scope, "pair")

    def perform(session: Session, interaction: Interaction, **_: Any) -> Result:
        clock.now += 1000
        return ok(interaction.command)

    assert sessions.drive(scope, session.id, perform).status == "complete"


def test_a_lease_that_is_kept_up_does_not_expire(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each renewal counts from the moment before it."""
    clock = Clock()
    monkeypatch.setattr(lease, "clock", clock)
    session = sessions.create(scope, "pair")
    with lease.Lease(scope, session.id) as held:
        held.claim()
        for _ in range(5):
            clock.now += lease.RENEW_SECONDS
            assert not held.expired
            held._renew()
        clock.now += lease.LEASE_SECONDS
        assert held.expired


def test_a_margin_is_enough_to_end_any_command() -> None:
    """The supervisor has ended a command, or given up, before the lease can be another's; and a
    renewal comes before the margin begins."""
    assert ON_REQUEST[-1][0] + GIVE_UP < lease.MARGIN_SECONDS
    assert (
        2 * lease.RENEW_SECONDS + lease.WATCH_SECONDS < lease.LEASE_SECONDS - lease.MARGIN_SECONDS
    )


def test_a_process_number_that_was_given_again_holds_nothing() -> None:
    """Who holds a lease is known by number and time of birth."""
    owner, now = lease._process(), datetime.now(UTC)
    host, number, born = owner.split(":")
    later = now + timedelta(seconds=30)
    assert lease.holds(f"{owner}:word", later, now)
    assert not lease.holds(f"{host}:{number}:{float(born) - 86_400}:word", later, now)
