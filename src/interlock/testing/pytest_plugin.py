"""The kit's pytest plugin: fixtures, and `--interlock-cov`. It loads nothing until it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from interlock.testing.driven import DrivenSession
    from interlock.testing.fake_agent.agent import FakeAgent
    from interlock.testing.model_server import ModelServer

COVERAGE = "interlock_coverage"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("interlock", "transition coverage of session types")
    group.addoption(
        "--interlock-cov",
        nargs="?",
        const="",
        default=None,
        metavar="TYPE,...",
        help="say which rows and guards of session types the tests never took; all types, or "
        "those named as in --interlock-cov=mend,change",
    )
    group.addoption(
        "--interlock-cov-fail-under",
        type=float,
        default=None,
        metavar="N",
        help="fail when fewer than N percent of the rows were taken",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch the transitions where it was asked for."""
    named = config.getoption("--interlock-cov")
    if named is not None or config.getoption("--interlock-cov-fail-under") is not None:
        from interlock.testing.coverage_plugin import CoveragePlugin

        config.pluginmanager.register(CoveragePlugin(config, named or ""), COVERAGE)


@pytest.fixture
def session_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., DrivenSession]]:
    """`session_of(TYPE, **input)` is a session of a type, driven in memory: see `drive`.

    `stored=True` keeps it in a temporary database; `types=[...]` are the classes of its children
    that are not installed. Where an agent or an environment is named, commands without a scripted
    result are executed in the directory of the test.
    """
    from interlock.testing.driven import drive

    with ExitStack() as stack:
        scopes: list[Any] = []

        def make(
            kind: Any, given: Any = None, /, *, stored: bool = False, types: Any = (), **rest: Any
        ) -> DrivenSession:
            if rest.get("agent") is not None or rest.get("environment") is not None or stored:
                monkeypatch.setenv("INTERLOCK_DATA_DIR", str(tmp_path / "interlock-data"))
            if rest.get("agent") is not None:
                rest["agent"] = str(rest["agent"])
            rest.setdefault("workdir", tmp_path)
            if not stored:
                return drive(kind, given, **rest)
            from interlock.testing import stored as database

            classes = (*types, *(() if isinstance(kind, str) else (kind,)))
            stack.enter_context(database.known_types(classes))
            if not scopes:
                file = tmp_path / "interlock-data" / "interlock.db"
                scopes.append(stack.enter_context(database.temporary_database(file)))
            return database.create(scopes[0], kind, given, **rest)

        yield make


@pytest.fixture
def assert_path() -> Callable[..., None]:
    """`assert_path(session, "work check complete")` fails with a diff for another path."""
    from interlock.testing.path import assert_path

    return assert_path


@pytest.fixture
def scripted_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeAgent]:
    """`scripted_agent("claude-code", *turns)` installs a fake of this agent's program in a
    directory that goes first on PATH, and returns it: see FakeAgent."""
    import itertools
    import os

    from interlock.testing.fake_agent.agent import FakeAgent

    numbers = itertools.count(1)

    def make(kind: str, *turns: Any, **options: Any) -> FakeAgent:
        directory = tmp_path / "interlock-bin" / str(next(numbers))
        path = os.environ.get("PATH", os.defpath)
        monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{path}")
        return FakeAgent(kind, *turns, **options).install(directory)

    return make


@pytest.fixture
def model_server() -> Iterator[Callable[..., ModelServer]]:
    """`model_server(*turns)` is a ModelServer that listens until the test has ended."""
    from interlock.testing.model_server import ModelServer

    with ExitStack() as stack:
        yield lambda *turns, **options: stack.enter_context(ModelServer(*turns, **options))
