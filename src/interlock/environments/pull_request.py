"""A pull request of a session's branch, opened by `gh`, the program of GitHub.

Its text goes to the program's standard input, and each value that could begin with a dash is one
word with its option.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from threading import Event

from attrs import frozen

from interlock.environments.git import explain
from interlock.environments.git_settings import QUIET
from interlock.environments.offering import Offer
from interlock.environments.process import run_process
from interlock.environments.remote import remote_environment
from interlock.environments.results import Refusal

PROGRAM = "gh"
SECONDS = 120.0
NOT_LOGGED_IN = 4  # what gh ends with
PLAIN = {"GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1"}
MISSING = (
    "gh was not found, which opens pull requests: install it (https://cli.github.com) and run "
    "`gh auth login`, or use `interlock offer` and open it by hand"
)


@frozen
class PullRequest:
    """What is asked for."""

    title: str
    body: str
    base: str | None = None
    """The branch it is to be merged into; None for the one that the remote says."""
    draft: bool = False


def require_program() -> None:
    """Raise Refusal unless gh is there."""
    if shutil.which(PROGRAM, path=remote_environment().get("PATH")) is None:
        raise Refusal(MISSING)


def command(branch: str, asked: PullRequest) -> tuple[str, ...]:
    """The argv that opens it."""
    argv = (PROGRAM, "pr", "create", f"--head={branch}", f"--title={asked.title}", "--body-file=-")
    base = () if asked.base is None else (f"--base={asked.base}",)
    return (*argv, *base, *(("--draft",) if asked.draft else ()))


def open_pull_request(offer: Offer, asked: PullRequest, tag: str) -> str:
    """The address of the new pull request. Its branch must be pushed. Raises Refusal."""
    # gh runs git in the repository: that is told what every git here is.
    told = {f"GIT_CONFIG_{kind}_{number}": word
            for number, line in enumerate(QUIET)
            for kind, word in zip(("KEY", "VALUE"), line.split("=", 1), strict=True)}  # fmt: skip
    finished = run_process(
        command(offer.branch, asked),
        cwd=Path(offer.repository),
        env={**remote_environment(), **PLAIN, **told, "GIT_CONFIG_COUNT": str(len(QUIET))},
        stdin=asked.body.encode(errors="replace"),
        timeout=SECONDS,
        emit=lambda stream, text: None,
        stop=Event(),
        tag=tag,
    )
    if finished.error is not None:
        raise Refusal(f"gh: {finished.error}", finished)
    if finished.code == NOT_LOGGED_IN:
        raise Refusal("gh is not logged in: run `gh auth login` and do it again", finished)
    if finished.code != 0:
        raise Refusal(f"gh: {explain(finished)}", finished)
    return finished.stdout.strip()
