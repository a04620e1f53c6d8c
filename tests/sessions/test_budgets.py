"""A budget that is used up stops the agent and holds the session; raised, it goes on."""

import threading

import pytest

from interlock import Prompt, Result, Scope, Session, Shell, accounts, sessions
from interlock.engine.pause import STOPPED
from interlock.sessions import Emit
from interlock.sessions.lease import Lease
from interlock.store.connection import execute, tx
from tests.sessions.moves import children, log, restart, story, submit
from tests.sessions.processes import SECONDS, Runner
from tests.sessions.spender import (
    Spender,
    dynasty,
    elsewhere,
    entry,
    question,
    until_stopped,
    used,
)

LIMIT = 100

# Where a budget can be -> the session, or None for the scope's own, and the step.
PLACES = ("step", "session", "parent", "grandparent", "project", "account")


def put_budget(scope: Scope, place: str, line: tuple[Session, Session, Session], n: int) -> None:
    """Set a budget of so many tokens at a place, seen from the last session of a line."""
    top, child, own = line
    asker = scope.account_wide if place == "account" else scope
    session = {"grandparent": top, "parent": child, "session": own, "step": own}.get(place)
    sessions.set_budget(
        asker,
        session.id if session else None,
        step="write" if place == "step" else None,
        limits={"tokens": n},
    )


@pytest.mark.parametrize("place", PLACES)
def test_an_agent_is_stopped_when_a_budget_is_used_up(scope: Scope, place: str) -> None:
    """Whatever it is the budget of: the step, the session, one above it, project or account."""
    line = dynasty(scope)
    put_budget(scope, place, line, LIMIT)
    agent = Spender(60)
    session = sessions.drive(scope, line[2].id, agent)
    (prompt, _) = log(scope, session)
    assert prompt.result is not None
    assert prompt.result.status == "budget"
    assert prompt.result.usage == used(entry(60), entry(60))
    asked = question(session)
    assert (asked.about, asked.choices) == ("budget", ("retry", "error"))
    assert "is used up: 120 tokens of 100 tokens" in asked.question
    name = {"step": "step write", "session": "this session"}.get(place, place)
    name = {"parent": f"session {line[1].id}", "grandparent": f"session {line[0].id}"}.get(
        place, name
    )
    assert f"the budget of {name if place not in ('project', 'account') else f'the {place}'}" in (
        asked.question
    )
    assert "--tokens +100`" in asked.question


@pytest.mark.parametrize("place", PLACES)
def test_raising_it_lets_the_session_go_on(scope: Scope, place: str) -> None:
    """The question is answered in the same transaction; the agent goes on where it was stopped,
    uncharged, and the log leads to where the session stands."""
    line = dynasty(scope)
    put_budget(scope, place, line, LIMIT)
    sessions.drive(scope, line[2].id, Spender(60))
    put_budget(scope, place, line, LIMIT + 10)
    assert question(sessions.get(scope, line[2].id)).about == "budget"  # 120 were spent
    put_budget(scope, place, line, 10 * LIMIT)
    answered = log(scope, line[2])[-1]
    assert answered.result is not None
    assert answered.result.status == "retry"
    agent = Spender(60, requests=2)
    session = sessions.drive(scope, line[2].id, agent)
    assert agent.prompts == [Prompt(STOPPED + "Write it.", resume=True)]
    assert session.status == "complete", session.reason
    assert session.visits("write") == 1
    assert sessions.check(scope, session.id) == []


@pytest.mark.parametrize("place", PLACES)
def test_a_budget_is_for_those_below_it_alone(scope: Scope, place: str, stranger: Scope) -> None:
    """One like it elsewhere stops nobody: of a stranger, of another project, of a sibling."""
    theirs = stranger if stranger.account_id != scope.account_id else elsewhere()
    if place == "account" and theirs.account_id == scope.account_id:
        theirs = accounts.enter("other", "site")
    line = dynasty(theirs)
    put_budget(theirs, place, line, 1)
    mine = sessions.create(scope, "writer")
    assert sessions.drive(scope, mine.id, Spender(60, requests=3)).status == "complete"


def test_the_next_command_is_held_where_the_last_one_used_all(scope: Scope) -> None:
    """Also where nothing was told while it ran; a command that needs no tokens is not held."""
    session = sessions.create(scope, "writer", input={"times": 2}, budgets={"tokens": LIMIT})
    silent = submit(scope, session, Result(usage=used(entry(LIMIT))))
    assert silent.open is None
    asked = sessions.next_command(scope, session.id)
    assert question(sessions.get(scope, session.id)).about == "no_budget"
    assert sessions.next_command(scope, session.id) == asked
    other = sessions.create(scope, "writer", budgets={"tokens": LIMIT})
    submit(scope, other, Result(usage=used(entry(LIMIT))))
    assert sessions.next_command(scope, other.id).command == Shell(("check",))


def test_a_run_that_told_nothing_is_noticed_after_it(scope: Scope) -> None:
    """Its result is kept as it is, and the session held before it asks the agent again."""
    session = sessions.create(scope, "writer", input={"times": 2}, budgets={"tokens": LIMIT})

    def silent(
        session: Session, interaction: object, *, emit: Emit, stop: threading.Event
    ) -> Result:
        return Result(usage=used(entry(LIMIT)))

    held = sessions.drive(scope, session.id, silent)
    assert question(held).about == "no_budget"
    assert story(scope, held) == [("write", "done"), ("write", "open")]
    assert held.attempt == 2


def test_a_retry_without_a_raise_asks_again(scope: Scope) -> None:
    """And the agent is not asked; `error` takes the rows of the table."""
    session = sessions.create(scope, "writer", budgets={"tokens": LIMIT})
    agent = Spender(60)
    sessions.drive(scope, session.id, agent)
    for _ in range(2):
        sessions.answer(scope, session.id, "retry")
        asked = question(sessions.drive(scope, session.id, agent))
        assert "is used up: 120 tokens of 100 tokens" in asked.question
    assert len(agent.prompts) == 1
    failed = sessions.answer(scope, session.id, "error")
    assert failed.status == "failed"
    assert sessions.check(scope, session.id) == []


def test_two_children_share_what_their_parent_may_spend(scope: Scope) -> None:
    """Whoever spends, all that run are stopped, and no more is spent than what was under way."""
    told = [{"type": "writer", "key": key} for key in ("a", "b")]
    parent = sessions.create(scope, "family", input={"children": told})
    sessions.next_command(scope, parent.id)
    sessions.set_budget(scope, parent.id, limits={"tokens": 1000})
    pair = children(scope, parent)
    meeting = threading.Barrier(2, timeout=60)
    held: dict[str, Session] = {}

    def meet() -> None:
        meeting.wait()

    def drive(session: Session) -> None:
        agent = Spender(60)
        agent.told = lambda number: meet() if number == 1 else None
        held[session.id] = sessions.drive(scope, session.id, agent)

    threads = [threading.Thread(target=drive, args=(child,)) for child in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [question(held[child.id]).about for child in pair] == ["budget", "budget"]
    (balance,) = sessions.balances(scope, parent.id)
    assert 1000 <= balance.spent.tokens <= 1000 + 2 * 60
    sessions.set_budget(scope, parent.id, limits={"tokens": 10_000})
    assert all(sessions.get(scope, child.id).open is None for child in pair)


def test_a_budget_that_is_set_meanwhile_stops_the_agent(scope: Scope) -> None:
    """Also one that says nothing more of what it uses."""
    session = sessions.create(scope, "writer")
    begun = threading.Event()

    def agent(
        session: Session, interaction: object, *, emit: Emit, stop: threading.Event
    ) -> Result:
        emit("usage", entry(LIMIT))
        begun.set()
        return until_stopped(session, interaction, emit=emit, stop=stop)  # type: ignore[arg-type]

    held: list[Session] = []
    thread = threading.Thread(target=lambda: held.append(sessions.drive(scope, session.id, agent)))
    thread.start()
    assert begun.wait(60)
    sessions.set_budget(scope, session.id, limits={"tokens": LIMIT})
    thread.join()
    assert question(held[0]).about == "budget"


def test_a_cancel_is_no_budget(scope: Scope) -> None:
    """A session that was cancelled in the middle is cancelled, whatever it may spend."""
    session = sessions.create(scope, "writer", budgets={"tokens": 10 * LIMIT})
    begun = threading.Event()

    def agent(
        session: Session, interaction: object, *, emit: Emit, stop: threading.Event
    ) -> Result:
        emit("usage", entry(LIMIT))
        begun.set()
        return until_stopped(session, interaction, emit=emit, stop=stop)  # type: ignore[arg-type]

    ended: list[Session] = []
    thread = threading.Thread(target=lambda: ended.append(sessions.drive(scope, session.id, agent)))
    thread.start()
    assert begun.wait(60)
    sessions.cancel(scope, session.id)
    thread.join()
    assert ended[0].status == "cancelled"
    assert story(scope, session) == [("write", "cancelled"), ("session.cancel", "done")]


def test_an_agent_that_came_to_its_end_meanwhile_is_done(scope: Scope) -> None:
    """What it did is kept, and only the next one is held."""
    session = sessions.create(scope, "writer", input={"times": 2}, budgets={"tokens": LIMIT})

    def agent(
        session: Session, interaction: object, *, emit: Emit, stop: threading.Event
    ) -> Result:
        emit("usage", entry(LIMIT))
        assert stop.is_set()
        return Result(output="written", usage=used(entry(LIMIT)))

    held = sessions.drive(scope, session.id, agent)
    assert held.last("write").output == "written"
    assert question(held).about == "no_budget"


def test_seconds_stop_any_command(scope: Scope) -> None:
    """A program too: it is held at its step and runs again when there is more."""
    session = sessions.create(scope, "pair", budgets={"seconds": 0.01})
    held = sessions.drive(scope, session.id, until_stopped)
    asked = question(held)
    assert (held.step, asked.about) == ("first", "budget")
    assert "s of 0.01 s" in asked.question
    sessions.set_budget(scope, session.id, limits={"seconds": 3600})
    assert sessions.run(scope, session.id, lambda command: Result()).status == "complete"


def test_steps_bound_what_is_carried_out(scope: Scope) -> None:
    """Questions and waits are none; two more are two more."""
    session = sessions.create(scope, "loop", budgets={"steps": 3})
    done: list[object] = []

    def carry_out(command: object) -> Result:
        done.append(command)
        return Result()

    for expected in (3, 5):
        held = sessions.run(scope, session.id, carry_out)
        assert len(done) == expected
        assert f"{expected} steps of {expected} steps" in question(held).question
        sessions.answer(scope, session.id, "retry")
        assert "is used up" in question(sessions.run(scope, session.id, carry_out)).question
        sessions.set_budget(scope, session.id, add={"steps": 2})
    sessions.run(scope, session.id, carry_out)
    assert len(done) == 7


def test_a_type_declares_what_a_step_may_spend(scope: Scope) -> None:
    """For all its tries in one session, and for no other step; a session may say otherwise."""
    session = sessions.create(scope, "thrifty")
    held = sessions.drive(scope, session.id, Spender(60))
    assert "the budget of step write is used up: 120 tokens of 100" in question(held).question
    sessions.set_budget(scope, session.id, step="write", add={"tokens": 400})
    (balance,) = sessions.balances(scope, session.id)
    assert balance.budget.limits.tokens == 500
    ended = sessions.drive(scope, session.id, Spender(60, requests=4))
    assert ended.status == "complete"
    assert ended.last("rest").usage == used(*[entry(60)] * 4)


def test_each_session_has_its_own_share_of_what_a_type_declares(scope: Scope) -> None:
    """What one spent is not another's."""
    sessions.drive(scope, sessions.create(scope, "thrifty").id, Spender(60))
    other = sessions.drive(scope, sessions.create(scope, "thrifty").id, Spender(60, requests=1))
    assert other.status == "complete"


def test_raising_a_projects_budget_lets_its_sessions_go_on(scope: Scope) -> None:
    """All that ask, and none of another project or with another budget in its way."""
    everyone = [sessions.create(where, "writer") for where in (scope, scope, scope, elsewhere())]
    for where in (scope, elsewhere()):
        sessions.set_budget(where, limits={"tokens": LIMIT})
    sessions.set_budget(scope, everyone[2].id, limits={"tokens": LIMIT})
    for session in reversed(everyone):
        sessions.drive(scope.account_wide, session.id, Spender(LIMIT))
    change = sessions.set_budget(scope, limits={"tokens": 10 * LIMIT})
    assert set(change.going_on) == {everyone[0].id, everyone[1].id}
    waits = [sessions.get(scope.account_wide, one.id).open is not None for one in everyone]
    assert waits == [False, False, True, True]


def test_clearing_a_budget_lets_the_session_go_on(scope: Scope) -> None:
    """There is none any more, and nothing is in its way."""
    session = sessions.create(scope, "writer", budgets={"tokens": LIMIT})
    sessions.drive(scope, session.id, Spender(LIMIT))
    change = sessions.set_budget(scope, session.id, clear=True)
    assert (change.budget, change.going_on) == (None, (session.id,))
    assert sessions.balances(scope, session.id) == []


def test_a_run_goes_on_by_itself_where_the_budget_allows_it(scope: Scope) -> None:
    """As on a new day: the question of yesterday is not in the way."""
    session = sessions.create(scope, "writer")
    sessions.set_budget(scope, limits={"tokens": LIMIT}, period="day")
    sessions.drive(scope, session.id, Spender(LIMIT))
    let_a_day_pass()
    ended = sessions.drive(scope, session.id, Spender(10, requests=1))
    assert ended.status == "complete"


def let_a_day_pass() -> None:
    """Make all that was spent be of another day."""
    with tx():
        execute("UPDATE usage SET inserted_at = '2020-01-01T00:00:00.000000+00:00'")
    restart()


def test_what_a_killed_run_used_is_not_forgotten(scope: Scope) -> None:
    """Its requests were in the log before it died: the agent is not asked again."""
    session = sessions.create(scope, "writer", budgets={"tokens": LIMIT + 1})
    runner = Runner(session, str(LIMIT))
    assert runner.hear() == "execute"
    runner.kill()
    sessions.set_budget(scope, session.id, limits={"tokens": LIMIT})
    agent = Spender(1, requests=1)
    held = sessions.drive(scope, session.id, agent)
    assert agent.prompts == []
    assert story(scope, held) == [("write", "unknown"), ("write", "done"), ("write", "open")]
    assert "100 tokens of 100 tokens" in question(held).question
    sessions.set_budget(scope, session.id, add={"tokens": LIMIT})
    assert sessions.drive(scope, session.id, agent).status == "complete"
    assert agent.prompts[0].resume
    (balance,) = sessions.balances(scope, session.id)
    assert balance.spent.tokens == LIMIT + 1
    assert sessions.check(scope, session.id) == []


def test_an_agent_that_failed_by_itself_meanwhile_has_failed(scope: Scope) -> None:
    """A budget that was reached is no excuse: the step's own rows take the error."""
    session = sessions.create(scope, "writer", budgets={"tokens": LIMIT})

    def agent(
        session: Session, interaction: object, *, emit: Emit, stop: threading.Event
    ) -> Result:
        emit("usage", entry(LIMIT))
        assert stop.is_set()
        return Result("error", error="exit code 1", code=1)

    failed = sessions.drive(scope, session.id, agent)
    assert (failed.status, failed.reason) == ("failed", "exit code 1")


def test_a_budget_of_another_step_holds_nothing(scope: Scope) -> None:
    """It is looked at where the session stands at its step."""
    session = sessions.create(scope, "thrifty")
    sessions.set_budget(scope, session.id, step="rest", limits={"tokens": 1})
    sessions.set_budget(scope, session.id, step="write", limits={"tokens": 1000})
    held = sessions.drive(scope, session.id, Spender(60, requests=3))
    assert (held.step, held.last("write").status) == ("rest", "ok")
    assert "the budget of step rest is used up" in question(held).question
    again = sessions.create(scope, "writer")
    sessions.set_budget(scope, again.id, step="check", limits={"steps": 1})
    assert sessions.drive(scope, again.id, Spender(1, requests=1)).status == "complete"
    sessions.reopen(scope, again.id, "write")
    assert isinstance(sessions.next_command(scope, again.id).command, Prompt)


def test_what_runs_is_not_stopped_for_its_steps(scope: Scope) -> None:
    """It is one of them already, also where fewer are allowed from now on."""
    told = [{"type": "writer", "key": key} for key in ("a", "b")]
    parent = sessions.create(scope, "family", input={"children": told}, budgets={"steps": 9})
    sessions.next_command(scope, parent.id)
    own, other = children(scope, parent)
    sessions.next_command(scope, other.id)

    def agent(
        session: Session, interaction: object, *, emit: Emit, stop: threading.Event
    ) -> Result:
        sessions.set_budget(scope, parent.id, limits={"steps": 1})
        emit("usage", entry(1))
        assert not stop.is_set()
        return Result()

    held = sessions.drive(scope, own.id, agent)
    assert (held.step, held.last("write").status) == ("check", "ok")
    assert "is used up: 2 steps of 1 step" in question(held).question


def test_a_question_of_a_step_is_not_a_budgets(scope: Scope) -> None:
    """A raise answers none but the engine's own."""
    session = sessions.create(scope, "approval", budgets={"steps": 1})
    sessions.next_command(scope, session.id)
    assert sessions.set_budget(scope, session.id, limits={"steps": 9}).going_on == ()
    assert question(sessions.get(scope, session.id)).question == "Good?"


def test_a_step_that_is_broken_is_told_at_once(scope: Scope) -> None:
    """It needs no budget to fail."""
    told = [{"type": "pair"}, {"type": "faulty", "input": {"fault": "step"}}]
    parent = sessions.create(scope, "family", input={"children": told}, budgets={"steps": 1})
    sessions.next_command(scope, parent.id)
    pair, faulty = children(scope, parent)
    submit(scope, pair, Result())
    held = sessions.run(scope, faulty.id, lambda command: Result())
    assert (held.step, held.last("act").status) == ("rest", "error")
    assert question(held).about == "no_budget"


def test_a_retry_of_the_session_gives_no_money_back(scope: Scope) -> None:
    """What was spent before is spent."""
    session = sessions.create(scope, "writer", budgets={"tokens": LIMIT})
    sessions.drive(scope, session.id, Spender(60))
    sessions.answer(scope, session.id, "error")
    sessions.retry(scope, session.id)
    held = sessions.drive(scope, session.id, Spender(1))
    assert "120 tokens of 100 tokens" in question(held).question


def test_as_many_sessions_go_on_at_once_as_are_allowed(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest does when it is run."""
    monkeypatch.setattr("interlock.sessions.budgets.MOST", 2)
    sessions.set_budget(scope, limits={"tokens": LIMIT})
    held = [sessions.create(scope, "writer") for _ in range(3)]
    for session in held:
        sessions.drive(scope, session.id, Spender(LIMIT))
    assert len(sessions.set_budget(scope, add={"tokens": 9 * LIMIT}).going_on) == 2
    for session in held:
        assert sessions.drive(scope, session.id, Spender(1, requests=1)).status == "complete"


def test_who_lost_a_session_begins_nothing_more(scope: Scope) -> None:
    """A command that is begun after it was cancelled is told to end at once, and no budget is
    the reason."""
    session = sessions.create(scope, "pair")
    with Lease(scope, session.id) as lease:
        held = lease.claim()
        assert held.open is not None
        lease.watch()
        first = lease.meter(held, held.open)
        sessions.cancel(scope, session.id)
        assert first.stop.wait(SECONDS)
        later = lease.meter(held, held.open)
        assert later.stop.is_set()
        assert (first.why, later.why) == (None, None)


def test_a_meter_that_has_ended_stops_nothing(scope: Scope) -> None:
    """The next command has what stops it, or one of its own where the last one was stopped."""
    session = sessions.create(scope, "writer")
    with Lease(scope, session.id) as lease:
        held = lease.claim()
        assert held.open is not None
        sessions.set_budget(scope, held.id, limits={"tokens": 1})
        sessions.record(scope, held.id, held.open.id, "usage", entry(60))
        first, second = (lease.meter(held, held.open) for _ in range(2))
        first.check()
        assert (first.why, second.stop.is_set()) == (None, False)
        second.check()
        assert second.stop.is_set()
        assert not lease.meter(held, held.open).stop.is_set()
