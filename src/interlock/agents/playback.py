"""Agent `playback`: a recorded session's answers, given once more.

    playback FILE [--any-step]

FILE holds what `interlock log ID --full --json` prints; a relative path is seen from the work
directory. The n-th try of a step gets the n-th result that the record has of a prompt of this
step. With `--any-step` the name of the step is not looked at: the n-th try of any step gets the
n-th result that the record has of a prompt.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from interlock.agents.invocation import PYTHON, Invocation
from interlock.engine import Prompt, Result, Session
from interlock.engine.errors import InvalidInput

MODULE = "interlock.environments.playback_program"
ANY_STEP = "--any-step"
ROOM_LEFT = 1000  # characters of standard error that an error message takes over


class Playback:
    """Answers from a record."""

    def check(self, options: tuple[str, ...]) -> None:
        """Raise InvalidInput unless one file is named."""
        _find_file(options)

    def invoke(self, prompt: Prompt, session: Session, options: tuple[str, ...]) -> Invocation:
        """The program that looks the answer up. Raises InvalidInput unless one file is named."""
        file = _find_file(options)
        step = "" if ANY_STEP in options else session.step
        place = (step, str(session.attempt), str(session.since))
        # -P: a module in the work directory must not take the place of one of Python's.
        return Invocation((PYTHON, "-P", "-m", MODULE, file, *place), structured=True)

    def read(self, prompt: Prompt, result: Result) -> Result:
        """The recorded result; an error where there is none, or where it cannot be read."""
        if not result.ok:
            said = (result.stderr or "").strip()[:ROOM_LEFT]
            return result.failed(said or result.error or "the record could not be played back")
        try:
            recorded: Mapping[str, Any] = json.loads(result.stdout or "")
            return Result(**recorded)
        except (InvalidInput, TypeError, ValueError, RecursionError) as error:
            return result.failed(f"the recorded result cannot be used: {error}")


def _find_file(options: tuple[str, ...]) -> str:
    files = [word for word in options if word != ANY_STEP]
    if len(files) != 1 or not files[0] or files[0].startswith("--"):
        raise InvalidInput(
            f"name one recorded file, as in `playback recorded.json`, and {ANY_STEP} if any "
            f"step may take it; not {' '.join(options) or 'nothing'}"
        )
    return files[0]
