"""A session's own place beneath the data directory: a work tree, and the engine's repository.

workspaces/<session id>/workspace.json   what it is; without it nothing here is finished
                        tree/            the work tree with its own `.git`: the agent's
                        objects.git/     the engine's: snapshots, and the branch it commits on
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

from attrs import asdict, field, frozen

from interlock.config import settings
from interlock.environments.results import Refusal

RECORD = "workspace.json"
TREE = "tree"
STORE = "objects.git"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")


def _pairs(value: Iterable[Iterable[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((key, text) for key, text in value)


@frozen
class Workspace:
    """Where a session works, and what it began from."""

    folder: str
    kind: str
    """The environment that made it."""
    repository: str
    """The top of the user's work tree."""
    inside: str
    """The session's directory, relative to that."""
    branch: str
    base: str
    """The commit it began from."""
    changed: bool
    """True when the user's work tree had changes, which are not here."""
    identity: tuple[tuple[str, str], ...] = field(converter=_pairs, default=())
    """The settings of git that say who the user is."""

    @property
    def session_id(self) -> str:
        """Whose it is."""
        return Path(self.folder).name

    @property
    def tree(self) -> Path:
        """The work tree."""
        return Path(self.folder, TREE)

    @property
    def store(self) -> Path:
        """The engine's repository."""
        return Path(self.folder, STORE)

    @property
    def workdir(self) -> Path:
        """Where the session's commands run."""
        return self.tree / self.inside


def place(session_id: str) -> Path:
    """The folder of a session's workspace, made or not. Raises Refusal."""
    if not NAME.fullmatch(session_id):
        raise Refusal(f"{session_id!r:.80} cannot be the name of a workspace")
    return root() / session_id


def root() -> Path:
    """The folder of all workspaces. It need not exist."""
    return settings(os.environ).data_dir.absolute() / "workspaces"


def read(folder: Path) -> Workspace | None:
    """The workspace in a folder; None when it was never finished. Raises Refusal."""
    try:
        told = json.loads((folder / RECORD).read_text())
        return Workspace(folder=str(folder), **told)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise Refusal(f"{folder / RECORD} cannot be read: {error}") from None


def keep(ours: Workspace) -> None:
    """Write the record: from now on the workspace is there."""
    told = {key: value for key, value in asdict(ours).items() if key != "folder"}
    new = Path(ours.folder, f"{RECORD}.new")
    with new.open("w") as file:
        json.dump(told, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    new.replace(Path(ours.folder, RECORD))
