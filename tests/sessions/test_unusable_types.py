"""A session type that is gone or broken stops its own sessions, and nothing else: they stay
readable."""

from collections.abc import Callable
from pathlib import Path

import pytest

from interlock import Command, Result, Scope, Session, plugins, sessions
from interlock.engine.errors import BrokenType, TypeUnusable, UnknownType
from interlock.store.connection import execute, tx
from tests.sessions.moves import children, finish, log, ok, restart, story

ERRAND = '''"""A type of its own file."""

from interlock import COMPLETE, SessionType, Shell, Spawn, step


class Errand(SessionType):
    transitions = (("ok", "go", "come"), ("ok", "come", COMPLETE))

    @step
    def go(self, session):
        return Shell(("go",))

    @step
    def come(self, session):
        return Shell(("come",))


class Errands(SessionType):
    transitions = (("ok", "send", COMPLETE),)

    @step
    def send(self, session):
        return Spawn.each("pair", [{}])
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A trusted file that defines two types."""
    file = tmp_path / "errand.py"
    file.write_text(ERRAND)
    plugins.trust(file)
    return file


@pytest.fixture
def session(scope: Scope, file: Path) -> Session:
    """A session of a type in that file, one result in, its next command open."""
    session = sessions.create(scope, "errand", title="Milk")
    sessions.next_command(scope, session.id)
    sessions.handle_result(scope, session.id, "1", Result())
    sessions.next_command(scope, session.id)
    return sessions.get(scope, session.id)


def remove(file: Path) -> None:
    """The type is not installed any more."""
    plugins.untrust(file)
    plugins.forget()
    restart()


def spoil(file: Path) -> None:
    """The file is not the one that was trusted."""
    file.write_text(ERRAND + "\nX = 1\n")
    plugins.forget()
    restart()


WAYS = pytest.mark.parametrize(
    ("damage", "error", "told"),
    [
        (remove, UnknownType, "there is no session type 'errand'"),
        (spoil, BrokenType, "has changed since it was trusted"),
    ],
    ids=["missing", "broken"],
)


@WAYS
def test_it_refuses_to_advance(
    scope: Scope,
    session: Session,
    file: Path,
    damage: Callable[[Path], None],
    error: type[TypeUnusable],
    told: str,
) -> None:
    """Whatever needs to know what comes next says what is missing, and changes nothing."""
    damage(file)
    before = log(scope, session)
    for refused in (
        lambda: sessions.next_command(scope, session.id, reissue=True),
        lambda: sessions.handle_result(scope, session.id, "2", Result()),
        lambda: sessions.create(scope, "errand"),
        lambda: sessions.check(scope, session.id),
    ):
        with pytest.raises(error, match=told):
            refused()
    assert log(scope, session) == before
    assert sessions.get(scope, session.id) == session


@WAYS
def test_a_run_refuses_before_it_executes(
    scope: Scope,
    session: Session,
    file: Path,
    damage: Callable[[Path], None],
    error: type[TypeUnusable],
    told: str,
) -> None:
    """Nothing is executed whose result could not be handed in."""
    damage(file)
    executed: list[Command] = []

    def execute(command: Command) -> Result:
        executed.append(command)
        return ok(command)

    with pytest.raises(error, match=told):
        sessions.run(scope, session.id, execute)
    assert executed == []
    found = sessions.get(scope, session.id)
    assert (found.status, found.lease_owner, found.open) == ("active", None, session.open)


@WAYS
def test_it_stays_readable_and_can_be_put_away(
    scope: Scope,
    session: Session,
    file: Path,
    damage: Callable[[Path], None],
    error: type[TypeUnusable],
    told: str,
) -> None:
    """It is found, its log is read, its open command is told; it can be cancelled and archived."""
    damage(file)
    assert [found.id for found in sessions.find(scope, type="errand").sessions] == [session.id]
    assert sessions.resolve(scope, session.id[:30]) == session.id
    assert [row.step for row in sessions.history(scope, session.id)] == ["go", "come"]
    assert list(sessions.events(scope, session.id)) == []
    assert sessions.next_command(scope, session.id) == session.open
    sessions.cancel(scope, session.id)
    sessions.archive(scope, session.id)
    assert finish(scope, sessions.create(scope, "pair")).status == "complete"


def test_it_goes_on_when_its_type_is_back(scope: Scope, session: Session, file: Path) -> None:
    """Nothing was lost meanwhile."""
    remove(file)
    plugins.trust(file)
    assert sessions.run(scope, session.id, ok).status == "complete"
    assert sessions.check(scope, session.id) == []


def test_a_child_ends_though_its_parents_type_is_gone(scope: Scope, file: Path) -> None:
    """The child's work counts; the parent joins when its type is there again."""
    parent = sessions.create(scope, "errands")
    sessions.next_command(scope, parent.id)
    (child,) = children(scope, parent)
    remove(file)
    finish(scope, child)
    assert sessions.get(scope, parent.id).active
    plugins.trust(file)
    assert sessions.run(scope, parent.id, ok).status == "complete"


def test_a_child_is_retried_though_its_parents_type_is_gone(scope: Scope, file: Path) -> None:
    """The parent stays failed; the child does its work all the same."""
    parent = sessions.create(scope, "errands")
    sessions.next_command(scope, parent.id)
    (child,) = children(scope, parent)
    sessions.next_command(scope, child.id)
    sessions.handle_result(scope, child.id, "1", Result("error", error="no luck"))
    remove(file)
    sessions.retry(scope, child.id)
    assert finish(scope, child).status == "complete"
    assert sessions.get(scope, parent.id).status == "failed"


def test_a_step_that_its_type_no_longer_has_is_told_with_a_way_out(
    scope: Scope, session: Session, file: Path
) -> None:
    """The steps there are, are named; cancelled and reopened at one of them it goes on."""
    file.write_text(ERRAND.replace("come", "return_"))
    plugins.trust(file)
    restart()
    with pytest.raises(BrokenType, match=r"step 'come', which errand no longer has.*go, return_"):
        sessions.handle_result(scope, session.id, "2", Result())
    sessions.cancel(scope, session.id)
    sessions.reopen(scope, session.id, "return_")
    assert sessions.run(scope, session.id, ok).status == "complete"
    assert story(scope, session)[-1] == ("return_", "done")


def test_a_type_that_no_file_ever_had_is_unknown(scope: Scope) -> None:
    """A row that names nonsense is a session like any other, to be read and put away."""
    session = sessions.create(scope, "pair")
    with tx():
        execute("UPDATE session SET type = 'pear'")
    restart()
    assert sessions.find(scope).sessions[0].type == "pear"
    with pytest.raises(UnknownType, match="'pear'; did you mean pair"):
        sessions.next_command(scope, session.id)
    assert sessions.cancel(scope, session.id).status == "cancelled"
