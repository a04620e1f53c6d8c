"""Whatever an agent does to its clone, the engine runs nothing of it and stays inside."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from interlock.engine import Result
from interlock.environments.staging import LARGE
from tests.environments.clone_desk import CloneDesk, enter_machine
from tests.environments.test_git import HOOKS, SETTINGS, Trap
from tests.environments.working_copy import WorkingCopy

MORE = (
    *("uploadpack.packObjectsHook", "filter.odd.clean", "filter.odd.smudge", "filter.odd.process"),
    *("merge.odd.driver", "core.attributesFile", "gc.recentObjectsHook", "ssh.variant"),
    *("remote.origin.uploadpack", "trailer.x.command", "hook.x.command", "gpg.openpgp.program"),
)


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    """A program that must not run."""
    return Trap(tmp_path)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CloneDesk:
    """A session whose clone is there, of a repository with some files."""
    copy = WorkingCopy(tmp_path)
    enter_machine(copy, tmp_path / "data", monkeypatch)
    copy.write("folder/file.txt", "inside\n")
    copy.write("same.txt", "aaaa\n")
    copy.save("More")
    desk = CloneDesk(copy)
    desk.sh("true")
    return desk


def engage(desk: CloneDesk) -> None:
    """Every command of git that the engine has, with changes of all kinds to see."""
    (desk.tree / "same.txt").write_text("bbbb\n")
    (desk.tree / "new.odd").write_text("new\n")
    desk.shell("true")
    desk.call("branch", name="topic")
    desk.call("commit", message="One")
    (desk.tree / "same.txt").write_text("cccc\n")
    desk.call("diff", base="main")
    desk.call("commit", message="Two", branch="topic")
    desk.call("branch", name="main")
    desk.call("merge", branch="topic", into="main")


def topics(desk: CloneDesk) -> list[str]:
    """What the user's repository was given on main."""
    return desk.copy.git("log", "--first-parent", "--format=%s", "main").splitlines()


ALL = ["Merge branch 'topic' into main", "More", "Begin"]


def set_all(folder: Path, desk: CloneDesk, trap: Trap) -> None:
    """All that a configuration can name to be run is the trap."""
    for setting in (*SETTINGS, *MORE):
        desk.copy.git("config", setting, str(trap.program), cwd=folder)
    for setting in ("commit.gpgSign", "merge.verifySignatures", "log.showSignature"):
        desk.copy.git("config", setting, "true", cwd=folder)


def attributes(desk: CloneDesk) -> None:
    """Every file has the filter, the viewer and the merge driver of that name."""
    (desk.tree / ".gitattributes").write_text("* filter=odd diff=odd merge=odd\n")


def test_nothing_of_the_clones_configuration_runs(desk: CloneDesk, trap: Trap) -> None:
    """Monitors, filters, viewers, drivers, signers; and all works."""
    attributes(desk)
    set_all(desk.tree, desk, trap)
    trap.mark.unlink(missing_ok=True)
    engage(desk)
    assert trap.sprung == ""
    assert topics(desk) == ALL
    with pytest.raises(CalledProcessError):
        desk.copy.git("status", cwd=desk.tree)
    assert trap.sprung, "a person's git runs them, so the trap does not work"


@pytest.mark.parametrize("place", [".git/hooks", "hooks"])
def test_no_hook_of_the_clone_runs(desk: CloneDesk, trap: Trap, place: str) -> None:
    """Neither where git looks for them, nor where the clone's configuration says they are."""
    folder = desk.tree / place
    folder.mkdir(exist_ok=True)
    for hook in (*HOOKS, "pre-push", "update", "post-update", "pre-receive"):
        (folder / hook).symlink_to(trap.program)
    desk.copy.git("config", "core.hooksPath", place, cwd=desk.tree)
    engage(desk)
    assert trap.sprung == ""
    desk.copy.git("commit", "--allow-empty", "-qm", "Mine", cwd=desk.tree)
    assert trap.sprung, "a person's git runs hooks, so the trap does not work"


def test_no_hook_of_the_repository_runs(desk: CloneDesk, trap: Trap) -> None:
    """One that fails does not keep the work out either."""
    hooks = desk.copy.folder / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    trap.program.write_text(trap.program.read_text() + "exit 1\n")
    for hook in HOOKS:
        (hooks / hook).symlink_to(trap.program)
    engage(desk)
    other = CloneDesk(desk.copy)
    assert other.shell("true").ok
    assert trap.sprung == ""
    assert topics(desk) == ALL


@pytest.mark.parametrize("kind", ["file", "link", "folder", "nothing", "bytes"])
def test_another_git_put_in_place_is_not_used(
    desk: CloneDesk, trap: Trap, tmp_path: Path, kind: str
) -> None:
    """The clone's `.git` leads to a repository that is full of traps, or nowhere."""
    fake = tmp_path / "fake"
    (fake / "home").parent.mkdir()
    other = WorkingCopy(fake)
    set_all(other.folder, desk, trap)
    for hook in HOOKS:
        (other.folder / ".git/hooks" / hook).unlink(missing_ok=True)
        (other.folder / ".git/hooks" / hook).symlink_to(trap.program)
    attributes(desk)
    inner = desk.tree / ".git"
    shutil.rmtree(inner)
    if kind == "file":
        inner.write_text(f"gitdir: {other.folder / '.git'}\n")
    elif kind == "link":
        inner.symlink_to(other.folder / ".git")
    elif kind == "folder":
        shutil.copytree(other.folder / ".git", inner, symlinks=True)
    elif kind == "bytes":
        inner.write_bytes(bytes(range(256)))
    trap.mark.unlink(missing_ok=True)
    engage(desk)
    assert trap.sprung == ""
    assert topics(desk) == ALL


def test_nothing_of_a_repository_below_runs(desk: CloneDesk, trap: Trap) -> None:
    """One that the agent made, and one where a submodule belongs: neither is looked into."""
    for name in ("below", "folder/deep"):
        desk.sh(f"git init -q {name}; cd {name}; echo aaaa > x; git add x; git commit -qm x")
    desk.copy.git("add", "below", cwd=desk.tree)
    desk.copy.git("commit", "-qm", "A submodule", cwd=desk.tree)
    for name in ("below", "folder/deep"):
        attributes_of = desk.tree / name / ".gitattributes"
        attributes_of.write_text("* filter=odd diff=odd\n")
        set_all(desk.tree / name, desk, trap)
        (desk.tree / name / "x").write_text("bbbb\n")
        for hook in HOOKS:
            target = desk.tree / name / ".git/hooks" / hook
            target.parent.mkdir(exist_ok=True)
            target.symlink_to(trap.program)
    (desk.tree / ".gitmodules").write_text(
        f'[submodule "below"]\n\tpath = below\n\turl = ext::{trap.program}\n'
        f"\tupdate = !{trap.program}\n"
    )
    trap.mark.unlink(missing_ok=True)
    engage(desk)
    assert trap.sprung == ""
    assert desk.shell("true").data["left_out"] == ["below/", "folder/deep/"]


def test_a_submodule_of_the_repository_is_left_alone(
    desk: CloneDesk, trap: Trap, tmp_path: Path
) -> None:
    """It is empty in the clone; what the agent puts there runs in no command of the engine."""
    (tmp_path / "other").mkdir()
    other = WorkingCopy(tmp_path / "other")
    allow = ("-c", "protocol.file.allow=always")
    desk.copy.git(*allow, "submodule", "--quiet", "add", str(other.folder), "sub")
    desk.copy.save("Submodule")
    mine = CloneDesk(desk.copy)
    mine.sh('ls sub; test -z "$(ls sub)"; git init -q sub; cd sub; echo a > a; git add a')
    mine.sh("cd sub; git commit -qm a")
    (mine.tree / "sub/.gitattributes").write_text("* filter=odd\n")
    set_all(mine.tree / "sub", desk, trap)
    (mine.tree / "sub/a").write_text("b\n")
    trap.mark.unlink(missing_ok=True)
    engage(mine)
    assert trap.sprung == ""
    assert (mine.tree / "sub/a").read_text() == "b\n"


def test_no_other_repository_is_asked(desk: CloneDesk, trap: Trap) -> None:
    """Not when an object is missing, nor where the clone says that objects are."""
    for setting, value in (
        ("remote.origin.url", f"ext::{trap.program}"),
        ("protocol.ext.allow", "always"),
        ("remote.origin.promisor", "true"),
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
    ):
        desk.copy.git("config", setting, value, cwd=desk.tree)
    shutil.rmtree(desk.tree / ".git/objects")
    (desk.tree / ".git/objects/info").mkdir(parents=True)
    (desk.tree / ".git/objects/info/alternates").write_text("/nowhere\n")
    engage(desk)
    assert trap.sprung == ""
    assert topics(desk) == ALL


def outside(tmp_path: Path) -> Path:
    """A folder that nothing may read or write."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "file.txt").write_text("secret\n")
    (folder / "same.txt").write_text("secret\n")
    return folder


def test_links_are_kept_as_links(desk: CloneDesk, tmp_path: Path) -> None:
    """A file and a folder that became one: nothing is read through it, nor written."""
    folder = outside(tmp_path)
    shutil.rmtree(desk.tree / "folder")
    (desk.tree / "folder").symlink_to(folder)
    (desk.tree / "base.txt").unlink()
    (desk.tree / "base.txt").symlink_to(folder / "file.txt")
    engage(desk)
    desk.call("branch", name="before")
    assert {path.name for path in folder.iterdir()} == {"file.txt", "same.txt"}
    assert (folder / "file.txt").read_text() == "secret\n"
    assert desk.copy.git("cat-file", "-p", "main:folder") == str(folder)
    assert desk.copy.git("cat-file", "-p", "main:base.txt") == str(folder / "file.txt")
    with pytest.raises(CalledProcessError):
        desk.copy.git("grep", "secret", "main")


@pytest.mark.parametrize("inside", [".", "folder"])
def test_a_work_tree_that_became_a_link_is_refused(
    desk: CloneDesk, tmp_path: Path, inside: str
) -> None:
    """Commands and calls alike: they would be about another place."""
    folder = outside(tmp_path)
    mine = CloneDesk(desk.copy, inside=inside)
    mine.sh("true")
    place = mine.ours.workdir
    place.rename(tmp_path / "moved")
    place.symlink_to(folder)
    attempts: list[Callable[[], Result]] = [
        lambda: mine.shell("touch", "ran"),
        lambda: mine.call("read_file", path="file.txt"),
        lambda: mine.call("commit", message="All"),
        lambda: mine.call("diff"),
    ]
    for attempt in attempts:
        assert "link" in str(attempt().error)
    assert {path.name for path in folder.iterdir()} == {"file.txt", "same.txt"}


def test_a_work_tree_set_elsewhere_is_not_followed(desk: CloneDesk, tmp_path: Path) -> None:
    """The clone's configuration does not say where the engine works."""
    folder = outside(tmp_path)
    desk.copy.git("config", "core.worktree", str(folder), cwd=desk.tree)
    engage(desk)
    assert topics(desk) == ALL
    assert (folder / "same.txt").read_text() == "secret\n"


def test_what_no_commit_can_hold_is_left_out(desk: CloneDesk) -> None:
    """Pipes and files of any claimed size hang nothing; the large one is named."""
    os.mkfifo(desk.tree / "pipe")
    (desk.tree / "base.txt").unlink()
    os.mkfifo(desk.tree / "base.txt")
    with (desk.tree / "huge").open("wb") as file:
        file.truncate(LARGE + 1)
    told = desk.shell("true").data
    assert told["left_out"] == ["huge"]
    names = desk.stored("ls-tree", "-r", "--name-only", told["after"]).splitlines()
    assert names == ["folder/file.txt", "same.txt"]
    result = desk.call("commit", message="All")
    assert result.data["files"] == ["base.txt"]
    assert "huge" in result.output


def test_a_name_that_git_takes_for_its_own_is_not_taken_in(desk: CloneDesk) -> None:
    """A checkout of it could overwrite a repository's configuration elsewhere."""
    for name in ("folder/.GIT", "git~1"):
        (desk.tree / name).mkdir()
        (desk.tree / name / "config").write_text("[core]\n\tfsmonitor = false\n")
    engage(desk)
    names = desk.copy.git("ls-tree", "-r", "--name-only", "main").lower()
    assert ".git/" not in names
    assert "git~1" not in names
