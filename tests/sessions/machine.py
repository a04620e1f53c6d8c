"""What can be done to sessions by hand, in any order, each beside its model."""

from collections.abc import Sequence
from functools import partial
from itertools import count

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from interlock import Command, Result, accounts, sessions
from interlock.engine.errors import (
    InteractionClosed,
    InterlockError,
    InvalidInput,
    ResultConflict,
    SessionBusy,
    SessionEnded,
    SessionNotFound,
)
from interlock.store.connection import disconnect, execute, now, tx
from tests.sessions.model import Model, Row
from tests.sessions.moves import log, restart, spare_the_disk

STATUSES = st.sampled_from(["ok"] * 8 + ["done", "error"])
LONG_AGO = "2000-01-01T00:00:00.000000+00:00"
NUMBER = count()


class Sessions(RuleBasedStateMachine):
    """Some sessions of an account of its own, each beside its model."""

    ids = Bundle[str]("ids")
    steps = 0
    """How many were taken by all machines of this process."""

    def __init__(self) -> None:
        super().__init__()
        self.scope = accounts.enter(f"account {next(NUMBER)}", "site")
        self.models: dict[str, Model] = {}
        self.touched: list[str] = []
        self.outputs = count()

    def find(self, key: str) -> Model | None:
        """The model of a session, which is looked at after this rule; None for one that was
        deleted, of which nobody finds anything."""
        self.touched.append(key)
        model = self.models[key]
        if model.deleted:
            self.require_gone(key)
            return None
        return model

    def require_gone(self, key: str) -> None:
        """Whatever is asked of it or done to it, there is no such session."""
        for act in (
            lambda: sessions.next_command(self.scope, key),
            lambda: sessions.handle_result(self.scope, key, f"{key}.1", Result()),
            lambda: sessions.cancel(self.scope, key),
            lambda: sessions.reopen(self.scope, key),
            lambda: sessions.run(self.scope, key, lambda command: Result()),
            lambda: sessions.delete(self.scope, key),
            lambda: list(sessions.history(self.scope, key)),
        ):
            with pytest.raises(SessionNotFound):
                act()

    @initialize(target=ids, budget=st.integers(5, 30))
    def begin(self, budget: int) -> str:
        """There is always one."""
        return self.create(budget)

    @rule(target=ids, budget=st.integers(1, 30))
    @precondition(lambda self: sum(not one.deleted for one in self.models.values()) < 3)
    def add(self, budget: int) -> str:
        """Another."""
        return self.create(budget)

    def create(self, budget: int) -> str:
        """A new session."""
        session = sessions.create(self.scope, "loop", budget=budget)
        self.models[session.id] = Model(budget)
        return session.id

    @rule(key=ids, how=st.sampled_from(["as it is", "anew", "with a note"]))
    def ask(self, key: str, how: str) -> None:
        """Ask for the next command, as it is or anew, or tell what happened meanwhile."""
        if (model := self.find(key)) is None:
            return
        anew = how == "anew"
        if model.active and anew and model.open is not None:
            model.drop("superseded")
        model.issue()
        if not model.active:
            with pytest.raises(SessionEnded):
                sessions.next_command(self.scope, key, reissue=anew)
            return
        row = sessions.next_command(self.scope, key, reissue=anew)
        assert row.seq == len(model.rows)
        if how == "with a note":
            model.events += 1
            sessions.record(self.scope, key, row.id, "note", {"text": "something"})

    @rule(key=ids, statuses=st.lists(STATUSES, min_size=1, max_size=4))
    def advance(self, key: str, statuses: Sequence[str]) -> None:
        """Hand in the results of the next commands, one after the other."""
        for status in statuses:
            self.ask(key, "as it is")
            model = self.models[key]
            if model.deleted or not model.active:
                return
            output = str(next(self.outputs))
            hand_in = partial(sessions.handle_result, self.scope, key, str(len(model.rows)))
            if (model.step, status) == ("check", "done"):
                with pytest.raises(InvalidInput):
                    hand_in(Result(status, output=output))
                return
            model.submit(status, output)
            hand_in(Result(status, output=output))

    @rule(key=ids, data=st.data(), same=st.booleans())
    def answer_again(self, key: str, data: st.DataObject, same: bool) -> None:
        """Hand in a result for an interaction that is closed, the same one or another."""
        if (model := self.find(key)) is None:
            return
        closed = [n for n, row in enumerate(model.rows, 1) if row.status != "open"]
        if not closed:
            return
        number = data.draw(st.sampled_from(closed))
        row = model.rows[number - 1]
        if same and row.status == "done" and row.step:
            result = Result(row.given or row.result, output=row.output)
            sessions.handle_result(self.scope, key, f"{key}.{number}", result)
            return
        error: type[InterlockError] = ResultConflict
        if row.status != "done":
            error = InteractionClosed if model.active else SessionEnded
        model.events += 1
        with pytest.raises(error):
            sessions.handle_result(self.scope, key, f"{key}.{number}", Result(output="another"))

    @rule(key=ids, results=st.lists(STATUSES, max_size=3))
    def run(self, key: str, results: Sequence[str]) -> None:
        """Run it for a while, until Ctrl-C; what is lost time after time is shown elsewhere."""
        if (model := self.find(key)) is None:
            return
        if model.worn:
            return
        if model.active and model.held:
            with pytest.raises(SessionBusy):
                sessions.run(self.scope, key, lambda command: Result())
            return
        left, output = list(results), str(next(self.outputs))

        def executor(command: Command) -> Result:
            if not left:
                raise KeyboardInterrupt
            return Result(left.pop(0), output=output)

        model.run(results, output)
        if model.active:
            with pytest.raises(KeyboardInterrupt):
                sessions.run(self.scope, key, executor)
        else:
            assert sessions.run(self.scope, key, executor).status == model.status

    @rule(key=ids, how=st.sampled_from(["time", "memory", "connection"]))
    def lose(self, key: str, how: str) -> None:
        """Have the lease of a session run out, forget all that is not in the database, or open that
        anew."""
        model = self.find(key)
        if how == "time" and model is not None and model.holder is not None:
            with tx():
                execute("UPDATE session SET lease_until = ? WHERE id = ?", (LONG_AGO, key))
            model.held = False
        restart()
        if how == "connection":
            disconnect()
            spare_the_disk()

    @invariant()
    def agree(self) -> None:
        """After each step, the session that was touched is as its model."""
        Sessions.steps += 1
        self.look()

    def look(self) -> None:
        """Compare what was touched since it was looked at last."""
        while self.touched:
            self.compare(self.touched.pop())

    def compare(self, key: str) -> None:
        """Position, log, lease and events are those of the model; what is kept verifies."""
        model = self.models[key]
        if model.deleted:
            self.require_gone(key)
            return
        session = sessions.get(self.scope, key)
        expected = (model.status, model.step, model.attempt, len(model.rows))
        assert (session.status, session.step, session.attempt, session.seq) == expected
        assert (session.lease_owner is not None) == (model.holder is not None)
        assert sessions.running(session, now()) == model.held
        rows = log(self.scope, session)
        assert [row.seq for row in rows] == list(range(1, len(model.rows) + 1))
        assert [
            Row(
                row.step,
                row.attempt,
                row.status,
                row.result.output if row.result is not None else "",
                row.result.status if row.result is not None else "",
            )
            for row in rows
        ] == model.rows
        assert [row for row in rows if row.status == "open"] == [
            row for row in [session.open] if row is not None
        ]
        assert len(list(sessions.events(self.scope, session.id))) == model.events
        assert sessions.verify(self.scope, session.id) == []

    def teardown(self) -> None:
        """In the end all are as their models, for another process too."""
        restart()
        for key in self.models:
            self.compare(key)
        found = sessions.find(self.scope, archived=True, limit=1000).sessions
        left = {key for key, model in self.models.items() if not model.deleted}
        assert {session.id for session in found} == left
