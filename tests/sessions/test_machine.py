"""Whatever is done to sessions, in whatever order: they are as the model says."""

from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from interlock import Command, Result, Session, accounts, sessions
from interlock.engine.errors import (
    InteractionClosed,
    InterlockError,
    InvalidInput,
    ResultConflict,
    SessionActive,
    SessionEnded,
)
from interlock.store.connection import execute
from tests.sessions.model import Model, Row
from tests.sessions.moves import log, restart

STATUSES = st.sampled_from(["ok", "ok", "ok", "done", "error"])
STEPS = st.sampled_from([None, "work", "check"])
NUMBER = count()


class Sessions(RuleBasedStateMachine):
    """Some sessions of an account of its own, each beside its model."""

    ids = Bundle[str]("ids")

    def __init__(self) -> None:
        super().__init__()
        self.scope = accounts.enter(f"account {next(NUMBER)}", "site")
        self.models: dict[str, Model] = {}
        self.touched: list[str] = []
        self.outputs = count()

    def find(self, key: str) -> Model:
        """The model of a session, which is looked at after this rule."""
        self.touched.append(key)
        return self.models[key]

    @initialize(target=ids, budget=st.integers(3, 8))
    def begin(self, budget: int) -> str:
        """There is always one."""
        return self.create(budget)

    @rule(target=ids, budget=st.integers(1, 8))
    @precondition(lambda self: len(self.models) < 3)
    def add(self, budget: int) -> str:
        """Another."""
        return self.create(budget)

    def create(self, budget: int) -> str:
        """A new session."""
        session = sessions.create(self.scope, "loop", budget=budget)
        self.models[session.id] = Model(budget)
        return session.id

    @rule(key=ids, reissue=st.booleans())
    def ask(self, key: str, reissue: bool) -> None:
        """Ask for the next command, as it is or anew."""
        model = self.find(key)
        if model.active and reissue and model.open is not None:
            model.drop("superseded")
        model.issue()
        if not model.active:
            with pytest.raises(SessionEnded):
                sessions.next_command(self.scope, key, reissue=reissue)
            return
        row = sessions.next_command(self.scope, key, reissue=reissue)
        assert row.seq == len(model.rows)

    @rule(key=ids, status=STATUSES)
    def submit(self, key: str, status: str) -> None:
        """Hand in the result of the open interaction."""
        model = self.find(key)
        if model.open is None:
            return
        output = str(next(self.outputs))
        if (model.step, status) == ("check", "done"):
            with pytest.raises(InvalidInput):
                sessions.handle_result(
                    self.scope, key, str(len(model.rows)), Result(status, output=output)
                )
            return
        row = str(len(model.rows))
        model.submit(status, output)
        sessions.handle_result(self.scope, key, row, Result(status, output=output))

    @rule(key=ids, data=st.data(), same=st.booleans())
    def submit_again(self, key: str, data: st.DataObject, same: bool) -> None:
        """Hand in a result for an interaction that is closed, the same one or another."""
        model = self.find(key)
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
        model.late += 1
        with pytest.raises(error):
            sessions.handle_result(self.scope, key, f"{key}.{number}", Result(output="another"))

    @rule(key=ids)
    def cancel(self, key: str) -> None:
        """End it for good."""
        model = self.find(key)
        if not model.active:
            with pytest.raises(SessionEnded):
                sessions.cancel(self.scope, key)
            return
        model.cancel()
        sessions.cancel(self.scope, key)

    @rule(key=ids)
    def retry(self, key: str) -> None:
        """Try again where it failed."""
        model = self.find(key)
        if model.status != "failed":
            with pytest.raises(SessionActive if model.active else InvalidInput):
                sessions.retry(self.scope, key)
            return
        model.revive()
        sessions.retry(self.scope, key)

    @rule(key=ids, step=STEPS)
    def reopen(self, key: str, step: str | None) -> None:
        """Go on at a step."""
        model = self.find(key)
        if model.active:
            with pytest.raises(SessionActive):
                sessions.reopen(self.scope, key, step)
            return
        model.revive(step)
        sessions.reopen(self.scope, key, step)

    @rule(key=ids, results=st.lists(STATUSES, max_size=3))
    def run(self, key: str, results: Sequence[str]) -> None:
        """Run it for a while, until Ctrl-C; what is lost time after time is shown elsewhere."""
        model = self.find(key)
        if model.worn:
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

    @rule(key=ids, undo=st.booleans())
    def archive(self, key: str, undo: bool) -> None:
        """Put it away, or take it back."""
        if self.find(key).active:
            with pytest.raises(SessionActive):
                sessions.archive(self.scope, key, undo=undo)
        else:
            sessions.archive(self.scope, key, undo=undo)

    @rule()
    def go_on_elsewhere(self) -> None:
        """Another process takes over: it knows only what is in the database."""
        restart()

    @invariant()
    def agree(self) -> None:
        """The session that was touched is as its model."""
        while self.touched:
            key = self.touched.pop()
            self.compare(sessions.get(self.scope, key), self.models[key])

    def compare(self, session: Session, model: Model) -> None:
        """Position, log and late results are those of the model; the log leads to the position."""
        expected = (model.status, model.step, model.attempt, len(model.rows))
        assert (session.status, session.step, session.attempt, session.seq) == expected
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
        assert len(list(sessions.events(self.scope, session.id))) == model.late
        assert sessions.check(self.scope, session.id) == []

    def teardown(self) -> None:
        """In the end all are as their models, for another process too."""
        restart()
        for key, model in self.models.items():
            self.compare(sessions.get(self.scope, key), model)
        found = sessions.find(self.scope, archived=True, limit=10).sessions
        assert {session.id for session in found} == set(self.models)


def test_sessions_are_as_the_model_says() -> None:
    """Created, asked, answered, cancelled, revived, run and interrupted in any order."""
    execute("PRAGMA synchronous = OFF")  # what is durable is shown elsewhere
    run_state_machine_as_test(Sessions, settings=settings(max_examples=40, stateful_step_count=40))
