"""git in the user's repository, asking a remote as the user would: with their configuration and
keys, no hook, and nothing that the repository's own configuration names to be run."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event

from interlock.environments.environ import build_environment
from interlock.environments.git import Git
from interlock.environments.git_settings import ALLOW, OFF
from interlock.environments.results import Refusal

SECONDS = 600.0  # a large branch
PROTOCOLS = "https:http:ssh:git:file"
NETWORK = (
    *("SSH_AUTH_SOCK", "SSH_AGENT_PID", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS"),
    *("GH_*", "GITHUB_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "XDG_*", "DBUS_SESSION_BUS_ADDRESS"),
)
"""What a person's own git and gh may need of their environment, to be who they are."""
PROGRAMS = (
    r"^(core\.(sshcommand|askpass|gitproxy)|credential\.(.*\.)?helper"
    r"|remote\..*\.(receivepack|uploadpack|vcs))$"
)


class RemoteGit(Git):
    """Runs git in the user's repository, and lets it ask others as the user would."""

    def __init__(self, repository: Path, tag: str, stop: Event) -> None:
        super().__init__(repository, source=os.environ, tag=tag, stop=stop, timeout=SECONDS)
        self._env = remote_environment()

    def go(self, verb: str, *arguments: str) -> None:
        """Runs a verb that asks a remote. Raises Refusal, also where the repository's own
        configuration names a program for it."""
        found = self.ask("config", "--show-scope", "--name-only", "--get-regexp", PROGRAMS)
        for line in found.stdout.splitlines():
            scope, _, name = line.partition("\t")
            if scope in ("local", "worktree"):
                raise Refusal(
                    f"the repository's own configuration runs a program for a {verb} ({name}): if "
                    f"you trust it, move it to your own with `git config --global`, or {verb} by "
                    "hand"
                )
        self.run(verb, *arguments)


def remote_environment() -> dict[str, str]:
    """The variables of what goes to a remote for the user."""
    told = {**OFF, "GIT_ALLOW_PROTOCOL": PROTOCOLS}
    return build_environment(told, allow=(*ALLOW, *NETWORK), source=os.environ)


def find_base(git: Git, base: str, tag: str, stop: Event) -> str:
    """The commit that a session begins at: a branch, tag or commit of the repository that `git` is
    in, or `origin/main`, a branch of one of its remotes, which is fetched first. Raises Refusal."""
    remotes = [name for name in git.names("remote") if base.startswith(f"{name}/")]
    if remotes:
        remote = max(remotes, key=len)
        branch = base.removeprefix(f"{remote}/")
        if git.ask("check-ref-format", f"refs/heads/{branch}").code != 0:
            raise Refusal(f"{base} names no branch of {remote}")
        RemoteGit(git.workdir, tag, stop).go(
            *("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--", remote),
            f"+refs/heads/{branch}:refs/remotes/{remote}/{branch}",
        )
        base = f"refs/remotes/{remote}/{branch}"
    found = git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    if found.code != 0:
        raise Refusal(f"there is no branch, tag or commit {base!r:.200}: --base names another")
    return found.stdout.strip()
