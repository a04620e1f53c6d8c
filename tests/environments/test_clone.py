"""A session of its own clone: where it begins, what it leaves, what the user's repository gets."""

import json
import shutil
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from attrs import evolve

from interlock.engine import Call, Interaction, Prompt, Result, Shell
from interlock.engine.commands import Command
from interlock.engine.errors import InvalidInput
from interlock.environments import workspace
from interlock.environments.clone import Clone
from interlock.environments.results import Refusal
from tests.environments.clone_desk import CloneDesk, enter_machine
from tests.environments.working_copy import WorkingCopy


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkingCopy:
    """The user's repository, on branch main with one commit."""
    copy = WorkingCopy(tmp_path)
    enter_machine(copy, tmp_path / "data", monkeypatch)
    return copy


@pytest.fixture
def desk(copy: WorkingCopy) -> CloneDesk:
    """A session that has done nothing yet."""
    return CloneDesk(copy)


def test_commands_run_in_the_clone_and_not_in_the_repository(desk: CloneDesk) -> None:
    """The clone is on the session's branch, and the user's work tree stays as it is."""
    assert desk.sh("pwd; git branch --show-current; echo two > base.txt").split() == [
        str(desk.tree),
        f"interlock/mend-{desk.session.id[-8:]}",
    ]
    assert desk.copy.state == ("main", "")
    assert desk.copy.git("branch", "--format=%(refname:short)") == "main"


def test_what_was_not_committed_stays_behind_and_this_is_said(desk: CloneDesk) -> None:
    """The session begins at the last commit."""
    desk.copy.write("base.txt", "changed\n")
    desk.copy.write("new.txt", "new\n")
    assert desk.sh("cat base.txt; ls") == "one\ntwo\nthree\nbase.txt\n"
    ((_, told),) = [event for event in desk.events if event[0] == "workspace"]
    assert f"what is not committed in {desk.copy.folder} is not here" in told["text"]
    assert told["base"] == desk.copy.git("rev-parse", "HEAD")


def test_nothing_is_said_of_a_clean_repository(desk: CloneDesk) -> None:
    """There is nothing that stays behind; and it is said once only where it is."""
    desk.sh("true")
    desk.sh("true")
    ((_, told),) = [event for event in desk.events if event[0] == "workspace"]
    assert "not committed" not in told["text"]


def test_a_session_in_a_directory_of_the_repository_works_there(copy: WorkingCopy) -> None:
    """Its commands and its commits are beneath it."""
    copy.write("docs/page.md", "one\n")
    copy.save("Docs")
    desk = CloneDesk(copy, inside="docs")
    desk.sh("echo two > page.md; echo three > ../base.txt")
    assert desk.call("read_file", path="page.md").output == "two\n"
    assert desk.call("commit", message="Two").data["files"] == ["page.md"]


def test_each_result_has_the_files_before_and_after_it(desk: CloneDesk) -> None:
    """As commits, one after the other; a command that changes nothing has the same twice."""
    first = desk.shell("sh", "-c", "echo 1 > new.txt").data
    second = desk.shell("sh", "-c", "rm base.txt; mkdir d; echo 2 > d/x; exit 3").data
    third = desk.shell("true").data
    assert first["before"] == desk.copy.git("rev-parse", "HEAD")
    assert (first["after"], second["after"]) == (second["before"], third["before"])
    assert third["before"] == third["after"]
    diff = desk.stored("diff", "--name-status", second["before"], second["after"])
    assert diff.splitlines() == ["D\tbase.txt", "A\td/x"]
    assert desk.stored("show", f"{first['after']}:new.txt") == "1"


def test_what_changed_between_two_commands_is_not_the_second_ones(desk: CloneDesk) -> None:
    """A person who edits in the clone makes a commit before the step."""
    first = desk.shell("true").data
    (desk.tree / "base.txt").write_text("mine\n")
    second = desk.shell("true").data
    assert first["after"] != second["before"] == second["after"]


def test_ignored_files_are_in_no_snapshot(desk: CloneDesk) -> None:
    """What git ignores, as a build's output."""
    desk.copy.write(".gitignore", "*.o\n")
    desk.copy.save("Ignore")
    after = desk.shell("sh", "-c", "echo x > a.o; echo x > a.c").data["after"]
    names = desk.stored("ls-tree", "--name-only", after).splitlines()
    assert names == [".gitignore", "a.c", "base.txt"]


def test_a_detached_head_is_where_a_session_can_begin(desk: CloneDesk) -> None:
    """Even at a commit that no branch has."""
    desk.copy.git("switch", "--quiet", "--detach")
    desk.copy.write("lost.txt", "x")
    desk.copy.save("Lost")
    assert desk.sh("cat lost.txt") == "x"
    assert desk.call("commit", message="None").data["files"] == []


def test_a_repository_without_commits_is_told(tmp_path: Path) -> None:
    """With what to do."""
    (tmp_path / "e").mkdir()
    desk = CloneDesk(WorkingCopy(tmp_path / "e", commits=False))
    for _ in range(2):
        result = desk.shell("true")
        assert "nothing was committed yet" in str(result.error)
        assert "commit first" in str(result.error)


def test_a_directory_without_a_repository_is_told(copy: WorkingCopy, tmp_path: Path) -> None:
    """With what to do; so is one that is not there."""
    desk = CloneDesk(copy)
    desk.session = evolve(desk.session, workdir=str(tmp_path / "data"))
    assert "no work directory" in str(desk.shell("true").error)
    (tmp_path / "data").mkdir()
    assert "not in a git repository: run `git init`" in str(desk.shell("true").error)


@pytest.mark.parametrize("taken", ["interlock", "interlock/mend-{short}", "interlock/mend/x"])
def test_branch_names_that_are_taken_are_gone_round(copy: WorkingCopy, taken: str) -> None:
    """The session's branch is another, and can be offered."""
    desk = CloneDesk(copy)
    copy.git("branch", taken.format(short=desk.session.id[-8:]))
    desk.sh("echo 1 > new.txt")
    assert desk.call("commit", message="Ours").data["offered"] == desk.ours.branch


def test_the_repository_may_have_odd_branches(copy: WorkingCopy) -> None:
    """Names that a shell would obey are names."""
    for name in ("$(id)", "`id`", "x;id", "a'b", 'a"b', "ä", "--x".strip("-") + "{y"):
        copy.git("branch", name)
    desk = CloneDesk(copy)
    assert desk.call("branch", name="$(id)").ok
    desk.sh("echo 1 > new.txt")
    assert desk.call("commit", message="Ours").data["offered"] == "$(id)"
    assert desk.call("branch", name="-x").status == "error"
    assert desk.call("branch", name="../x").status == "error"


def test_the_set_up_command_runs_once_before_the_first(copy: WorkingCopy) -> None:
    """What it makes is there already when the first command begins."""
    desk = CloneDesk(copy, environment="clone --setup \"sh -c 'echo x >> made'\"")
    first = desk.shell("cat", "made")
    assert (first.output, first.data["before"]) == ("x\n", first.data["after"])
    assert desk.shell("cat", "made").output == "x\n"


def test_a_set_up_command_that_fails_is_the_result(copy: WorkingCopy) -> None:
    """The command itself does not run; the next time it is tried again."""
    desk = CloneDesk(copy, environment="clone --setup 'sh -c \"test -e go\"'")
    result = desk.shell("touch", "ran")
    assert (result.status, result.error) == ("error", "the set-up command failed: exit code 1")
    assert not (desk.tree / "ran").exists()
    (desk.tree / "go").touch()
    assert desk.shell("touch", "ran").ok


@pytest.mark.parametrize(
    "words",
    [("--setup",), ("--setup", ""), ("--setup", "'"), ("--other",), ("a",), ("--setup", "a", "b")],
)
def test_options_that_are_wrong_are_told(words: tuple[str, ...]) -> None:
    """Before a session is made."""
    with pytest.raises(InvalidInput, match="--setup"):
        Clone().check(words)
    Clone().check(())
    Clone().check(("--setup=make install",))


def test_an_agent_works_in_the_clone(desk: CloneDesk) -> None:
    """A prompt's program has the clone as its directory."""
    desk.session = evolve(desk.session, agent="program sh -c 'echo hello > said'")
    result = desk.do(Prompt("Say it"))
    assert result.ok, result
    assert (desk.tree / "said").read_text() == "hello\n"
    assert result.data["before"] != result.data["after"]


def test_a_push_of_the_clone_leads_nowhere(desk: CloneDesk) -> None:
    """What the repository gets, it gets from the engine."""
    desk.sh("git fetch -q origin; git rev-parse origin/main")
    assert desk.shell("git", "push", "origin", "HEAD:stolen").status == "error"
    assert desk.copy.git("branch", "--format=%(refname:short)") == "main"


def test_no_object_of_the_clone_is_the_repositorys(desk: CloneDesk) -> None:
    """An agent that writes into its own `.git` changes no file of another repository."""
    desk.copy.git("gc", "--quiet")
    loose = desk.copy.git("hash-object", "-w", "base.txt")
    desk.sh(
        "find .git -type f -exec chmod u+w {} +; "
        "find .git/objects -type f -exec sh -c 'for f; do echo x > \"$f\"; done' sh {} +"
    )
    assert not (desk.tree / ".git/objects/info/alternates").exists()
    desk.copy.git("fsck", "--strict")
    assert desk.copy.git("cat-file", "-t", loose) == "blob"
    assert desk.shell("true").ok
    assert desk.call("commit", message="Still").ok


def test_locks_of_a_git_that_was_killed_are_not_in_the_way(desk: CloneDesk) -> None:
    """Nobody else is at work in the engine's repository."""
    desk.sh("true")
    for name in ("index.lock", "snapshot-index.lock"):
        (desk.ours.store / name).touch()
    desk.sh("echo 1 > new.txt")
    assert desk.call("commit", message="Ours").data["files"] == ["new.txt"]


def test_a_record_that_is_broken_is_told(desk: CloneDesk) -> None:
    """It is not taken for a workspace that is not there yet."""
    desk.sh("echo work > new.txt")
    record = Path(desk.ours.folder, "workspace.json")
    record.write_text("{")
    assert "workspace.json cannot be read" in str(desk.shell("true").error)
    record.write_text(json.dumps({"kind": "clone"}))
    assert "workspace.json cannot be read" in str(desk.shell("true").error)


def test_a_session_id_is_no_path() -> None:
    """It names a folder, whoever made it up."""
    for name in ("", "..", "a/b", "/a", "a\0", "." * 3, "a" * 65):
        with pytest.raises(Refusal, match="cannot be the name"):
            workspace.place(name)


def test_many_sessions_work_in_clones_of_one_repository_at_once(copy: WorkingCopy) -> None:
    """Eight of them, each with an agent: each has its own files, and each branch is offered."""
    clone = Clone()
    first = CloneDesk(copy).session
    program = "program sh -c 'for n in 1 2 3; do echo {}-$n >> work.txt; git status -s; done'"
    commands: tuple[Command, ...] = (
        Prompt("Work"),
        Shell(("test", "-s", "work.txt")),
        Call("commit", {"message": "W"}),
    )
    told = [
        evolve(first, id=str(uuid.uuid4()), agent=program.format(number)) for number in range(8)
    ]

    def work(number: int) -> list[Result]:
        return [
            clone.execute(
                told[number],
                Interaction(seq=seq, step="work", attempt=1, command=command),
                emit=lambda kind, data: None,
                stop=threading.Event(),
            )
            for seq, command in enumerate(commands)
        ]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(8)))
    assert [result.error for each in results for result in each] == [None] * 24
    for number, each in enumerate(results):
        branch = each[-1].data["offered"]
        said = copy.git("show", f"{branch}:work.txt").splitlines()
        assert said == [f"{number}-{n}" for n in (1, 2, 3)]
    copy.git("fsck", "--strict")
    assert copy.state == ("main", "")


def test_a_clone_that_is_gone_is_told(desk: CloneDesk) -> None:
    """No other is made in its place: that would look like work undone."""
    desk.sh("true")
    shutil.rmtree(desk.tree)
    result = desk.shell("true")
    assert (result.status, "is gone" in str(result.error)) == ("error", True)


def test_a_command_that_takes_its_clone_away_has_its_result(desk: CloneDesk) -> None:
    """Only the files after it cannot be told."""
    result = desk.shell("sh", "-c", 'echo said; rm -rf "$PWD"')
    assert (result.status, result.output) == ("ok", "said\n")
    assert "after" not in result.data
    assert "is gone" in result.data["unseen"]


def test_a_repository_that_runs_a_filter_of_its_own_is_refused(copy: WorkingCopy) -> None:
    """The clone would not have it, and other content then."""
    copy.git("config", "filter.odd.clean", "cat")
    told = CloneDesk(copy).shell("true")
    assert "filter.odd.clean" in str(told.error)
    assert "git config --global" in str(told.error)
