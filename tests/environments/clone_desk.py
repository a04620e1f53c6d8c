"""A session at work in a clone of a real repository, through the environment `clone`."""

import subprocess
import uuid
from pathlib import Path

import pytest
from attrs import evolve

from interlock.engine import Call, Interaction, Prompt, Result, Shell
from interlock.environments import workspace
from interlock.environments.clone import Clone
from interlock.environments.workspace import Workspace
from tests.environments.desk import Desk
from tests.environments.working_copy import MACHINE, WorkingCopy


class CloneDesk(Desk):
    """Executes commands of one session, which has a workspace of its own."""

    def __init__(self, copy: WorkingCopy, *, inside: str = ".", environment: str = "clone") -> None:
        super().__init__(copy.folder / inside)
        self.copy = copy
        self.environment: Clone = Clone()
        self.session = evolve(
            self.session, id=str(uuid.uuid4()), environment=environment, agent="program true"
        )

    def do(self, command: Shell | Prompt | Call) -> Result:
        """The result of the command."""
        row = Interaction(seq=1, step=self.session.step, attempt=1, command=command)
        return self.environment.execute(self.session, row, emit=self.emit, stop=self.stop)

    @property
    def ours(self) -> Workspace:
        """The session's workspace, which must be there."""
        found = workspace.read(workspace.place(self.session.id))
        assert found is not None
        return found

    @property
    def tree(self) -> Path:
        """The clone's work tree."""
        return self.ours.tree

    def sh(self, script: str) -> str:
        """What a script of the agent prints; it must end well."""
        result = self.shell("sh", "-ec", script)
        assert result.ok, result
        return result.output

    def stored(self, *arguments: str) -> str:
        """What git prints in the engine's own repository."""
        return ask_git(self.ours.store, *arguments)


def ask_git(folder: Path, *arguments: str) -> str:
    """What git prints there, with no configuration but the repository's."""
    done = subprocess.run(
        ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", *arguments],
        cwd=folder,
        env=MACHINE,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.rstrip("\n")


def enter_machine(copy: WorkingCopy, data: Path, patch: pytest.MonkeyPatch) -> None:
    """The engine runs as the person of this working copy, with a data directory of its own."""
    patch.setenv("INTERLOCK_DATA_DIR", str(data))
    for name, value in copy.source.items():
        patch.setenv(name, value)
