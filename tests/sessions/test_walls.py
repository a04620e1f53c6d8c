"""Everything works where the database keeps accounts apart, as a role that is shown one of them."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from interlock import Interaction, Prompt, Result, Scope, Session, Shell, accounts, sessions
from interlock.engine.errors import SessionNotFound
from interlock.secrets import vault
from interlock.sessions.attempts import Note
from interlock.sessions.fairness import Caps
from interlock.sessions.worker import Worker
from interlock.store import queue
from tests.sessions.conftest import WALLED
from tests.sessions.moves import children, family, finish

APPLICATION, WORKERS = WALLED
by_the_application = pytest.mark.parametrize("url", [APPLICATION], indirect=True)
by_workers = pytest.mark.parametrize("url", [WORKERS], indirect=True)
SECRET = "hunter2-hunter2"  # noqa: S105  of this test only


def perform(session: Session, interaction: Interaction, *, emit: Any, stop: object) -> Result:
    """An executor that says what it does, from another thread as well."""
    emit("output", {"text": f"{session.type} says {SECRET}"})
    reader = threading.Thread(target=emit, args=("usage", {"input_tokens": 3, "model": "m"}))
    reader.start()
    reader.join()
    if isinstance(interaction.command, Prompt):
        return Result(output="done", usage={"entries": [{"model": "m", "input_tokens": 5}]})
    return Result(output=SECRET) if isinstance(interaction.command, Shell) else Result()


@by_the_application
def test_a_family_lives_and_goes(scope: Scope) -> None:
    """Children, secrets, budgets, contexts, events, sums, a look at everything, and a deletion; a
    stranger, who knows the ids, gets the answer for nothing at each of them."""
    other = accounts.enter("other", "site", user="ann")
    vault.put(scope.account_id, "WORD", SECRET)
    parent = family(scope, {"input": {"n": 1}}, {"input": {"n": 2}})
    sessions.set_budget(scope, parent.id, limits={"steps": 50, "tokens": 10_000})
    sessions.add_context(scope, parent.id, f"knows {SECRET}")
    sessions.drive(scope, parent.id, perform)
    ended = finish(scope, sessions.get(scope, parent.id))
    assert ended.status == "complete"
    ids = [parent.id, *(child.id for child in children(scope, parent))]
    assert len(ids) == 3
    for one in ids:
        assert sessions.verify(scope, one) == []
        assert SECRET not in str(list(sessions.events(scope, one)))
        assert list(sessions.history(scope, one))
    assert list(sessions.audit(scope)) == []
    assert [one.content for one in sessions.contexts(scope, parent.id)] != []
    (balance,) = sessions.balances(scope, parent.id)
    assert balance.spent.steps > 0
    assert sessions.costs(scope, session=parent.id)
    assert ended.visits("spawn") == 1
    for ask in QUESTIONS:
        with pytest.raises(SessionNotFound):
            ask(other, parent.id)
    assert sessions.find(other, archived=True).sessions == ()
    assert sessions.delete(scope, parent.id).sessions == 3
    assert sessions.find(scope, archived=True).sessions == ()


QUESTIONS: list[Callable[[Scope, str], object]] = [
    sessions.get,
    sessions.verify,
    sessions.cancel,
    sessions.delete,
    sessions.balances,
    sessions.contexts,
    lambda scope, id_: list(sessions.history(scope, id_)),
    lambda scope, id_: list(sessions.events(scope, id_)),
]


@by_workers
def test_a_worker_carries_on_sessions_of_all_accounts(scope: Scope) -> None:
    """Each in its own: it finds them by what tells no content, keeps the limits over all of them,
    and no account is shown another's."""
    other = accounts.enter("other", "site", user="bob")
    made = {
        who: [sessions.create(who, "pair", queue="default").id for _ in range(3)]
        for who in (scope, other)
    }
    assert [{lane.account_id for lane in queue.lanes()}] == [{one.account_id for one in made}]
    notes: list[Note] = []
    Worker(perform, notes.append, concurrency=2, caps=Caps.of(("account=1",))).run("drained")
    assert [note.why for note in notes if note.kind in ("failed", "skipped")] == []
    for who, ids in made.items():
        assert {one.id for one in sessions.find(who).sessions} == {*ids}
        assert {one.status for one in sessions.find(who).sessions} == {"complete"}
        assert sessions.holders(who) == []


@by_the_application
def test_only_a_worker_may_look_for_sessions_of_all(scope: Scope) -> None:
    """The application is told so, once, and not as a fault."""
    sessions.create(scope, "pair", queue="default")
    notes: list[Note] = []

    def hear(note: Note) -> None:
        notes.append(note)
        worker.stop()

    worker = Worker(perform, hear, concurrency=1, types=("pair",))  # it looks by itself
    worker.run()
    assert [note.kind for note in notes] == ["failed"]
    assert "the role is not allowed this" in notes[0].why
