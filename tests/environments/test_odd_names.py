"""Branches and files of any name are only names, in the clone and in the user's repository."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from interlock.environments import git
from interlock.environments.process import Finished
from tests.environments.clone_desk import CloneDesk, enter_machine
from tests.environments.working_copy import WorkingCopy

CANARY = "canary"
SHELL = ("$(touch${IFS}canary)", "`touch${IFS}canary`", ";touch${IFS}canary")
ODD = (
    *SHELL,
    *("$(touch canary)", "`touch canary`", "x;touch canary", "x&&touch canary", "x|touch canary"),
    *("a'b", 'a"b', "a b", "a\tb", "a\nb", "ä", "\u202egnp.exe", "\u200b", "😀", "%s%n", "{0}"),
    *("-x", "--upload-pack=touch canary", "--exec=touch canary", "-c", "--", "-", "@", "@{-1}"),
    *("HEAD", "FETCH_HEAD", "refs/heads/x", "main..x", "x^", "x~1", "x:y", "x*", "x?", "x[", "\\"),
    *("../x", "a/../b", "/etc/x", "a//b", ".x", "x.", "x.lock", "a/.b", "~/x", "con", "x" * 300),
    *("ext::touch canary", "!touch canary", "#x", "(x)", "<x>", "$HOME", "${IFS}x", "x\x7f"),
)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CloneDesk:
    """A session whose clone is there. Its git is started directly: that costs a tenth."""
    copy = WorkingCopy(tmp_path)
    enter_machine(copy, tmp_path / "data", monkeypatch)
    desk = CloneDesk(copy)
    desk.sh("true")

    def run_process(
        argv: tuple[str, ...], *, cwd: Path, env: Mapping[str, str], stdin: bytes | None, **_: Any
    ) -> Finished:
        if any("\0" in word for word in argv):
            return Finished(error="NUL")
        done = subprocess.run(argv, cwd=cwd, env=dict(env), input=stdin or b"", capture_output=True)
        out, err = (text.decode(errors="backslashreplace") for text in (done.stdout, done.stderr))
        return Finished(code=done.returncode, stdout=out, stderr=err)

    monkeypatch.setattr(git, "run_process", run_process)
    monkeypatch.chdir(tmp_path)
    return desk


def test_a_branch_of_any_name_is_made_and_offered_or_refused(
    desk: CloneDesk, tmp_path: Path
) -> None:
    """Nothing is run, nothing is written elsewhere, and what was made is there by its name."""
    made = []
    for number, name in enumerate(ODD):
        (desk.tree / "base.txt").write_text(f"{number}\n")
        result = desk.call("commit", message="Odd", branch=name)
        if result.ok:
            assert result.data["offered"] == name, result
            made.append(name)
        else:
            assert result.error
            assert "\n" not in result.error
    assert set(made) >= {*SHELL, "a'b", "ä", "😀", "%s%n", "$HOME"}
    assert set(made).isdisjoint(
        ("-x", "--", "@{-1}", "../x", "x.lock", "a b", "main..x", "x" * 300)
    )
    heads = desk.copy.git("for-each-ref", "--format=%(refname)", "refs/heads").splitlines()
    assert {f"refs/heads/{name}" for name in made} <= set(heads)
    assert len(heads) == len(made) + 1
    assert list(tmp_path.rglob(CANARY)) == []
    assert desk.copy.state == ("main", "")


def test_files_of_any_name_are_committed_and_merged(desk: CloneDesk, tmp_path: Path) -> None:
    """Those that a file system can have."""
    names = [name for name in ODD if "/" not in name and len(name) < 200]
    for name in names:
        (desk.tree / name).write_text("x\n")
    assert desk.call("commit", message="Odd").ok
    merged = desk.call("merge", branch=desk.ours.branch, into="main")
    assert merged.ok, merged
    assert {path.name for path in desk.copy.folder.iterdir()} == {*names, "base.txt", ".git"}
    assert list(tmp_path.rglob(CANARY)) == []


def test_a_hard_link_to_a_file_outside_is_not_written_through(
    desk: CloneDesk, tmp_path: Path
) -> None:
    """git makes a new file where it changes one."""
    outside = tmp_path / "outside"
    outside.write_text("secret\n")
    (desk.tree / "base.txt").unlink()
    (desk.tree / "base.txt").hardlink_to(outside)
    assert desk.call("commit", message="Link", branch="topic").ok
    assert desk.call("branch", name="main").ok
    assert (desk.tree / "base.txt").read_text() == "one\ntwo\nthree\n"
    assert outside.read_text() == "secret\n"
