"""A workspace is made as a whole, wherever a making before it was cut short."""

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from interlock.environments import workspace
from interlock.environments.git import Git
from interlock.environments.making import clone
from interlock.environments.plumbing import Plumbing
from interlock.environments.process import Finished
from tests.environments.clone_desk import CloneDesk, ask_git, enter_machine
from tests.environments.working_copy import WorkingCopy


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkingCopy:
    """The user's repository, on branch main with one commit."""
    copy = WorkingCopy(tmp_path)
    enter_machine(copy, tmp_path / "data", monkeypatch)
    return copy


class Unsupervised(Git):
    """git started directly: it costs a tenth, and many makings can be tried."""

    def ask(self, *arguments: str, stdin: str | None = None) -> Finished:
        """How it ended."""
        done = subprocess.run(
            ("git", *arguments), cwd=self.workdir, env=self._env, capture_output=True, text=True
        )
        return Finished(code=done.returncode, stdout=done.stdout, stderr=done.stderr)


def make(copy: WorkingCopy, folder: Path, patch: pytest.MonkeyPatch, stop_at: int) -> int:
    """How often git ran while a workspace was made, if the maker dies in the call `stop_at`."""
    count = 0
    real = Plumbing.ask

    def ask(
        self: Plumbing, *arguments: str, stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        nonlocal count
        count += 1
        if count == stop_at:
            raise KeyboardInterrupt
        return real(self, *arguments, stdin=stdin)

    git = Unsupervised(copy.folder, source=copy.source, tag="making", stop=copy.stop, timeout=None)
    with patch.context() as only, suppress(KeyboardInterrupt):
        only.setattr(Plumbing, "ask", ask)
        clone(folder, git, "clone", "mend")
    return count


def test_a_making_that_was_cut_short_anywhere_is_made_again(
    copy: WorkingCopy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever command of git was the last one to run."""
    total = make(copy, tmp_path / "whole", monkeypatch, stop_at=0)
    assert total > 5
    for number in range(1, total + 1):
        folder = tmp_path / f"cut-{number}"
        make(copy, folder, monkeypatch, stop_at=number)
        assert workspace.read(folder) is None
        make(copy, folder, monkeypatch, stop_at=0)
        ours = workspace.read(folder)
        assert ours is not None
        assert ask_git(ours.tree, "status", "--porcelain", "--branch") == f"## {ours.branch}"
        left = sorted(path.name for path in folder.iterdir())
        assert left == ["objects.git", "tree", "workspace.json"]


@pytest.mark.parametrize("there", [("objects.git",), ("objects.git", "tree"), ("making-1",)])
def test_what_a_killed_making_left_is_not_in_the_way(
    copy: WorkingCopy, there: tuple[str, ...]
) -> None:
    """A work tree without its record may hold work: it is set aside, not deleted."""
    desk = CloneDesk(copy)
    folder = workspace.place(desk.session.id)
    for name in there:
        (folder / name).mkdir(parents=True)
        (folder / name / "note").write_text("work")
    assert desk.sh("ls") == "base.txt\n"
    kept = [path for path in folder.glob("aside-*/note") if path.read_text() == "work"]
    assert len(kept) == len([name for name in there if name != "making-1"])
    assert not (folder / "making-1").exists()
