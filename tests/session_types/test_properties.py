"""Whatever comes back, a built-in session ends within its limits, and its log tells it all."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock import Ask, Result, Session, SessionType
from interlock.engine import Log, handle_result, next_command, replay, retry, start
from interlock.engine.decide import fault
from interlock.engine.payload import accept
from tests.session_types.driver import NAMES, load
from tests.session_types.paths import PATHS

BUDGET = 60


def outcomes(name: str, kind: SessionType, session: Session, text: str) -> list[Result]:
    """Every kind of result that the open command can have."""
    assert session.open is not None
    if isinstance(session.open.command, Ask):
        words = [*session.open.command.choices, "error", "timeout", "expired"]
    else:
        words = ["ok", "error", "warning", "timeout", *kind.definition.triggers(session.step)]
    told = [result for result in PATHS[name].results.values() if result.status in words]
    return [*(accept(Result(word, output=text)) for word in words), *told]


def live(name: str, picks: list[int], text: str) -> Iterator[Session]:
    """The states of a session whose results are picked in turn, over and over, until it ends.
    One that failed is tried once more."""
    kind = load(name)
    session = start(kind, input=PATHS[name].input, budget=BUDGET)
    retried = False
    for turn in range(3 * BUDGET):
        session = next_command(kind, session)
        yield session
        choices = outcomes(name, kind, session, text)
        session = handle_result(kind, session, choices[picks[turn % len(picks)] % len(choices)])
        yield session
        if session.status == "failed" and not retried:
            session, retried = retry(session), True
        elif not session.active:
            return


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40)
@given(picks=st.lists(st.integers(0, 11), min_size=1, max_size=25), text=st.text(max_size=30))
def test_a_session_ends_and_its_log_tells_it(name: str, picks: list[int], text: str) -> None:
    """It ends within its budget, no step raises, no result leaves a row open; the log replayed
    gives the same session."""
    states = list(live(name, picks, text))
    for session in states:
        assert session.seq - session.since <= BUDGET
        assert session.open is None or fault(session.open.command) is None
    last = states[-1]
    assert not last.active
    assert last.open is None
    assert bool(last.reason) == (last.status != "complete")
    assert isinstance(last.log, Log)
    again = replay(load(name), last.log, input=last.input, budget=BUDGET)
    assert (again.step, again.status, again.state) == (last.step, last.status, last.state)
    assert again == last


@pytest.mark.parametrize("name", NAMES)
@given(text=st.text())
def test_a_reader_makes_sense_of_any_output(name: str, text: str) -> None:
    """No reader raises, whatever a command prints: what it makes is a status of its step."""
    kind = load(name)
    for step in kind.definition.steps.values():
        if step.reader is None:
            continue
        session = Session(name, step.name, input=PATHS[name].input)
        for status in ("ok", "error"):
            read = getattr(kind, step.reader)(session, accept(Result(status, stdout=text)))
            assert kind.definition.takes(step.name, read.status)
