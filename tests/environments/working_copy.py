"""A real git repository for one test, and git as the environment runs it."""

import os
import subprocess
import uuid
from pathlib import Path
from threading import Event

from interlock.environments.git import Git

IDENTITY = "[user]\n\tname = Ada\n\temail = ada@example.org\n"
MACHINE = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_SYSTEM": os.devnull,
    "LC_ALL": "C",
}


class WorkingCopy:
    """A repository on branch main, with one commit unless it is made bare of any."""

    def __init__(self, folder: Path, *, commits: bool = True, identity: bool = True) -> None:
        self.folder = folder / "work"
        self.home = folder / "home"
        self.home.mkdir()
        (self.home / ".gitconfig").write_text(IDENTITY if identity else "")
        self.source = {**MACHINE, "HOME": str(self.home)}
        self.stop = Event()
        self.git("init", "--quiet", "--initial-branch=main", str(self.folder), cwd=folder)
        if commits:
            self.write("base.txt", "one\ntwo\nthree\n")
            self.save("Begin")

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        """What a person's own git prints, without the line end."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.folder,
            env=self.source,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.rstrip("\n")

    def write(self, name: str, text: str) -> None:
        """The file has this text."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def read(self, name: str) -> str:
        """The text of the file."""
        return (self.folder / name).read_text()

    def save(self, message: str) -> None:
        """A person commits all there is."""
        self.git("add", "--all")
        self.git(
            "-c", "user.name=Eve", "-c", "user.email=eve@example.org", "commit", "-qm", message
        )

    def at(self, folder: str = ".", *, timeout: float | None = None) -> Git:
        """The environment's git in a directory of the repository."""
        tag = f"token-{uuid.uuid4().hex}"
        return Git(
            self.folder / folder, source=self.source, tag=tag, stop=self.stop, timeout=timeout
        )

    @property
    def state(self) -> tuple[str, str]:
        """The branch and all that is not committed."""
        return self.git("rev-parse", "--abbrev-ref", "HEAD"), self.git("status", "--porcelain")
