"""A step costs the same however long the history is: counted, not timed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from attrs import define

from interlock import Command, Result, Scope, Session, accounts, sessions
from interlock.store.tables import database as proxy
from tests.sessions.moves import restart, spare_the_disk
from tests.statements import watching

EARLY, LATE = 10, 1000
"""Steps between which the cost is compared."""


@define
class Work:
    """What the database was asked to do."""

    statements: int = 0
    instructions: int = 0
    """Of SQLite's virtual machine: they grow with every row that is read. A server's are not
    counted."""


@contextmanager
def counting() -> Iterator[Work]:
    """Count what is done on this thread's connection."""
    work, opened = Work(), proxy.obj

    def told(sql: str) -> None:
        work.statements += 1

    def advanced() -> bool:
        work.instructions += 1
        return False

    if opened.is_file:
        opened.connection().set_progress_handler(advanced, 1)
    try:
        with watching(told):
            yield work
    finally:
        if opened.is_file:
            opened.connection().set_progress_handler(None)


@pytest.fixture
def session(scope: Scope) -> Session:
    """A session that goes round, and looks back at each step."""
    spare_the_disk()  # it is counted, not kept
    return sessions.create(scope, "loop")


def go_to(scope: Scope, session: Session, seq: int) -> None:
    """Run until row `seq` is open."""

    def stop(command: Command) -> Result:
        if sessions.get(scope, session.id).seq >= seq:
            raise KeyboardInterrupt
        return Result(output="x" * 1000)

    with pytest.raises(KeyboardInterrupt):
        sessions.run(scope, session.id, stop)


def test_a_step_of_a_run_costs_the_same_at_the_end(scope: Scope, session: Session) -> None:
    """From one command to the next `run` makes as many statements, and reads as many rows, at
    step 1000 as at step 10."""
    costs: list[tuple[int, int]] = []

    with counting() as work:

        def execute(command: Command) -> Result:
            costs.append((work.statements, work.instructions))
            work.statements = work.instructions = 0
            if len(costs) == LATE + 4:
                raise KeyboardInterrupt
            return Result(output="x" * 1000)

        with pytest.raises(KeyboardInterrupt):
            sessions.run(scope, session.id, execute)
    early, late = costs[EARLY : EARLY + 4], costs[LATE : LATE + 4]
    assert all(statements > 0 for statements, _ in early)
    assert late == early


@pytest.mark.parametrize("known", [True, False], ids=["same process", "another process"])
def test_a_turn_costs_the_same_at_the_end(scope: Scope, session: Session, known: bool) -> None:
    """Asking for the next command and handing in its result, by who did it before and by one
    who comes new to the session."""

    def turn() -> tuple[Work, Work]:
        if not known:
            restart()
        with counting() as asking:
            row = sessions.next_command(scope, session.id)
        if not known:
            restart()
        with counting() as answering:
            sessions.handle_result(scope, session.id, row.id, Result(output="x" * 1000))
        return asking, answering

    go_to(scope, session, EARLY)
    early = [turn() for _ in range(4)]
    go_to(scope, session, LATE)
    late = [turn() for _ in range(4)]
    assert late == early
    assert early[0][0].statements > 0


def look_back(session: Session) -> list[object]:
    """What a step may want to know of those before it."""
    return [(session.last(step), session.visits(step)) for step in ("work", "check")]


@pytest.mark.parametrize(
    "ask",
    [
        lambda scope, session: sessions.get(scope, session.id),
        lambda scope, session: sessions.find(scope, limit=20),
        lambda scope, session: sessions.resolve(scope, session.id[:20]),
        lambda scope, session: next(sessions.history(scope, session.id, limit=1)),
        lambda scope, session: list(sessions.history(scope, session.id, after=5, limit=3)),
        lambda scope, session: look_back(sessions.get(scope, session.id)),
    ],
    ids=["get", "find", "resolve", "first row", "some rows", "a look back"],
)
def test_a_question_costs_the_same_at_the_end(
    scope: Scope, session: Session, ask: Callable[[Scope, Session], object]
) -> None:
    """What is asked of a session does not read its whole log."""
    costs = []
    for seq in (EARLY, 200):
        go_to(scope, session, seq)
        restart()
        with counting() as work:
            ask(scope, session)
        costs.append(work)
    assert costs[0] == costs[1]


def asked_of_budgets(scope: Scope, session: Session) -> list[int]:
    """How often a run asks for budgets or sums what was spent: at its beginning, then by step."""
    asked = 0
    counts: list[int] = []

    def told(sql: str) -> None:
        nonlocal asked
        asked += "FROM budget" in sql or "FROM usage" in sql

    def execute(command: Command) -> Result:
        nonlocal asked
        counts.append(asked)
        asked = 0
        if len(counts) == EARLY:
            raise KeyboardInterrupt
        return Result()

    with watching(told), pytest.raises(KeyboardInterrupt):
        sessions.run(scope, session.id, execute)
    return counts


def test_a_session_without_a_budget_pays_for_none(scope: Scope, session: Session) -> None:
    """When it is claimed it is asked whether the account has any, and which bound this session; one
    that has one asks each time."""
    sessions.set_budget(accounts.enter("acme", "elsewhere"), limits={"tokens": 1})
    assert asked_of_budgets(scope, session) == [2] + [0] * (EARLY - 1)
    bound = sessions.create(scope, "loop", budgets={"tokens": 10**6})
    assert min(asked_of_budgets(scope, bound)) > 0
