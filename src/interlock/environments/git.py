"""git by argv, with nothing that starts a program the repository brought along.

A repository's own configuration can name programs for git to run: hooks, monitors, editors,
filters. Hooks and the like are switched off in each call. Filters and merge drivers cannot be
switched off without writing wrong content, so a repository that brings its own is refused; those
of the user's or the machine's configuration run.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event

from attrs import frozen

from interlock.environments import merge_mark
from interlock.environments.environ import build_environment
from interlock.environments.git_settings import ALLOW, OFF, QUIET
from interlock.environments.plumbing import Plumbing
from interlock.environments.process import Finished, run_process
from interlock.environments.results import Refusal
from interlock.environments.staging import stage

KEEP = 16 * 1024 * 1024  # bytes of output; a list of names longer than that is refused

COMMIT = ("commit", "--quiet", "--no-status", "--cleanup=whitespace", "--file=-")
NAMES = (
    *("--name-only", "--no-ext-diff", "--no-textconv", "--no-renames"),
    "--ignore-submodules=dirty",
)
PROGRAMS = r"^(user\.(name|email)|filter\..*\.(clean|smudge|process)|merge\..*\.driver)$"
FALLBACK = {"user.name": "Interlock", "user.email": "interlock@localhost"}

UNFINISHED = {
    "MERGE_HEAD": "a merge",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
}


@frozen
class Head:
    """Where a repository stands."""

    branch: str | None
    """None when HEAD is detached."""
    commit: str | None
    """None when nothing was committed yet."""
    changed: bool
    """True when a tracked file differs from the commit."""


class Git:
    """Runs git in a work directory. All its calls together may take `timeout` seconds."""

    def __init__(
        self,
        workdir: Path,
        *,
        source: Mapping[str, str],
        tag: str,
        stop: Event,
        timeout: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.workdir = workdir
        self.left_out: list[str] = []
        """What the last staging could not take in."""
        self._source = source
        self._top = ""
        self.folder = Path()
        """git's own, once `look` has found it."""
        self._env = build_environment(OFF, allow=ALLOW, source=source)
        self._tag = tag
        self._stop = stop
        self._clock = clock
        self._deadline = None if timeout is None else clock() + timeout
        self._identity: tuple[str, ...] = ()

    def ask(self, *arguments: str, stdin: str | None = None) -> Finished:
        """How `git ARGUMENTS` ended. Raises Refusal if it had no end of its own."""
        settings = (word for line in (*QUIET, *self._identity) for word in ("-c", line))
        left = None if self._deadline is None else max(0.0, self._deadline - self._clock())
        finished = run_process(
            ("git", "--no-pager", *settings, *arguments),
            cwd=self.workdir,
            env=self._env,
            stdin=None if stdin is None else stdin.encode(),
            timeout=left,
            emit=lambda stream, text: None,
            stop=self._stop,
            keep=KEEP,
            tag=self._tag,
        )
        if finished.error is not None:
            raise Refusal(f"git {arguments[0]}: {finished.error}", finished)
        return finished

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """What `git ARGUMENTS` printed. Raises Refusal with git's words if it failed."""
        finished = self.ask(*arguments, stdin=stdin)
        if finished.code != 0:
            raise Refusal(f"git {arguments[0]}: {explain(finished)}", finished)
        return finished.stdout

    def names(self, *arguments: str) -> list[str]:
        """The names that `git ARGUMENTS` printed, one a line."""
        finished = self.ask(*arguments)
        if finished.code != 0 or finished.truncated_bytes:
            why = "too many names" if finished.truncated_bytes else explain(finished)
            raise Refusal(f"git {arguments[0]}: {why}", finished)
        return [_unquote(line) for line in finished.stdout.split("\n") if line]

    def stage(self) -> None:
        """The index is as the files beneath the work directory. Raises Refusal."""
        self.left_out[:] = stage(self.plumbing())[1]

    def plumbing(self) -> Plumbing:
        """What stages here, on the same index."""
        index = self._env.get("GIT_INDEX_FILE")
        return Plumbing(
            self.workdir,
            index=None if index is None else Path(index),
            trusting=True,
            source=self._source,
        )

    def save(self, message: str) -> None:
        """What is staged beneath the work directory is committed. Raises Refusal."""
        others = ("--", ":/", ":(exclude).")
        look = ("diff", "--cached", "--quiet", "--no-ext-diff", "--no-textconv")
        if self._top == str(self.workdir) or self.ask(*look, *others).code == 0:
            self.run(*COMMIT, stdin=message)
            return
        # What the user has staged elsewhere stays staged. Naming what to commit would have git
        # read the files once more, also those that were left out.
        with tempfile.TemporaryDirectory(prefix="interlock-") as folder:
            apart = self.with_index(Path(folder, "index"))
            apart.run("reset", "--quiet", *others)
            apart.run(*COMMIT, stdin=message)

    def with_index(self, index: Path) -> Git:
        """The same git on this copy of the index, which is made now."""
        current = self.workdir / self.run("rev-parse", "--git-path", "index").rstrip("\n")
        if current.exists():
            shutil.copyfile(current, index)
        apart = copy.copy(self)
        apart._env = {**self._env, "GIT_INDEX_FILE": str(index)}
        return apart

    def look(self) -> Head:
        """Where the repository stands. Raises Refusal when nothing can be done in it."""
        self._check_place()
        self._check_programs()
        self._check_finished()
        status = self.run(
            *("status", "--porcelain=v2", "--branch", "--untracked-files=no"),
            *("--ignore-submodules=dirty", "--no-renames"),
        ).splitlines()
        if any(line.startswith("u ") for line in status):
            raise Refusal("files are in conflict: resolve them and `git add` them first")
        facts = dict(line[2:].split(" ", 1) for line in status if line.startswith("# "))
        branch, commit = facts["branch.head"], facts["branch.oid"]
        return Head(
            branch=None if branch == "(detached)" else branch,
            commit=None if commit == "(initial)" else commit,
            changed=any(line.startswith(("1 ", "2 ")) for line in status),
        )

    def _check_place(self) -> None:
        wanted = ("--is-inside-work-tree", "--show-toplevel", "--absolute-git-dir")
        place = self.ask("rev-parse", *wanted)
        lines = place.stdout.splitlines()
        if place.code != 0 or len(lines) != 3 or lines[0] != "true":
            if "not a git repository" in place.stderr:
                raise Refusal(
                    f"{self.workdir} is not in a git repository: run `git init` there first", place
                )
            raise Refusal(f"{self.workdir} is no work tree of git: {explain(place)}", place)
        self._top, self.folder = lines[1], Path(lines[2])
        # The repository's own configuration can put its work tree anywhere, as with core.worktree.
        if not Path(lines[1], ".git").exists():
            raise Refusal(f"the work tree is set to {lines[1]}: unset core.worktree")

    def _check_finished(self) -> None:
        for name, what in UNFINISHED.items():
            if (self.folder / name).exists() and not self._end_own_merge():
                raise Refusal(f"{what} is not finished here: finish or abort it first")
        merge_mark.remove(self.folder)

    def _end_own_merge(self) -> bool:
        """Whether what is not finished was a merge of a killed engine, which is taken back now."""
        if merge_mark.read(self.folder) is None:
            return False
        head = self.run("rev-parse", "HEAD").strip()
        changed = self.names("diff", "HEAD", *NAMES)
        paths = [Path(self._top, name) for name in changed]
        if not merge_mark.is_left(self.folder, head, paths):
            return False
        self.run("merge", "--abort")
        return not (self.folder / "MERGE_HEAD").exists()

    def _check_programs(self) -> None:
        found = self.ask("config", "--show-scope", "--name-only", "--get-regexp", PROGRAMS)
        names = [line.split("\t", 1) for line in found.stdout.splitlines()]
        for scope, name in names:
            if scope in ("local", "worktree") and not name.startswith("user."):
                raise Refusal(
                    f"the repository's own configuration runs a program ({name}): if you trust it, "
                    f"move it to your own with `git config --global`, then "
                    f"`git config --unset-all {name}`"
                )
        known = {name for _, name in names}
        self._identity = tuple(f"{key}={FALLBACK[key]}" for key in FALLBACK if key not in known)


def explain(finished: Finished) -> str:
    """Why git failed, in its own words on one line."""
    lines = [line.strip() for line in finished.stderr.splitlines() if line.strip()]
    words = [line for line in lines if not line.startswith("hint:")]
    return " ".join(words)[:1000] or f"exit code {finished.code}"


def _unquote(name: str) -> str:
    if not name.startswith('"'):
        return name
    raw = name[1:-1].encode("ascii").decode("unicode_escape").encode("latin-1")
    return raw.decode(errors="backslashreplace")
