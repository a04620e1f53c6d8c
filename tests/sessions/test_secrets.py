"""What a session's commands print, and what is submitted, is kept without the account's secrets."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from interlock import Command, Interaction, Result, Scope, Session, sessions
from interlock.engine.errors import InteractionClosed, InvalidInput, ResultConflict, SecretNotFound
from interlock.secrets import vault
from interlock.secrets.encodings import encode
from interlock.store.connection import fetch
from interlock.store.tables import database as proxy
from tests.sessions.moves import fail, log, submit

VALUE = 'hunter22/"and"\nmore+'
MARK = "[secret:TOKEN]"
DIRTY = Result(
    stdout=f"out {VALUE}", error=f"why {VALUE}", data={VALUE: [VALUE]}, usage={"model": VALUE}
)


@pytest.fixture(autouse=True)
def token(scope: Scope) -> None:
    """Ann's account has a secret."""
    vault.put(scope.account_id, "TOKEN", VALUE)


@pytest.fixture
def kept(database: str) -> Iterator[Any]:
    """Whether any cell of the database holds the value in some form, asked at the end."""

    def rows() -> list[str]:
        found = []
        for table in proxy.obj.get_tables():
            for row in fetch(f'SELECT * FROM "{table}"'):  # noqa: S608
                cells = [cell if isinstance(cell, bytes) else str(cell).encode() for cell in row]
                if any(form in cell for form in encode(VALUE) for cell in cells):
                    found.append(f"{table}: {row}")
        return found

    yield rows
    assert rows() == []


def perform(
    session: Session, interaction: Interaction, *, emit: sessions.Emit, stop: threading.Event
) -> Result:
    """An executor that tells the secret in all ways it has."""
    emit("output", {"stream": "stdout", "text": VALUE})
    emit("text", {VALUE: {"deep": [VALUE]}})
    return DIRTY


def test_what_commands_tell_is_kept_without_it(scope: Scope, kept: Any) -> None:
    """Events, results and what a session remembers."""
    session = sessions.drive(scope, sessions.create(scope, "pair").id, perform)
    first = log(scope, session)[0].result
    assert first is not None
    assert (first.stdout, first.error) == (f"out {MARK}", f"why {MARK}")
    assert (first.data, first.usage) == ({MARK: [MARK]}, {"model": MARK})
    assert [event.data for event in sessions.events(scope, session.id)][:2] == [
        {"stream": "stdout", "text": MARK},
        {MARK: {"deep": [MARK]}},
    ]
    assert session.state == {"seen": f"out {MARK}"}


def test_what_is_submitted_is_kept_without_it(scope: Scope, kept: Any) -> None:
    """Also the second time, too late, and with an answer; the same result is still the same."""
    session = sessions.create(scope, "pair")
    row = sessions.next_command(scope, session.id)
    for _ in range(2):
        sessions.handle_result(scope, session.id, row.id, DIRTY)
    with pytest.raises(ResultConflict):
        sessions.handle_result(scope, session.id, row.id, DIRTY.failed(f"late {VALUE}"))
    (late,) = sessions.events(scope, session.id)
    assert late.data["result"]["error"] == f"late {MARK}"
    asked = sessions.create(scope, "approval")
    with suppress(InteractionClosed):
        sessions.answer(scope, asked.id, "approve", f"by {VALUE}")
    assert log(scope, asked)[0].result == Result("approve", output=f"by {MARK}")


def test_what_else_is_told_is_kept_without_it(scope: Scope, kept: Any) -> None:
    """An exception of an executor, a recorded event, a context, the reason of a cancel."""

    def broken(command: Command) -> Result:
        raise RuntimeError(f"I know {VALUE}")

    session = sessions.create(scope, "pair")
    ended = sessions.run(scope, session.id, broken)
    assert ended.reason is not None
    assert MARK in ended.reason
    sessions.record(scope, session.id, f"{session.id}.1", "note", {"text": VALUE})
    assert sessions.add_context(scope, session.id, VALUE).content == MARK
    other = sessions.create(scope, "pair")
    assert sessions.cancel(scope, other.id, f"since {VALUE}").reason == f"since {MARK}"


def test_a_stranger_keeps_what_it_prints(scope: Scope, stranger: Scope) -> None:
    """The secret of one account changes nothing in another; all projects of one share it."""
    session = sessions.create(stranger, "pair")
    submit(stranger, session, Result(output=VALUE))
    same = stranger.account_id == scope.account_id
    result = log(stranger, session)[0].result
    assert result is not None
    assert result.output == (MARK if same else VALUE)


def test_a_session_does_not_begin_with_it(scope: Scope) -> None:
    """An input, a title or an agent that holds the value is refused."""
    for given in ({"input": {"a": VALUE}}, {"title": f"<{VALUE}>"}, {"input": {VALUE: 1}}):
        with pytest.raises(InvalidInput, match="say --secret TOKEN"):
            sessions.create(scope, "pair", **given)
    assert sessions.find(scope).sessions == ()


def test_a_session_names_the_secrets_of_its_commands(scope: Scope) -> None:
    """They are words of its environment, never values; each must be there."""
    vault.put(scope.account_id, "OTHER", "something else")
    session = sessions.create(scope, "pair", secrets=("TOKEN", "OTHER"))
    assert session.environment == "local --secret TOKEN --secret OTHER"
    with pytest.raises(SecretNotFound, match="there is no secret MISSING in this account"):
        sessions.create(scope, "pair", secrets=("TOKEN", "MISSING"))
    with pytest.raises(SecretNotFound, match="there is no secret MISSING"):
        sessions.create(scope, "pair", environment="local --secret MISSING")
    with pytest.raises(InvalidInput, match="the environment vscode takes no options"):
        sessions.create(scope, "pair", environment="vscode", secrets=("TOKEN",))


def test_a_stranger_cannot_name_it(scope: Scope, stranger: Scope) -> None:
    """There is no such secret in another account."""
    if stranger.account_id == scope.account_id:
        assert sessions.create(stranger, "pair", secrets=("TOKEN",)).environment is not None
        return
    with pytest.raises(SecretNotFound):
        sessions.create(stranger, "pair", secrets=("TOKEN",))


def found(scope: Scope) -> list[tuple[int | None, str, str]]:
    """What an audit finds, without the session."""
    return [(leak.seq, leak.place, leak.name) for leak in sessions.audit(scope)]


def test_an_audit_finds_what_was_kept_before(scope: Scope, stranger: Scope) -> None:
    """Each place by session and row, once, with the fingerprint and never the value; a stranger
    finds nothing of it."""
    vault.remove(scope.account_id, "TOKEN")
    session = sessions.create(scope, "pair", title=f"t {VALUE}", input={"n": VALUE})
    big = Result(output="x" * 100_000 + VALUE.encode().hex())
    row = sessions.next_command(scope, session.id)
    for _ in range(2):
        sessions.record(scope, session.id, row.id, "output", {"text": VALUE})
    sessions.handle_result(scope, session.id, row.id, big)
    sessions.add_context(scope, session.id, f"see {VALUE}")
    clean = sessions.create(scope, "pair")
    fail(scope, clean)
    assert found(scope) == []
    made = vault.put(scope.account_id, "TOKEN", VALUE)
    leaks = list(sessions.audit(scope))
    assert [(leak.seq, leak.place) for leak in leaks] == [
        *((None, "session"), (1, "command"), (1, "result"), (1, "event"), (None, "context"))
    ]
    assert {leak.session_id for leak in leaks} == {session.id}
    assert {(leak.name, leak.fingerprint) for leak in leaks} == {("TOKEN", made.fingerprint)}
    assert VALUE not in repr(leaks)
    assert found(stranger) == []
    assert len(found(scope.account_wide)) == 5


def test_an_audit_reads_any_number_of_rows(scope: Scope) -> None:
    """More than are read at a time, of each kind."""
    vault.remove(scope.account_id, "TOKEN")
    session = sessions.create(scope, "loop")
    for n in range(250):
        row = sessions.next_command(scope, session.id)
        sessions.record(scope, session.id, row.id, "output", {"text": VALUE if n > 205 else "no"})
        text = VALUE if n > 205 else "no"
        sessions.handle_result(scope, session.id, row.id, Result(stdout=text))
    vault.put(scope.account_id, "TOKEN", VALUE)
    places = [leak for leak in found(scope) if leak[1] in ("result", "event")]
    assert places == [(n, kind, "TOKEN") for kind in ("result", "event") for n in range(207, 251)]
