"""A session's work handed over: as a branch, as a patch, as a pull request."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.desk import Desk
from tests.environments.test_git import HOOKS, Trap
from tests.environments.working_copy import WorkingCopy

TASK = ("-i", "task=Say hello\nto all of them", "-i", "evaluate=test -s work.txt")
AGENT = "program sh -c 'echo one > work.txt; rm base.txt'"
URL = "https://github.com/me/it/pull/1"

GH = """#!{python}
import json, os, subprocess, sys
told = {{"argv": sys.argv[1:], "stdin": sys.stdin.read(), "cwd": os.getcwd(),
        "token": os.environ.get("GH_TOKEN"), "canary": os.environ.get("CANARY")}}
open({record!r}, "w").write(json.dumps(told))
subprocess.run(["git", "status", "--porcelain"], capture_output=True)
answer = open({answer!r}).read().split("|")
print(answer[1], file=sys.stderr if answer[0] != "0" else sys.stdout)
sys.exit(int(answer[0]))
"""


class GitHub:
    """A remote repository, and a `gh` that keeps what it is asked."""

    def __init__(self, copy: WorkingCopy, folder: Path, desk: Desk, python: str) -> None:
        self.remote = folder / "remote.git"
        self.record, self.answer_file = folder / "asked.json", folder / "answer"
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.answer("0", URL)
        text = GH.format(python=python, record=str(self.record), answer=str(self.answer_file))
        (self.programs / "gh").write_text(text)
        (self.programs / "gh").chmod(0o755)
        copy.git("init", "--quiet", "--bare", str(self.remote))
        copy.git("remote", "add", "origin", str(self.remote))
        desk.set("PATH", f"{self.programs}:{os.environ['PATH']}")
        desk.set("GH_TOKEN", "token-of-the-user")
        desk.set("CANARY", "nobody's business")

    def answer(self, code: str, words: str) -> None:
        """How it ends from now on."""
        self.answer_file.write_text(f"{code}|{words}")

    @property
    def asked(self) -> dict[str, object]:
        """What it was asked last; empty when it never was."""
        return dict(json.loads(self.record.read_text())) if self.record.exists() else {}


@pytest.fixture
def copy(desk: Desk, tmp_path: Path) -> WorkingCopy:
    """The user's repository, which is where they stand."""
    (tmp_path / "user").mkdir()
    copy = WorkingCopy(tmp_path / "user")
    for name, value in copy.source.items():
        desk.set(name, value)
    desk.enter(copy.folder)
    return copy


@pytest.fixture
def hub(desk: Desk, copy: WorkingCopy, tmp_path: Path) -> GitHub:
    """Where pull requests go."""
    return GitHub(copy, tmp_path, desk, "/usr/bin/env python3")


@pytest.fixture
def made(desk: Desk, copy: WorkingCopy) -> str:
    """A session that an agent worked in, in a clone; nothing of it is committed."""
    told = desk("run", "agent_task", *TASK, "--agent", AGENT, "--environment", "clone")
    assert told.status == 0, told
    return str(desk.json("show")["id"])


def branch(made: str) -> str:
    """The session's branch."""
    return f"interlock/agent_task-{made[-8:]}"


def test_the_work_becomes_a_branch(desk: Desk, copy: WorkingCopy, made: str) -> None:
    """With a commit of the user; their own branch and files stay. Once or often is the same."""
    told = desk.json("offer")
    assert (told["branch"], told["repository"]) == (branch(made), str(copy.folder))
    assert told["files"] == ["base.txt", "work.txt"]
    log = copy.git("log", "--format=%s|%an", branch(made)).splitlines()
    assert log == ["Say hello to all of them|Ada", "Begin|Eve"]
    assert copy.git("rev-parse", branch(made)) == told["commit"]
    assert copy.state == ("main", "")
    again = desk.json("offer", made)
    assert (again["commit"], again["files"]) == (told["commit"], [])
    assert f"has it as branch {branch(made)}" in desk("offer").out
    assert desk.json("workspaces", "sweep", "--yes")["kept"] == []


def test_what_cannot_be_offered_is_told(desk: Desk, copy: WorkingCopy) -> None:
    """A session without files of its own, one that changed nothing, words that are none."""
    desk("run", "greet")
    told = desk("offer")
    assert (told.status, told.err.count("\n")) == (4, 1)
    assert "has no files of its own" in told.err
    words = ("-i", "task=x", "-i", "evaluate=true", "--agent", "program true")
    desk("run", "agent_task", *words, "--environment", "clone")
    for command in ("offer", "pull-request"):
        told = desk(command)
        assert told.status == 4
    assert "has changed nothing yet" in desk("offer").err
    assert copy.git("branch", "--format=%(refname:short)") == "main"
    for bad in ("", "  ", "\udcff"):
        assert desk("offer", "--message", bad).status == 2


def test_a_branch_that_went_another_way_is_told(desk: Desk, copy: WorkingCopy, made: str) -> None:
    """The user's own work on it is never moved aside."""
    assert desk("offer").status == 0
    copy.git("switch", "--quiet", "--force-create", branch(made), "main")
    copy.write("mine.txt", "mine")
    copy.save("Mine")
    copy.git("switch", "--quiet", "main")
    told = desk("offer")
    assert (told.status, "could not take it" in told.err) == (4, True)
    assert copy.git("log", "-1", "--format=%s", branch(made)) == "Mine"


def test_a_session_that_runs_is_left_alone(desk: Desk, made: str) -> None:
    """Its files change meanwhile."""
    desk("reopen", made)
    desk.change(
        "UPDATE session SET lease_owner = 'elsewhere:1:0.0:x', "
        "lease_until = '9999-01-01T00:00:00.000000Z'"
    )
    for command in ("offer", "pull-request"):
        told = desk(command, made)
        assert (told.status, "is being run now" in told.err) == (4, True), told


def test_the_patch_is_one_that_git_takes(
    desk: Desk, copy: WorkingCopy, made: str, tmp_path: Path
) -> None:
    """As changes, or as a commit of the user with what it is about."""
    file = tmp_path / "change.patch"
    assert desk("diff", made, "--patch", str(file)).status == 0
    for how in ("apply", "am"):
        copy.git(how, str(file))
        assert copy.read("work.txt") == "one\n"
        assert not (copy.folder / "base.txt").exists()
        if how == "apply":
            copy.git("checkout", "--quiet", "--", ".")
            (copy.folder / "work.txt").unlink()
    told = copy.git("log", "-1", "--format=%s|%an|%ae")
    assert told == "Say hello to all of them|Ada|ada@example.org"


def test_a_patch_does_not_hang_on_what_the_user_likes(
    desk: Desk, copy: WorkingCopy, made: str, tmp_path: Path
) -> None:
    """Their settings for reading patches make none that git would not take; a place that cannot be
    written is told."""
    for setting, value in (
        ("diff.noprefix", "true"),
        ("diff.external", "false"),
        ("format.attach", "x"),
        ("format.coverLetter", "true"),
        ("color.ui", "always"),
    ):
        copy.git("config", "--global", setting, value)
    file = tmp_path / "change.patch"
    assert desk("diff", "--patch", str(file)).status == 0
    copy.git("apply", str(file))
    told = desk("diff", "--patch", str(tmp_path / "none" / "x"))
    assert (told.status, told.err.count("\n")) == (2, 1)


def test_a_pull_request_is_pushed_and_opened(desk: Desk, made: str, hub: GitHub) -> None:
    """The branch is at the remote, and gh is asked in the repository, with the text on its
    standard input."""
    told = desk.json("pull-request", made, "--base", "main", "--draft")
    assert (told["url"], told["branch"], told["remote"]) == (URL, branch(made), "origin")
    pushed = subprocess.run(
        ["git", "rev-parse", branch(made)], cwd=hub.remote, capture_output=True, text=True
    )
    assert pushed.stdout == f"{told['commit']}\n"
    assert hub.asked["argv"] == [
        *("pr", "create", f"--head={branch(made)}", "--title=Say hello to all of them"),
        *("--body-file=-", "--base=main", "--draft"),
    ]
    body = str(hub.asked["stdin"])
    assert body.startswith("Say hello\nto all of them\n\n")
    assert f"The session `agent_task` {made}, by the agent program, is complete: 2" in body
    assert hub.asked["token"] == "token-of-the-user"  # noqa: S105
    assert hub.asked["canary"] is None
    assert desk("pull-request", made).out == f"{URL}\n"


def test_a_dry_run_does_nothing(desk: Desk, copy: WorkingCopy, made: str, hub: GitHub) -> None:
    """It says all that it would."""
    told = desk("pull-request", "--dry-run", "--title", "-x; $(touch /tmp/x)")
    assert f"would push {branch(made)} to origin" in told.out
    assert "-x; $(touch /tmp/x)" in told.out
    assert hub.asked == {}
    assert copy.git("branch", "--format=%(refname:short)") == "main"
    assert list((hub.remote / "refs/heads").iterdir()) == []
    assert desk.json("pull-request", "--dry-run")["url"] is None


def test_words_that_look_like_options_are_words(desk: Desk, made: str, hub: GitHub) -> None:
    """No shell and no parser takes them for anything else."""
    title = "--repo=evil/evil $(touch pwned) `id` ; rm -rf /"
    assert desk("pull-request", "--title", title, "--base", "-x").status == 0
    argv = hub.asked["argv"]
    assert isinstance(argv, list)
    assert argv[3] == f"--title={title}"
    assert argv[5] == "--base=-x"
    assert not Path("pwned").exists()


def test_a_branch_that_begins_with_a_dash_is_harmless(
    desk: Desk, copy: WorkingCopy, made: str, hub: GitHub
) -> None:
    """An agent cannot make one by name, but the files of a repository are only files."""
    tree = Path(desk.json("workspaces", "list")[0]["tree"])
    store = tree.with_name("objects.git")
    (store / "refs/heads/--mirror").write_bytes((store / "refs/heads" / branch(made)).read_bytes())
    (store / "HEAD").write_text("ref: refs/heads/--mirror\n")
    told = desk("pull-request")
    assert "Traceback" not in told.err
    if told.status == 0:
        assert hub.asked["argv"][2] == "--head=--mirror"  # type: ignore[index]
    names = copy.git("ls-remote", "--heads", "origin").split()[1::2]
    assert set(names) <= {"refs/heads/--mirror"}


def test_no_hook_of_the_repository_runs(
    desk: Desk, copy: WorkingCopy, made: str, hub: GitHub, tmp_path: Path
) -> None:
    """Neither for the push nor for the git that gh runs."""
    trap = Trap(tmp_path)
    for hook in (*HOOKS, "pre-push"):
        (copy.folder / ".git/hooks" / hook).unlink(missing_ok=True)
        (copy.folder / ".git/hooks" / hook).symlink_to(trap.program)
    copy.git("config", "core.fsmonitor", str(trap.program))
    assert desk("pull-request").status == 0
    assert trap.sprung == ""
    copy.git("push", "--quiet", "origin", "main")
    assert trap.sprung, "a person's git runs them, so the trap does not work"


PROGRAMS = (
    *("core.sshCommand", "core.askPass", "core.gitProxy", "credential.helper"),
    *("credential.https://github.com.helper", "remote.origin.receivepack", "remote.origin.vcs"),
)


def test_a_program_that_the_repository_names_is_refused(
    desk: Desk, copy: WorkingCopy, made: str, hub: GitHub, tmp_path: Path
) -> None:
    """A push would run it; one of the user's own configuration may."""
    trap = Trap(tmp_path)
    for setting in PROGRAMS:
        copy.git("config", setting, str(trap.program))
        told = desk("pull-request")
        assert (told.status, told.err.count("\n")) == (4, 1)
        assert f"runs a program for a push ({setting.lower()})" in told.err
        copy.git("config", "--unset", setting)
    assert (trap.sprung, hub.asked) == ("", {})


def test_a_remote_that_names_a_program_is_refused(
    desk: Desk, copy: WorkingCopy, made: str, hub: GitHub, tmp_path: Path
) -> None:
    """As the protocol ext does."""
    trap = Trap(tmp_path)
    copy.git("config", "protocol.ext.allow", "always")
    copy.git("remote", "set-url", "origin", f"ext::{trap.program}")
    told = desk("pull-request")
    assert (told.status, trap.sprung) == (4, "")
    assert "not allowed" in told.err


FAULTS = [
    ("4", "To get started, please run: gh auth login", "run `gh auth login`"),
    ("1", "a pull request for branch x already exists", "gh: a pull request for branch x already"),
]


def test_what_gh_refuses_is_told(desk: Desk, made: str, hub: GitHub) -> None:
    """In one line; it can be done again."""
    for code, words, said in FAULTS:
        hub.answer(code, words)
        told = desk("pull-request")
        assert (told.status, told.err.count("\n"), told.out) == (4, 1, "")
        assert said in told.err
    hub.answer("0", URL)
    assert desk("pull-request").out == f"{URL}\n"


def test_without_gh_nothing_is_pushed(
    desk: Desk, copy: WorkingCopy, made: str, hub: GitHub
) -> None:
    """It says what to install, and what can be done without it."""
    (hub.programs / "gh").unlink()
    desk.set("PATH", f"{hub.programs}:/usr/bin:/bin")
    told = desk("pull-request")
    assert (told.status, told.err.count("\n")) == (4, 1)
    assert "gh was not found" in told.err
    assert "interlock offer" in told.err
    assert list((hub.remote / "refs/heads").iterdir()) == []


def test_remotes_are_chosen_or_told(desk: Desk, copy: WorkingCopy, made: str, hub: GitHub) -> None:
    """origin, or the only one, or the one that is named; never a guess."""
    assert "has no remote --all: it has origin" in desk("pull-request", "--remote", "--all").err
    copy.git("remote", "rename", "origin", "mine")
    assert desk.json("pull-request", "--dry-run")["remote"] == "mine"
    copy.git("remote", "add", "yours", str(hub.remote))
    assert "--remote says which: mine, yours" in desk("pull-request").err
    assert desk.json("pull-request", "--dry-run", "--remote", "yours")["remote"] == "yours"
    for name in ("mine", "yours"):
        copy.git("remote", "remove", name)
    told = desk("pull-request")
    assert (told.status, "git remote add origin URL" in told.err) == (4, True)


def test_a_remote_that_has_gone_on_is_told(
    desk: Desk, copy: WorkingCopy, made: str, hub: GitHub
) -> None:
    """Nothing there is moved aside."""
    copy.git("push", "--quiet", "origin", f"main:refs/heads/{branch(made)}")
    copy.git("commit", "--allow-empty", "-qm", "Elsewhere")
    copy.git("push", "--quiet", "origin", f"main:refs/heads/{branch(made)}")
    told = desk("pull-request")
    assert told.status == 4
    assert "git push: " in told.err
    assert hub.asked == {}


def test_a_change_goes_where_its_input_says(desk: Desk, copy: WorkingCopy, hub: GitHub) -> None:
    """Instead of the merge, while it waits at its gate; the session goes on afterwards."""
    words = ("-i", "change=Say hello", "-i", "test=true", "-i", "into=next")
    agent = "program sh -c 'test $INTERLOCK_STEP = plan || echo one > work.txt; echo A plan'"
    desk("run", "change", *words, "--agent", agent, "--environment", "clone")
    desk("answer", "approve")
    assert desk("run").status == 5
    told = desk.json("pull-request")
    assert (told["base"], told["branch"]) == ("next", "change-say-hello")
    assert copy.git("show", "change-say-hello:work.txt") == "one"
    assert desk("pull-request", "--base", "change-say-hello").status == 2
    assert desk("answer", "reject").status == 0


def test_a_stranger_offers_nothing(desk: Desk, copy: WorkingCopy, made: str, hub: GitHub) -> None:
    """A session of another account is one that there is not."""
    for command in ("offer", "pull-request"):
        told = desk("--account", "other", command, made)
        assert (told.status, told.out) == (3, "")
    assert copy.git("branch", "--format=%(refname:short)") == "main"
