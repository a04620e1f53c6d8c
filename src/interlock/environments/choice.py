"""Which environment a new session gets that names none.

The program of a vendor works in a clone of its own where there is a repository to clone. Any other
agent is a program that the user chose to run, and works on the user's files; so does a session
without an agent.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from threading import Event

from interlock.agents.invocation import Agent
from interlock.engine.errors import InvalidInput
from interlock.environments.git import Git
from interlock.environments.plumbing import Plumbing
from interlock.environments.results import Refusal

CLONE = "clone"
SECONDS = 60.0


def choose(agents: Iterable[Agent], workdir: str | None) -> str | None:
    """`clone` where one of the agents is a vendor's program, or None for `local`.

    Raises InvalidInput where a clone would lack what the repository has: the user says which.
    """
    vendors = [one for one in agents if getattr(one, "description", None) is not None]
    if not vendors or workdir is None:
        return None
    place = Path(workdir)
    try:
        git = Plumbing(place, trusting=True)
        if git.ask("rev-parse", "--show-toplevel", "HEAD^{commit}").returncode != 0:
            return None
    except Refusal:
        return None  # no git, or no such directory: what runs there says so
    if fault := _find_fault(place, git):
        raise InvalidInput(
            f"the agent would work in a clone of the repository, but {fault}; "
            "--environment local lets it work on your own files"
        )
    return CLONE


def _find_fault(place: Path, git: Plumbing) -> str | None:
    """Why a clone is not as good as the repository; None where it is."""
    try:
        tag = f"choice-{secrets.token_hex(8)}"
        Git(place, source=os.environ, tag=tag, stop=Event(), timeout=SECONDS).look()
        if git.ask("cat-file", "-e", "HEAD:./").returncode != 0:
            return f"the last commit has nothing in {place}: commit something there"
        if git.ask("cat-file", "-e", "HEAD:.gitmodules").returncode == 0:
            return (
                "its submodules are empty in a clone: say --environment clone if it can do "
                "without them"
            )
    except Refusal as refusal:
        return str(refusal)
    return None
