"""Every test has a database of its own, which other processes open too, and a seed."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

from interlock import Scope, accounts, plugins
from interlock.sessions import recent
from interlock.store.connection import connect, disconnect
from tests.acceptance.user import User
from tests.chaos.bench import Bench
from tests.chaos.scale import Chance
from tests.server import Server

KINDS = ("sqlite", "postgres")
LONGEST = (
    "test_who_works_goes_on_when_the_server_is_back",
    "test_kills_at_random_moments_lose_nothing",
    "test_sessions_are_as_the_model_says_in_the_long_run",
    "test_any_order_of_turns_and_deaths_leaves_a_whole_log",
    "test_a_script_says_the_same_on_a_server",
    "test_what_becomes_of_messages_changes_nothing",
)
"""What takes longest in `make chaos`, in order."""
URL = "INTERLOCK_DATABASE_URL"
WORKLOAD = Path(__file__).parent / "workload.py"


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> Chance:
    """What draws at random in this test."""
    return Chance(request)


@pytest.fixture
def user(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[User]:
    """Somebody whose database is open in this process, and who trusts the workload. The database is
    a file, or of the kind that the parameter names."""
    somebody = User(tmp_path)
    somebody.environ["INTERLOCK_ACCOUNT"] = "acme"
    somebody.environ["INTERLOCK_PROJECT"] = "site"
    with ExitStack() as stack:
        if getattr(request, "param", "sqlite") == "postgres":
            server: Server = request.getfixturevalue("server")
            somebody.environ[URL] = stack.enter_context(server.database())
        for name in ("INTERLOCK_DATA_DIR", "INTERLOCK_ACCOUNT", "INTERLOCK_PROJECT"):
            monkeypatch.setenv(name, somebody.environ[name])
        plugins.forget()
        recent.forget()
        connect(url_of(somebody))
        plugins.trust(WORKLOAD)
        yield somebody
        disconnect()
    recent.forget()
    plugins.forget()


@pytest.fixture
def quick_disk() -> Iterator[Path]:
    """A directory in memory, where there is such a place: no real power is cut here."""
    memory = Path("/dev/shm")  # noqa: S108  a directory of its own is made in it
    usable = memory.is_dir() and os.access(memory, os.W_OK)
    with tempfile.TemporaryDirectory(dir=memory if usable else None) as folder:
        yield Path(folder)


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, user: User, quick_disk: Path) -> Iterator[str]:
    """Where a database is that has nothing in it; none is open."""
    disconnect()
    if request.param == "sqlite":
        yield f"sqlite:///{quick_disk / 'interlock.db'}"
        return
    server: Server = request.getfixturevalue("server")
    with server.database() as made:
        yield made


def url_of(somebody: User) -> str:
    """Where the user's database is."""
    return somebody.environ.get(URL, f"sqlite:///{somebody.data}/interlock.db")


@pytest.fixture
def scope(user: User) -> Scope:
    """Who asks."""
    return accounts.enter("acme", "site")


@pytest.fixture
def bench(user: User, scope: Scope) -> Bench:
    """Runs sessions in processes that die."""
    return Bench(user, scope)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In `make chaos` what takes longest is first, each followed by a short one: so many processes
    are given two tests each, and then one when they have done one."""
    if "not chaos" in config.option.markexpr:
        return
    rank = {name: number for number, name in enumerate(LONGEST)}
    long = [item for item in items if item.name.partition("[")[0] in rank]
    long.sort(key=lambda item: rank[item.name.partition("[")[0]])
    others = [item for item in items if item not in long]
    mixed = [one for pair in zip(long, others, strict=False) for one in pair]
    items[:] = [*mixed, *others[len(long) :]]


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """What each test of `make chaos` drew and measured."""
    stats = terminalreporter.stats
    reports = [report for outcome in ("passed", "failed") for report in stats.get(outcome, [])]
    for report in reports:
        told = [value for name, value in getattr(report, "user_properties", ()) if name == "chaos"]
        if told:
            terminalreporter.line(f"{report.nodeid}: {' '.join(map(str, told))}")
