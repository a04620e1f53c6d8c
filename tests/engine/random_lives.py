"""Everything that can happen to a session, drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import pytest
from attrs import field, frozen
from hypothesis import strategies as st

from interlock.engine import (
    Ask,
    Result,
    Session,
    SessionType,
    cancel,
    handle_result,
    reissue,
    reopen,
    retry,
    settle_unknown,
)
from interlock.engine.decide import fault
from interlock.engine.decide import next_command as asked
from interlock.engine.definition import ERRORS, STANDARD
from interlock.engine.errors import InterlockError
from tests.engine.machine import opened


@frozen
class Event:
    """Something that happens to a session, with all that it may need."""

    verb: str
    number: int = 0
    code: int | None = None
    error: str | None = None
    remember: Mapping[str, int] = field(factory=dict)

    def happen(self, kind: SessionType, session: Session) -> Session:
        """The session after it; what is not possible is seen to be refused."""
        possible, act = VERBS[self.verb]
        if possible(session):
            return act(self, kind, session)
        with pytest.raises(InterlockError):
            act(self, kind, session)
        return session

    def result(self, kind: SessionType, session: Session) -> Result:
        """A result that the open command of the session may have."""
        command = opened(session).command
        triggers = kind.definition.triggers(session.step)
        words: tuple[str, ...] = (*triggers, *triggers, *STANDARD)
        if isinstance(command, Ask):
            words = (*command.choices, *ERRORS)
        status = words[self.number % len(words)]
        return Result(status, code=self.code, error=self.error, remember=self.remember)

    def answer(self, kind: SessionType, session: Session) -> Session:
        """The session after a result of its next command; reopened first where it has ended."""
        session = session if session.active else self.reopen(kind, session)
        session = asked(kind, session)
        return handle_result(kind, session, self.result(kind, session))

    def reopen(self, kind: SessionType, session: Session) -> Session:
        """The session active again where it ended, or at a step."""
        steps = [None, *kind.definition.steps]
        return reopen(kind, session, steps[self.number % len(steps)])


def _is_active(session: Session) -> bool:
    return session.active


def _is_fault(session: Session) -> bool:
    return session.open is not None and fault(session.open.command) is not None


VERBS: dict[
    str, tuple[Callable[[Session], bool], Callable[[Event, SessionType, Session], Session]]
] = {
    "answer": (lambda session: True, Event.answer),
    "next": (_is_active, lambda event, kind, session: asked(kind, session)),
    "reissue": (_is_active, lambda _, kind, session: reissue(kind, asked(kind, session))),
    "lose": (
        _is_active,
        lambda _, kind, session: settle_unknown(kind, asked(kind, session)),
    ),
    "babble": (_is_fault, lambda _, kind, session: handle_result(kind, session, Result("none"))),
    "cancel": (_is_active, lambda event, kind, session: cancel(session, event.error or "")),
    "retry": (lambda session: session.status == "failed", lambda _, kind, session: retry(session)),
    "reopen": (lambda session: not session.active, Event.reopen),
}


def events(*verbs: str) -> st.SearchStrategy[Event]:
    """One of these things, and as often as all of them together an answer."""
    words = verbs or tuple(VERBS)
    return st.builds(
        _event, st.sampled_from(words + ("answer",) * len(words)), st.integers(0, 23), RESULTS
    )


def _event(verb: str, number: int, result: tuple[int | None, str | None, dict[str, int]]) -> Event:
    return Event(verb, number, *result)


RESULTS = st.sampled_from(
    [
        (code, error, remember)
        for code in (None, 0, 1)
        for error in (None, "red", "guard x raised y")
        for remember in ({}, {}, {"n": 0}, {"n": 1}, {"n": 2})
    ]
)
LIVES = st.lists(events(), min_size=5, max_size=25)
"""What happens to a session, one thing after the other."""


def live(kind: SessionType, session: Session, happened: Iterable[Event]) -> Iterator[Session]:
    """The session before and after each of these things."""
    yield session
    for event in happened:
        session = event.happen(kind, session)
        yield session
