"""The same, and what is done to a session as a whole: it is ended, revived, deleted."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from interlock import sessions
from interlock.engine.errors import InvalidInput, SessionActive, SessionEnded
from tests.sessions.machine import Sessions
from tests.sessions.model import Model

STEPS = st.sampled_from([None, "work", "check"])


class EndingSessions(Sessions):
    """Sessions that come to an end, and may go on after it."""

    @rule(key=Sessions.ids, how=st.sampled_from(["cancel", "retry", "archive", "delete"]))
    def end(self, key: str, how: str) -> None:
        """What is done to a session as a whole; one rule, so that most rules leave it active."""
        model = self.find(key)
        if model is not None:
            getattr(self, how)(key, model)

    def cancel(self, key: str, model: Model) -> None:
        """End it for good."""
        if not model.active:
            with pytest.raises(SessionEnded):
                sessions.cancel(self.scope, key)
            return
        model.cancel()
        sessions.cancel(self.scope, key)

    def retry(self, key: str, model: Model) -> None:
        """Try again where it failed."""
        if model.status != "failed":
            with pytest.raises(SessionActive if model.active else InvalidInput):
                sessions.retry(self.scope, key)
            return
        model.revive()
        sessions.retry(self.scope, key)

    @rule(key=Sessions.ids, step=STEPS)
    def reopen(self, key: str, step: str | None) -> None:
        """Go on at a step."""
        if (model := self.find(key)) is None:
            return
        if model.active:
            with pytest.raises(SessionActive):
                sessions.reopen(self.scope, key, step)
            return
        model.revive(step)
        sessions.reopen(self.scope, key, step)

    def archive(self, key: str, model: Model) -> None:
        """Put it away."""
        if model.active:
            with pytest.raises(SessionActive):
                sessions.archive(self.scope, key)
            return
        model.moves += 1
        sessions.archive(self.scope, key)

    def delete(self, key: str, model: Model) -> None:
        """Take it away for good."""
        if model.active:
            with pytest.raises(SessionActive):
                sessions.delete(self.scope, key)
            return
        model.deleted = True
        gone = sessions.delete(self.scope, key)
        assert (gone.interactions, gone.events) == (len(model.rows), model.events)
