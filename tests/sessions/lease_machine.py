"""The same, and holders of leases: who claims, executes, keeps up, loses and is taken over from."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from attrs import define
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    multiple,
    rule,
    run_state_machine_as_test,
)

from interlock import Result, Session, sessions
from interlock.engine.errors import SessionBusy, SessionNotFound, StaleSession
from interlock.sessions import lease
from interlock.sessions.lease import Lease
from interlock.sessions.runner import proceed
from tests.sessions.life_machine import EndingSessions
from tests.sessions.machine import STATUSES
from tests.sessions.model import RUN, Model


@define(eq=False)
class Holder:
    """Somebody who has claimed a session, and what he knows of it."""

    number: int
    key: str
    lease: Lease
    session: Session
    moves: int
    """The model's, as of when he looked last."""


class HeldSessions(EndingSessions):
    """Sessions that are run by somebody, who may be a zombie."""

    holders = Bundle[Holder]("holders")

    def __init__(self) -> None:
        super().__init__()
        self.owners: list[str] = []
        """Of all holders there were, by their number."""

    @rule(target=holders, key=EndingSessions.ids)
    def claim(self, key: str) -> Holder | MultipleResults[Holder]:
        """Take a session, if nobody alive has it."""
        model = self.find(key)
        if model is None or model.worn:
            return multiple()
        held = Lease(self.scope, key)
        if model.active and model.held:
            with pytest.raises(SessionBusy):
                held.claim()
            return multiple()
        number = len(self.owners)
        self.owners.append(held.owner)
        model.claim(number)
        return Holder(number, key, held, held.claim(), model.moves)

    @rule(holder=holders, statuses=st.lists(STATUSES, min_size=1, max_size=3))
    def work(self, holder: Holder, statuses: Sequence[str]) -> None:
        """Execute commands, as long as there are some as far as the holder knows."""
        for status in statuses:
            if holder.session.active and holder.session.open is not None:
                self.execute(holder, self.find(holder.key), status)
                self.look()

    def execute(self, holder: Holder, model: Model | None, status: str) -> None:
        """Have one executed. Where the session was moved on meanwhile, the result is late and moves
        nothing."""
        left = [Result(status, output=str(next(self.outputs)))]
        (result,) = left

        def perform(*_: Any, **__: Any) -> Result:
            return left.pop()

        go_on = partial(proceed, holder.lease, holder.session, perform, lambda: bool(left))
        if model is None:
            with pytest.raises(SessionNotFound):
                go_on()
            return
        if holder.moves == model.moves:
            model.hand_in(status, result.output)
        else:
            model.events += 1
            if model.active and model.holder != holder.number:
                with pytest.raises(StaleSession, match="was taken over"):
                    go_on()
                return
            model.issue()
        holder.session, holder.moves = go_on(), model.moves

    @rule(holder=holders, how=st.sampled_from(["renew", "give back", "give up"]))
    def keep(self, holder: Holder, how: str) -> None:
        """Keep a lease up, or give it back, also in the middle of a command; another's is not
        touched."""
        model = self.find(holder.key)
        if how == "renew":
            holder.lease._renew()
        else:
            holder.lease.executing = how == "give up"
            holder.lease.__exit__(None, None, None)
        if model is not None and model.holder == holder.number:
            model.held = how == "renew"
            model.holder = None if how == "give back" else model.holder

    def compare(self, key: str) -> None:
        """The lease is that of whom the model says."""
        super().compare(key)
        model = self.models[key]
        if not model.deleted and model.holder not in (None, RUN):
            owner = sessions.get(self.scope, key).lease_owner
            assert owner == self.owners[model.holder]


def try_out(sequences: int, steps: int, number: int | None = None) -> None:
    """Try so many sequences of at most so many steps; a number draws the same again."""
    often = settings(max_examples=sequences, stateful_step_count=steps)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lease, "LEASE_SECONDS", 1e6)  # time passes when the machine says so
        patch.setattr(Lease, "watch", lambda held: None)  # its thread would run by itself
        if number is None:
            run_state_machine_as_test(HeldSessions, settings=often)
        else:
            machine = seed(number)(HeldSessions)
            run_state_machine_as_test(machine, settings=settings(often, database=None))
