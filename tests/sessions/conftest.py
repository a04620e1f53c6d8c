"""Every test has a database and a data directory of its own, with the workflows trusted in it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from interlock import Scope, accounts, plugins
from interlock.sessions import recent
from interlock.store.connection import connect, disconnect
from tests.server import Server

KINDS = ("sqlite", "postgres")
WALLED = {"walled": "app", "walled, by workers": "worker"}
"""A server's database that keeps accounts apart, and the role it is opened as."""
WALLED_TOO = pytest.mark.parametrize("url", [*KINDS, "walled"], indirect=True)
WORKFLOWS = Path(__file__).parent / "workflows.py"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an empty database and the trusted workflows, to be copied."""
    directory = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INTERLOCK_DATA_DIR", str(directory))
        connect(f"sqlite:///{directory}/interlock.db")
        disconnect()
        plugins.trust(WORKFLOWS)
        plugins.forget()
    return directory


@pytest.fixture
def data_dir(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This test's data directory."""
    monkeypatch.setenv("INTERLOCK_DATA_DIR", str(tmp_path / "data"))
    return Path(shutil.copytree(template, tmp_path / "data"))


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, data_dir: Path) -> Iterator[str]:
    """The URL of a new database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{data_dir}/interlock.db"
        return
    server: Server = request.getfixturevalue("server")
    role = WALLED.get(request.param)
    with server.walled_database(role) if role is not None else server.database(again=True) as made:
        yield made


@pytest.fixture(autouse=True)
def database(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of the open database, which other processes find too."""
    monkeypatch.setenv("INTERLOCK_DATABASE_URL", url)
    plugins.forget()
    recent.forget()
    connect(url)
    yield url
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
