"""Each session has ports of its own, also when many ask at once."""

import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from interlock.engine import Session
from interlock.environments import ports, workspace
from interlock.environments.results import Refusal
from interlock.store.tables import database


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This test's data directory; no database is open."""
    monkeypatch.setenv("INTERLOCK_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(database, "obj", None)
    return tmp_path


def session() -> Session:
    """A session that has a workspace."""
    made = Session(type="mend", step="work", id=str(uuid.uuid4()), account_id="a")
    workspace.place(made.id).mkdir(parents=True)
    return made


def test_a_session_keeps_its_block() -> None:
    """However often it asks; another has another, ten ports on."""
    one, two = session(), session()
    first = ports.lease(one)
    assert ports.lease(one) == first
    assert abs(ports.lease(two) - first) >= ports.SIZE
    assert ports.variables(one) == {"INTERLOCK_PORT_BASE": str(first)}


def test_what_is_released_is_given_again() -> None:
    """The lowest free block goes first."""
    one, two, three = session(), session(), session()
    first = ports.lease(one)
    ports.lease(two)
    ports.release(one.id)
    assert ports.lease(three) == first


def test_many_that_ask_at_once_have_different_blocks() -> None:
    """The table is written under a lock."""
    many = [session() for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        bases = list(pool.map(ports.lease, many))
    assert len(set(bases)) == 12


def test_a_block_in_use_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a server that nobody here started."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        taken = server.getsockname()[1]
        monkeypatch.setattr(ports, "FIRST", taken)
        monkeypatch.setattr(ports, "BLOCKS", 1)
        with pytest.raises(Refusal, match="every block of ports is in use"):
            ports.lease(session())


def test_a_table_that_is_broken_is_told(data: Path) -> None:
    """With what to do."""
    for text in ("{", "[]", '{"a": 1}', '{"21000": {}}'):
        (data / "ports.json").write_text(text)
        with pytest.raises(Refusal, match=r"ports\.json cannot be read: .*delete it"):
            ports.lease(session())
