"""A payload over the cap is kept once, found by its digest, and never silently lost."""

import json
from hashlib import sha256
from typing import Any

import peewee
import pytest

from interlock import Result
from interlock.engine.errors import StoreUnusable
from interlock.store import blobs, codec, queries, records
from interlock.store.connection import execute, tx
from tests.store.samples import NOW, enter, new_session, step_once, value

pytestmark = pytest.mark.usefixtures("database")

LARGE = "x" * (blobs.CAP + 1)


def keep(text: str, account_id: str = "acme") -> str:
    """What a row of an account keeps of a text."""
    with tx():
        return blobs.keep(account_id, text)


@pytest.mark.parametrize("text", ["", "x" * blobs.CAP, "é" * (blobs.CAP // 2)])
def test_a_text_up_to_the_cap_stays_in_its_row(text: str) -> None:
    """Up to the cap, counted in bytes, nothing is put elsewhere."""
    assert keep(text) == text
    assert value("SELECT count(*) FROM blob") == 0


@pytest.mark.parametrize("text", [LARGE, "é" * (blobs.CAP // 2) + "é", "𝄞" * (blobs.CAP // 4 + 1)])
def test_a_text_over_the_cap_becomes_a_reference(text: str) -> None:
    """The row keeps digest, size in bytes and the head; the whole text comes back."""
    kept = keep(text)
    content = text.encode()
    assert json.loads(kept) == {
        "blob": sha256(content).hexdigest(),
        "size": len(content),
        "head": text[: blobs.HEAD],
    }
    assert len(kept) < 2 * blobs.HEAD + 200
    assert blobs.fetch(kept) == text


def test_the_same_content_is_kept_once() -> None:
    """However often a payload occurs in an account, its content is there once."""
    assert keep(LARGE) == keep(LARGE)
    keep(LARGE + "y")
    assert value("SELECT count(*) FROM blob") == 2


def test_what_two_accounts_have_is_kept_for_each() -> None:
    """Neither can tell from it that the other has it, or loses it with the other's."""
    kept = keep(LARGE)
    assert keep(LARGE, "other") == kept
    assert value("SELECT count(*) FROM blob") == 2
    with tx():
        execute("UPDATE blob SET content = ? WHERE account_id = 'other'", (b"0",))
    assert (blobs.is_whole("acme", kept), blobs.is_whole("other", kept)) == (True, False)
    assert blobs.fetch(kept) == LARGE
    assert not blobs.is_whole("nobody", kept)


@pytest.mark.parametrize(
    "payload",
    [
        {"blob": "0" * 64, "head": "x", "size": 1},
        {"blob": 5},
        {"blob": sha256(codec.dump({"text": LARGE}).encode()).hexdigest()},
    ],
    ids=["a reference", "a number", "the digest of what another keeps"],
)
def test_a_payload_is_never_taken_for_a_reference(payload: dict[str, Any]) -> None:
    """Whatever a client sends comes back as it was, and never opens what somebody else keeps."""
    new_session(enter(), input={"text": LARGE})
    stranger = enter("other", None)
    session = new_session(stranger, input=payload)
    found = records.one(stranger, session.id)
    assert found is not None
    assert found.input == payload


@pytest.mark.parametrize(
    ("damage", "content"),
    [("DELETE FROM blob", ()), ("UPDATE blob SET content = ?", (b"\0",))],
    ids=["missing", "damaged"],
)
def test_a_missing_or_damaged_payload_is_told(damage: str, content: tuple[bytes, ...]) -> None:
    """A payload that is not what was kept is an error that names it, never another payload."""
    kept = keep(LARGE)
    digest = json.loads(kept)["blob"]
    with tx():
        execute(damage, content)
    with pytest.raises(StoreUnusable, match=f"{digest[:12]} is missing or damaged.*verify --all"):
        blobs.fetch(kept)


def test_every_payload_of_a_session_may_be_large(database: peewee.Database) -> None:
    """Input, result, state and events over the cap are read back whole."""
    scope = enter()
    session = new_session(scope, input={"text": LARGE})
    step_once(session, Result(output=LARGE, remember={"seen": LARGE}))
    with tx():
        queries.add_event(session, 1, "output", {"text": LARGE}, NOW)
    found = records.one(scope, session.id)
    assert found is not None
    assert found.input == {"text": LARGE}
    assert found.state == {"seen": LARGE}
    assert found.last("work") == Result(output=LARGE, remember={"seen": LARGE})
    assert [event.data for event in queries.events(found)] == [{"text": LARGE}]
    widest = value("SELECT max(length(result)) FROM interaction")
    assert widest < blobs.CAP
    assert value("SELECT count(*) FROM blob") == 3  # input and event are the same content
