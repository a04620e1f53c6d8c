"""The agent programs are installed where that is possible, and what prevents it is told."""

from pathlib import Path

import pytest

from tests.real_agents import install, programs
from tests.real_agents.programs import PROGRAMS, NotInstalled, locate

NODE = "echo v22.1.0"
NPM = "mkdir -p node_modules && echo once >> count"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a lock; PATH has what the test puts beside it."""
    for name in install.LOCKS:
        (tmp_path / name).write_text("{}")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return tmp_path


def put(folder: Path, **scripts: str) -> None:
    """Programs that do this when they are run."""
    for name, script in scripts.items():
        program = folder / "bin" / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)


def test_what_is_locked_is_installed_once(folder: Path) -> None:
    """And once more when the lock has changed."""
    put(folder, node=NODE, npm=NPM)
    assert [install.install(folder, 60) for _ in range(2)] == ["", ""]
    assert (folder / "count").read_text() == "once\n"
    (folder / "package-lock.json").write_text('{"a": 1}')
    assert install.install(folder, 60) == ""
    assert (folder / "count").read_text() == "once\nonce\n"


@pytest.mark.parametrize(
    ("node", "npm", "told"),
    [
        ("echo v18.0.0", NPM, "node is v18.0.0: install Node.js 20 or newer"),
        (NODE, "echo npm error 404 no x >&2; exit 1", "npm could not install it: 404 no x"),
        (NODE, "exec sleep 600", "npm could not install it in 1 s"),
    ],
)
def test_what_prevents_it_is_told(folder: Path, node: str, npm: str, told: str) -> None:
    """An old Node.js, a registry that refuses, one that does not answer."""
    put(folder, node=node, npm=npm)
    assert install.install(folder, 1) == told
    assert not (folder / install.STAMP).exists()


def test_a_machine_without_node_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs no more than Python, git and make for the other tests."""
    monkeypatch.setenv("PATH", str(folder / "bin"))
    assert install.install(folder, 60).startswith("node is not on PATH")


def test_a_program_that_is_missing_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no test of it vanishes in silence."""
    reason = tmp_path / "reason"
    monkeypatch.setattr(programs, "FOLDER", tmp_path)
    monkeypatch.setattr(programs, "REASON", reason)
    with pytest.raises(NotInstalled, match="Claude Code is not installed: `make agents`"):
        locate(PROGRAMS[0])
    reason.write_text("npm could not install it: it is offline\n")
    with pytest.raises(NotInstalled, match=r"^npm could not install it: it is offline$"):
        locate(PROGRAMS[0])
