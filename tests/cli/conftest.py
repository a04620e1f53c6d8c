"""Every test has a desk of its own, where the workflows of these tests are trusted."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from interlock import plugins
from interlock.plugins.trust import trust
from interlock.sessions import recent
from interlock.store.connection import connect, disconnect
from tests.cli.desk import Desk

WORKFLOWS = Path(__file__).parent / "workflows.py"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the schema and nothing else, to be copied."""
    file = tmp_path_factory.mktemp("template") / "interlock.db"
    connect(f"sqlite:///{file}")
    disconnect()
    return file


@pytest.fixture
def bare_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk where nothing was done yet."""
    plugins.forget()
    recent.forget()
    yield Desk(tmp_path, monkeypatch)
    disconnect()
    recent.forget()
    plugins.forget()


@pytest.fixture
def desk(bare_desk: Desk, empty_database: Path) -> Desk:
    """A desk with an empty database and the workflows trusted."""
    bare_desk.data.mkdir(mode=0o700)
    shutil.copy(empty_database, bare_desk.data / "interlock.db")
    trust(WORKFLOWS)
    return bare_desk
