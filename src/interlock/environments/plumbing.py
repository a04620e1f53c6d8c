"""git on a repository that the engine owns, with a work tree that it does not trust.

The repository is named by GIT_DIR, so a `.git` in the work tree is never read: its configuration,
hooks and filters are those of nobody. These calls start no other program, so they go without
a supervisor: a call costs milliseconds.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from interlock.environments.environ import build_environment
from interlock.environments.git_settings import ALLOW, OFF, QUIET
from interlock.environments.results import Refusal

SECONDS = 300.0  # one call; a clone of a large repository is the longest
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Interlock"), ("EMAIL", "interlock@localhost"))
}
ALONE = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
}
LOCAL = {
    # Between the repositories of this machine, and nothing else.
    "GIT_ALLOW_PROTOCOL": "file",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
}
SETTINGS = (
    *QUIET,
    *("transfer.fsckObjects=true", "protocol.file.allow=always", "init.defaultBranch=main"),
    *("core.alternateRefsCommand=true", "core.useReplaceRefs=false"),
)
OWN_INDEX = (
    *("core.splitIndex=false", "core.untrackedCache=false", "feature.manyFiles=false"),
    "index.sparse=false",
)


class Plumbing:
    """Runs git in `cwd` on the engine's own repository `store`, if one is given."""

    def __init__(
        self,
        cwd: Path,
        store: Path | None = None,
        *,
        tree: Path | None = None,
        index: Path | None = None,
        trusting: bool = False,
        source: Mapping[str, str] | None = None,
        identity: Mapping[str, str] | None = None,
    ) -> None:
        """The work tree is `tree`, or `cwd`. `trusting`: the user's own configuration holds, and
        so do the filters that it names. `source` is the engine's environment, if not this one.
        `identity` has the user's settings of git that say who they are."""
        self.cwd = cwd
        extra = {**OFF, **LOCAL, **({} if trusting else {**ALONE, **IDENTITY})}
        for setting, value in (identity or {}).items():
            what = setting.partition(".")[2].upper()
            extra |= {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")}
        self._settings = SETTINGS if store is None else (*SETTINGS, *OWN_INDEX)
        if store is not None:
            extra |= {"GIT_DIR": str(store), "GIT_WORK_TREE": str(tree or cwd)}
        if index is not None:
            extra["GIT_INDEX_FILE"] = str(index)
        self._env: Mapping[str, str] = build_environment(
            extra,
            allow=ALLOW if trusting else (),
            source=os.environ if source is None else source,
        )

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """What `git ARGUMENTS` printed. Raises Refusal with git's words if it failed."""
        done = self.ask(*arguments, stdin=stdin)
        if done.returncode != 0:
            words = " ".join(done.stderr.decode(errors="backslashreplace").split())
            raise Refusal(f"git {arguments[0]}: {words[-1000:] or f'exit code {done.returncode}'}")
        return done.stdout

    def word(self, *arguments: str, stdin: bytes = b"") -> str:
        """What it printed, as text without the line end. Raises Refusal."""
        return self.run(*arguments, stdin=stdin).decode(errors="backslashreplace").rstrip("\n")

    def ask(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """How `git ARGUMENTS` ended. Raises Refusal if it cannot be run, or not to its end."""
        settings = (word for line in self._settings for word in ("-c", line))
        try:
            return subprocess.run(
                ("git", "--no-pager", *settings, *arguments),
                cwd=self.cwd,
                env=dict(self._env),
                input=stdin,
                capture_output=True,
                check=False,
                timeout=SECONDS,
            )
        except FileNotFoundError:
            if self.cwd.is_dir():
                raise Refusal("git was not found: install it, or add its folder to PATH") from None
            raise Refusal(f"{self.cwd} is gone") from None
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Refusal(f"git {arguments[0]}: {error}") from None
