"""A merge in the user's repository whose engine was killed is taken back; a person's never is."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from interlock.environments.git import Git
from interlock.environments.process import Finished
from interlock.environments.repository import branch, commit, diff, merge
from interlock.environments.results import Refusal
from tests.environments.test_git import Trap
from tests.environments.working_copy import WorkingCopy


@pytest.fixture
def copy(tmp_path: Path) -> WorkingCopy:
    """A repository whose branches main and side are in conflict; it is on main."""
    copy = WorkingCopy(tmp_path)
    copy.git("switch", "--quiet", "--create", "side")
    copy.write("base.txt", "side\n")
    copy.write("side.txt", "side\n")
    copy.save("Side")
    copy.git("switch", "--quiet", "main")
    copy.write("base.txt", "main\n")
    copy.write("gone.txt", "main\n")
    copy.save("Main")
    return copy


class Dying(Git):
    """Its engine is killed when git has come to a conflict."""

    def ask(self, *arguments: str, stdin: str | None = None) -> Finished:
        """How it ended, and what it did is done."""
        done = super().ask(*arguments, stdin=stdin)
        if arguments[0] == "merge":
            raise KeyboardInterrupt
        return done


def kill_a_merge(copy: WorkingCopy) -> None:
    """What a merge of side into main leaves whose engine was killed."""
    dying = Dying(copy.folder, source=copy.source, tag="dying", stop=copy.stop, timeout=None)
    with pytest.raises(KeyboardInterrupt):
        merge(dying, "side", "main")
    assert "<<<<" in copy.read("base.txt")
    assert copy.git("rev-parse", "MERGE_HEAD") == copy.git("rev-parse", "side")


CALLS: list[Callable[[Git], object]] = [
    lambda git: diff(git, "side"),
    lambda git: branch(git, "other"),
    lambda git: commit(git, "Words"),
    lambda git: merge(git, "main", "main"),
]


@pytest.mark.parametrize("call", CALLS)
def test_the_next_call_takes_it_back(copy: WorkingCopy, call: Callable[[Git], object]) -> None:
    """Whatever it is; what the user made beside it meanwhile stays."""
    kill_a_merge(copy)
    copy.write("new.txt", "mine\n")
    call(copy.at())
    assert copy.read("base.txt") == "main\n"
    assert copy.read("new.txt") == "mine\n"
    assert not (copy.folder / ".git/MERGE_HEAD").exists()
    assert not (copy.folder / ".git/interlock-merge").exists()


def test_the_same_merge_can_be_tried_again(copy: WorkingCopy) -> None:
    """It says what is in conflict, and once that is mended it is made."""
    kill_a_merge(copy)
    with pytest.raises(Refusal, match=r"conflicts in base\.txt; all is as it was before"):
        merge(copy.at(), "side", "main")
    assert copy.state == ("main", "")
    copy.write("base.txt", "side\n")
    copy.save("Mended")
    assert merge(copy.at(), "side", "main").data["merged"]
    assert not (copy.folder / ".git/interlock-merge").exists()


def merge_by_hand(copy: WorkingCopy, *words: str) -> None:
    """A person comes to the same conflict."""
    with pytest.raises(CalledProcessError):
        copy.git("merge", *words, "side")


def refused(copy: WorkingCopy) -> None:
    """What is not finished is the person's, and stays as it is."""
    before = (copy.read("base.txt"), copy.git("status", "--porcelain"))
    for call in CALLS:
        with pytest.raises(Refusal, match="a merge is not finished here: finish or abort it"):
            call(copy.at())
    assert (copy.read("base.txt"), copy.git("status", "--porcelain")) == before


@pytest.mark.parametrize("words", [(), ("--no-ff",), ("-m", "Mine"), ("--no-ff", "-m", "Mine")])
def test_a_persons_own_merge_is_left_alone(copy: WorkingCopy, words: tuple[str, ...]) -> None:
    """Also where a killed one was before it, and they aborted that."""
    kill_a_merge(copy)
    copy.git("merge", "--abort")
    merge_by_hand(copy, *words)
    refused(copy)


def test_one_of_other_commits_is_left_alone(copy: WorkingCopy) -> None:
    """The branch has gone on since."""
    kill_a_merge(copy)
    copy.git("merge", "--abort")
    copy.git("commit", "--allow-empty", "-qm", "On")
    merge_by_hand(copy, "--no-ff", "-m", "Merge branch 'side' into main")
    refused(copy)


def test_one_that_a_person_has_begun_to_resolve_is_left_alone(copy: WorkingCopy) -> None:
    """Their work in it would be lost."""
    kill_a_merge(copy)
    copy.write("base.txt", "half of it\n")
    refused(copy)


def test_nothing_of_the_repository_runs_for_it(copy: WorkingCopy, tmp_path: Path) -> None:
    """A filter that came in between is refused first."""
    kill_a_merge(copy)
    trap = Trap(tmp_path)
    copy.git("config", "filter.odd.clean", str(trap.program))
    copy.write(".gitattributes", "* filter=odd\n")
    with pytest.raises(Refusal, match=r"filter\.odd\.clean"):
        diff(copy.at())
    assert trap.sprung == ""


def test_a_note_that_became_a_link_is_not_written_through(
    copy: WorkingCopy, tmp_path: Path
) -> None:
    """Neither it nor the new one."""
    (tmp_path / "mine").write_text("mine\n")
    for name in ("interlock-merge", "interlock-merge.new"):
        (copy.folder / ".git" / name).symlink_to(tmp_path / "mine")
    kill_a_merge(copy)
    assert (tmp_path / "mine").read_text() == "mine\n"
