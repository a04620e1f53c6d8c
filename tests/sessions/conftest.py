"""Every test has a database and a data directory of its own, with the workflows trusted in it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from interlock import Scope, accounts, plugins
from interlock.sessions import recent
from interlock.store.connection import connect, disconnect

WORKFLOWS = Path(__file__).parent / "workflows.py"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the schema and nothing else, to be copied."""
    file = tmp_path_factory.mktemp("template") / "interlock.db"
    connect(f"sqlite:///{file}")
    disconnect()
    return file


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's trusted files are written down."""
    directory = tmp_path / "data"
    directory.mkdir()
    monkeypatch.setenv("INTERLOCK_DATA_DIR", str(directory))
    return directory


@pytest.fixture(autouse=True)
def database(data_dir: Path, empty_database: Path) -> Iterator[str]:
    """The URL of the open database."""
    file = shutil.copy(empty_database, data_dir / "interlock.db")
    plugins.forget()
    plugins.trust(WORKFLOWS)
    connect(f"sqlite:///{file}")
    recent.forget()
    yield f"sqlite:///{file}"
    disconnect()
    recent.forget()
    plugins.forget()


@pytest.fixture
def scope() -> Scope:
    """Who asks: Ann, in the project `site` of the account `acme`."""
    return accounts.enter("acme", "site", user="ann")


@pytest.fixture(params=["another account", "another project", "another account, every project"])
def stranger(request: pytest.FixtureRequest, scope: Scope) -> Scope:
    """Somebody who must not see what is in `scope`."""
    return {
        "another account": accounts.enter("other", "site", user="bob"),
        "another project": accounts.enter("acme", "elsewhere", user="ann"),
        "another account, every project": accounts.enter("other"),
    }[request.param]
