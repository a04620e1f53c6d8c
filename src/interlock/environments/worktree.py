"""Environment `worktree`: a linked work tree per session. For trusted agents only.

It costs no copy, and a commit is in the user's repository at once. But it is the user's repository:
an agent that runs `git config` there changes the configuration that the user's own git obeys.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from threading import Event

from interlock.engine import Call, Result, Session
from interlock.environments import calls
from interlock.environments.clone import Clone
from interlock.environments.git import Git
from interlock.environments.local import TIMEOUT
from interlock.environments.making import begin, make_store
from interlock.environments.snapshot import INDEX
from interlock.environments.workspace import Workspace, keep


class Worktree(Clone):
    """Runs commands in a linked work tree of your repository. For trusted agents only."""

    kind = "worktree"
    label = " (for trusted agents only)"

    def make(self, folder: Path, git: Git, session: Session, base: str | None) -> Workspace:
        """The session's work tree, linked to the repository. Raises Refusal."""
        ours = begin(folder, git, self.kind, session.type, base)
        make_store(ours.store, ours)
        # Forced: one whose making was cut short may still be known by that path.
        add = ("worktree", "add", "--quiet", "--force", "-b", ours.branch)
        git.run(*add, "--", str(ours.tree), ours.base)
        inside = Git(ours.tree, source=os.environ, tag=session.id, stop=Event(), timeout=TIMEOUT)
        index = ours.tree / inside.run("rev-parse", "--git-path", "index").rstrip("\n")
        shutil.copyfile(index, ours.store / INDEX)
        keep(ours)
        return ours

    def call(self, ours: Workspace, session: Session, call: Call, stop: Event) -> Result:
        """What the function of a Call answers, by the user's own repository. Raises Refusal."""
        timeout = TIMEOUT if call.timeout is None else call.timeout
        git = Git(ours.workdir, source=os.environ, tag=session.id, stop=stop, timeout=timeout)
        return calls.perform(call, ours.workdir, git)
