"""A session that names no environment gets a clone where that is as good as the repository."""

from pathlib import Path

import pytest

from interlock.engine.errors import InvalidInput
from interlock.environments.choice import choose
from interlock.plugins import load_agent
from tests.environments.clone_desk import enter_machine
from tests.environments.test_git import HOOKS, SETTINGS, Trap
from tests.environments.working_copy import WorkingCopy

VENDORS = ("claude-code", "codex", "gemini", "opencode", "aider")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkingCopy:
    """The user's repository, on branch main with one commit."""
    copy = WorkingCopy(tmp_path)
    enter_machine(copy, tmp_path / "data", monkeypatch)
    return copy


def decide(place: Path, *agents: str) -> str | None:
    """What a session there gets with these agents, or with one of a vendor."""
    return choose([load_agent(name) for name in agents or ("claude-code",)], str(place))


@pytest.mark.parametrize("agent", VENDORS)
def test_a_vendors_program_works_in_a_clone(copy: WorkingCopy, agent: str) -> None:
    """At the top of the repository and in a directory of it."""
    copy.write("docs/page.md", "one\n")
    copy.save("Docs")
    assert decide(copy.folder, agent) == decide(copy.folder / "docs", agent) == "clone"


@pytest.mark.parametrize("agent", ["program", "playback"])
def test_a_program_that_the_user_chose_works_in_place(copy: WorkingCopy, agent: str) -> None:
    """It is theirs; one that stands in for a vendor's, or the other way round, makes it a clone."""
    assert decide(copy.folder, agent) is None
    assert decide(copy.folder, agent, "codex") == decide(copy.folder, "codex", agent) == "clone"


def test_without_anything_to_clone_it_works_in_place(tmp_path: Path, copy: WorkingCopy) -> None:
    """No repository, none with a commit, a bare one, git's own folder, a directory that is gone;
    and a session without a directory."""
    (tmp_path / "empty").mkdir()
    unborn = WorkingCopy(tmp_path / "empty", commits=False)
    copy.git("clone", "--quiet", "--bare", ".", "bare")
    places = (tmp_path, unborn.folder, copy.folder / "bare", copy.folder / ".git", tmp_path / "no")
    assert [decide(place) for place in places] == [None] * 5
    assert choose([load_agent("claude-code")], None) is None


def test_git_that_is_not_installed_is_no_fault(
    copy: WorkingCopy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that needs none runs all the same."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert decide(copy.folder) is None


def test_a_filter_of_the_repositorys_own_is_told(copy: WorkingCopy) -> None:
    """It would not be in the clone: one line, with what to do."""
    copy.git("config", "filter.odd.clean", "cat")
    words = r"runs a program \(filter\.odd\.clean\).*; --environment local"
    with pytest.raises(InvalidInput, match=words) as caught:
        decide(copy.folder)
    assert "\n" not in str(caught.value)


def test_a_directory_that_no_commit_has_is_told(copy: WorkingCopy) -> None:
    """It would not be in the clone either."""
    copy.write("new/file.txt", "x")
    words = r"the last commit has nothing in \S*/new: commit something there; --environment local"
    with pytest.raises(InvalidInput, match=words):
        decide(copy.folder / "new")


def test_submodules_are_told(copy: WorkingCopy, tmp_path: Path) -> None:
    """They are empty in a clone, which the user may not want."""
    (tmp_path / "other").mkdir()
    other = WorkingCopy(tmp_path / "other")
    allow = ("-c", "protocol.file.allow=always")
    copy.git(*allow, "submodule", "--quiet", "add", str(other.folder), "sub")
    assert decide(copy.folder) == "clone"
    copy.save("Submodule")
    with pytest.raises(InvalidInput, match=r"submodules are empty in a clone.*--environment local"):
        decide(copy.folder)


def test_nothing_of_the_repository_runs(copy: WorkingCopy, tmp_path: Path) -> None:
    """Neither its hooks nor what its configuration names."""
    trap = Trap(tmp_path)
    for setting in SETTINGS:
        copy.git("config", setting, str(trap.program))
    for hook in HOOKS:
        (copy.folder / ".git/hooks" / hook).unlink(missing_ok=True)
        (copy.folder / ".git/hooks" / hook).symlink_to(trap.program)
    copy.write("base.txt", "changed\n")
    trap.mark.unlink(missing_ok=True)
    assert decide(copy.folder) == "clone"
    assert trap.sprung == ""
