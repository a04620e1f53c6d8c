"""git runs nothing that a repository brings along, and says why it cannot work somewhere."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from interlock.engine import Result
from interlock.environments.git import Git
from interlock.environments.repository import branch, commit, diff, merge
from interlock.environments.results import Refusal
from tests.environments.working_copy import WorkingCopy

HOOKS = (
    *("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-checkout"),
    *("pre-merge-commit", "post-merge", "reference-transaction", "post-index-change"),
    *("post-rewrite", "pre-auto-gc", "fsmonitor-watchman"),
)
SETTINGS = (
    *("core.fsmonitor", "diff.external", "diff.odd.command", "diff.odd.textconv", "core.editor"),
    *("sequence.editor", "core.pager", "pager.diff", "pager.status", "gpg.program"),
    *("gpg.ssh.program", "core.sshCommand", "core.askPass", "credential.helper", "core.gitProxy"),
    *("alias.status", "alias.add", "interactive.diffFilter", "core.alternateRefsCommand"),
)


class Trap:
    """A program that leaves a mark when it is run."""

    def __init__(self, folder: Path) -> None:
        self.mark = folder / "mark"
        self.program = folder / "trap"
        self.program.write_text(f'#!/bin/sh\necho "$0 $*" >> {self.mark}\n')
        self.program.chmod(0o755)

    @property
    def sprung(self) -> str:
        """What ran; nothing is good."""
        return self.mark.read_text() if self.mark.exists() else ""


@pytest.fixture
def copy(tmp_path: Path) -> WorkingCopy:
    """A repository on branch main with one commit."""
    return WorkingCopy(tmp_path)


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    """A program that must not run."""
    return Trap(tmp_path)


def work(copy: WorkingCopy) -> None:
    """Every function, so that each command of git runs at least once."""
    copy.write("base.txt", "one\n2\nthree\n")
    copy.write("new.odd", "new\n")
    diff(copy.at())
    commit(copy.at(), "Side", "side")
    diff(copy.at(), "main")
    branch(copy.at(), "main")
    copy.write("base.txt", "conflict\n")
    commit(copy.at(), "Conflict", "conflict")
    branch(copy.at(), "main")
    merge(copy.at(), "side", "main")
    with pytest.raises(Refusal, match="conflicts in"):
        merge(copy.at(), "conflict", "main")


def test_no_hook_runs(copy: WorkingCopy, trap: Trap) -> None:
    """Neither where git looks for them, nor where the repository says they are."""
    for folder in (copy.folder / ".git/hooks", copy.folder / "hooks"):
        folder.mkdir(exist_ok=True)
        for hook in HOOKS:
            (folder / hook).symlink_to(trap.program)
    work(copy)
    assert trap.sprung == ""
    copy.git("branch", "--force", "-D", "conflict", "side")
    assert trap.sprung, "a person's git runs hooks, so the trap does not work"
    trap.mark.unlink()
    copy.git("config", "core.hooksPath", "hooks")
    commit(copy.at(), "Hooks", "again")
    branch(copy.at(), "main")
    assert trap.sprung == ""


def test_no_program_of_the_repositorys_configuration_runs(copy: WorkingCopy, trap: Trap) -> None:
    """Monitors, viewers, converters, editors, pagers, signers."""
    copy.write(".gitattributes", "*.odd diff=odd\n*.txt diff=odd\n")
    copy.save("Attributes")
    for setting in SETTINGS:
        copy.git("config", setting, str(trap.program))
    for setting in ("commit.gpgSign", "merge.verifySignatures", "log.showSignature"):
        copy.git("config", setting, "true")
    trap.mark.unlink(missing_ok=True)
    work(copy)
    assert trap.sprung == ""
    copy.git("diff", "HEAD^1")
    assert trap.sprung, "a person's git runs them, so the trap does not work"


@pytest.mark.parametrize(
    ("setting", "included"),
    [
        ("filter.odd.clean", False),
        ("filter.odd.smudge", False),
        ("filter.odd.process", True),
        ("merge.odd.driver", False),
    ],
)
def test_a_repository_with_a_filter_of_its_own_is_refused(
    copy: WorkingCopy, trap: Trap, setting: str, included: bool
) -> None:
    """It cannot be left out without writing wrong content; so it is named, and what to do."""
    if included:
        copy.git("config", "--file", str(copy.folder / "extra"), setting, str(trap.program))
        copy.git("config", "include.path", "../extra")
    else:
        copy.git("config", setting, str(trap.program))
    copy.write(".gitattributes", "* filter=odd merge=odd\n")
    copy.write("base.txt", "changed\n")
    for attempt in attempts(copy.at):
        with pytest.raises(Refusal, match=rf"runs a program \({setting}\): .*--global"):
            attempt()
    assert trap.sprung == ""
    if setting == "filter.odd.clean":
        copy.git("add", "base.txt")
        assert trap.sprung, "a person's git runs it, so the trap does not work"


def test_a_filter_of_the_user_runs(copy: WorkingCopy) -> None:
    """What the user's own configuration names is trusted: large files depend on it."""
    copy.git("config", "--global", "filter.upper.clean", "tr a-z A-Z")
    copy.git("config", "--global", "filter.upper.smudge", "tr A-Z a-z")
    copy.write(".gitattributes", "*.up filter=upper\n")
    copy.write("a.up", "text\n")
    commit(copy.at(), "Filtered")
    assert copy.git("show", "HEAD:a.up") == "TEXT"


def test_nothing_of_a_submodule_runs(copy: WorkingCopy, tmp_path: Path, trap: Trap) -> None:
    """Its configuration, hooks and filters are left alone, whatever is changed in it."""
    (tmp_path / "other").mkdir()
    other = WorkingCopy(tmp_path / "other")
    allow = ("-c", "protocol.file.allow=always")
    copy.git(*allow, "submodule", "--quiet", "add", str(other.folder), "sub")
    copy.save("Submodule")
    inner = copy.folder / "sub"
    for setting in ("core.fsmonitor", "filter.odd.clean", "filter.odd.process", "diff.external"):
        copy.git("config", setting, str(trap.program), cwd=inner)
    for setting in ("submodule.recurse", "diff.submodule"):
        copy.git("config", setting, "diff" if setting.startswith("diff") else "true")
    (inner / ".gitattributes").write_text("* filter=odd\n")
    (inner / "base.txt").write_text("changed in the submodule\n")
    trap.mark.unlink(missing_ok=True)
    work(copy)
    assert trap.sprung == ""
    assert (inner / "base.txt").read_text() == "changed in the submodule\n"
    copy.git("status")
    assert trap.sprung, "a person's git runs it, so the trap does not work"


def test_another_repository_put_in_place_does_not_run(
    copy: WorkingCopy, tmp_path: Path, trap: Trap
) -> None:
    """A `.git` file that leads elsewhere brings its own configuration: the same rules hold."""
    (copy.folder / ".git").rename(tmp_path / "elsewhere")
    (copy.folder / ".git").write_text(f"gitdir: {tmp_path / 'elsewhere'}\n")
    for setting in ("core.fsmonitor", "diff.external"):
        copy.git("config", setting, str(trap.program))
    (tmp_path / "elsewhere/hooks").mkdir(exist_ok=True)
    for hook in HOOKS:
        (tmp_path / "elsewhere/hooks" / hook).symlink_to(trap.program)
    trap.mark.unlink(missing_ok=True)
    copy.write("base.txt", "changed\n")
    assert commit(copy.at(), "Elsewhere", "side").data["files"] == ["base.txt"]
    copy.git("config", "filter.odd.clean", str(trap.program))
    trap.mark.unlink(missing_ok=True)
    with pytest.raises(Refusal, match=r"filter\.odd\.clean"):
        commit(copy.at(), "Elsewhere")
    assert trap.sprung == ""


def test_a_work_tree_set_elsewhere_is_refused(copy: WorkingCopy, tmp_path: Path) -> None:
    """A switch or a merge would write there."""
    copy.git("config", "core.worktree", str(tmp_path))
    for attempt in attempts(copy.at):
        with pytest.raises(Refusal, match=r"work tree is set to .*: unset core\.worktree"):
            attempt()


def test_no_other_repository_is_asked(copy: WorkingCopy, trap: Trap) -> None:
    """A missing object is not fetched: a protocol can name a program."""
    copy.git("config", "remote.origin.url", f"ext::{trap.program}")
    copy.git("config", "protocol.ext.allow", "always")
    copy.git("config", "remote.origin.promisor", "true")
    copy.git("config", "core.repositoryFormatVersion", "1")
    copy.git("config", "extensions.partialClone", "origin")
    blob = copy.git("rev-parse", "HEAD:base.txt")
    (copy.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    copy.write("base.txt", "changed\n")
    with pytest.raises(Refusal):
        copy.at().run("show", "HEAD:base.txt")
    assert trap.sprung == ""
    with pytest.raises(CalledProcessError):
        copy.git("show", "HEAD:base.txt")
    assert trap.sprung, "a person's git runs it, so the trap does not work"


def test_the_variables_of_the_engine_do_not_lead_elsewhere(
    copy: WorkingCopy, tmp_path: Path
) -> None:
    """As when Interlock itself is started by a hook of another repository."""
    (tmp_path / "other").mkdir()
    other = WorkingCopy(tmp_path / "other")
    before = other.git("rev-parse", "HEAD")
    variables = {"GIT_DIR": other.folder / ".git", "GIT_WORK_TREE": other.folder}
    variables |= {"GIT_INDEX_FILE": tmp_path / "index"}
    copy.write("new.txt", "x")
    source = dict(copy.source)
    copy.source |= {name: str(path) for name, path in variables.items()}
    at = copy.at()
    copy.source = source
    assert commit(at, "Here").data["files"] == ["new.txt"]
    assert other.git("rev-parse", "HEAD") == before


def attempts(at: Callable[[], Git]) -> list[Callable[[], Result]]:
    """A call of each function."""
    return [
        lambda: branch(at(), "side"),
        lambda: commit(at(), "Words", "side"),
        lambda: merge(at(), "main", "main"),
        lambda: diff(at(), "main"),
    ]


def test_a_directory_without_a_repository_is_told(copy: WorkingCopy) -> None:
    """With the command that makes one."""
    (copy.folder / ".git").rename(copy.home / "gone")
    for attempt in attempts(copy.at):
        with pytest.raises(Refusal, match="not in a git repository: run `git init`"):
            attempt()


@pytest.mark.parametrize("place", [".git", "bare"])
def test_a_place_without_a_work_tree_is_told(copy: WorkingCopy, place: str) -> None:
    """Neither git's own folder nor a bare repository has files."""
    copy.git("clone", "--quiet", "--bare", ".", "bare")
    for attempt in attempts(lambda: copy.at(place)):
        with pytest.raises(Refusal, match="is no work tree of git"):
            attempt()


def test_what_a_person_left_unfinished_is_told(copy: WorkingCopy) -> None:
    """A merge or a rebase in the middle is theirs to end."""
    work(copy)
    for command, what in (
        (["merge", "conflict"], "a merge is not finished"),
        (["rebase", "conflict"], "a rebase is not finished"),
        (["cherry-pick", "conflict"], "a cherry-pick is not finished"),
        (["revert", "--no-edit", "main^1"], "a revert is not finished"),
    ):
        with pytest.raises(CalledProcessError):
            copy.git(*command)
        for attempt in attempts(copy.at):
            with pytest.raises(Refusal, match=what):
                attempt()
        copy.git(command[0], "--abort")


def test_conflicts_of_a_stash_are_told(copy: WorkingCopy) -> None:
    """No merge is under way, and still nothing can be committed."""
    copy.write("base.txt", "stashed\n")
    copy.git("stash", "--quiet")
    copy.write("base.txt", "other\n")
    copy.save("Other")
    with pytest.raises(CalledProcessError):
        copy.git("stash", "pop", "--quiet")
    for attempt in attempts(copy.at):
        with pytest.raises(Refusal, match="files are in conflict: resolve them"):
            attempt()


def test_a_linked_work_tree_is_a_work_tree(copy: WorkingCopy, tmp_path: Path) -> None:
    """A branch that is in use in another one cannot be had, and git says where it is."""
    linked = tmp_path / "linked"
    copy.git("worktree", "add", "--quiet", "-b", "side", str(linked))
    (linked / "new.txt").write_text("x")
    assert commit(copy.at("../linked"), "Linked").data["branch"] == "side"
    with pytest.raises(Refusal, match=r"cannot switch to main: .*already .*/work'"):
        branch(copy.at("../linked"), "main")
    with pytest.raises(Refusal, match="cannot switch to main"):
        merge(copy.at("../linked"), "side", "main")


def test_a_lock_that_is_held_is_told(copy: WorkingCopy) -> None:
    """In git's own words, which say what to do."""
    (copy.folder / ".git/index.lock").touch()
    copy.write("new.txt", "x")
    with pytest.raises(Refusal, match=r"index\.lock': File exists"):
        commit(copy.at(), "Words")


def test_git_that_is_not_installed_is_told(copy: WorkingCopy, tmp_path: Path) -> None:
    """It says what to install."""
    copy.source["PATH"] = str(tmp_path)
    for attempt in attempts(copy.at):
        with pytest.raises(Refusal, match="git was not found: install it"):
            attempt()


def test_all_commands_of_a_call_share_its_time(copy: WorkingCopy) -> None:
    """What is left for one command is what those before it did not use."""
    times = iter([0.0, 4.0, 11.0])
    git = Git(
        copy.folder,
        source=copy.source,
        tag="token-shared-time",
        stop=copy.stop,
        timeout=10.0,
        clock=lambda: next(times),
    )
    assert git.run("--version").startswith("git version")
    with pytest.raises(Refusal, match="timed out after 0 s") as caught:
        git.run("status")
    assert caught.value.finished.timed_out
