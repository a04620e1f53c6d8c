"""The Result of a command: of one that ran, and of one that could not."""

from collections.abc import Mapping
from typing import Any

from interlock.engine import Result
from interlock.environments.process import Finished


class Refusal(Exception):
    """The command cannot be executed, and why: words that say what to do.

    `finished` is how the process ended that showed it, where there was one.
    """

    def __init__(self, message: str, finished: Finished | None = None) -> None:
        super().__init__(message)
        self.finished = finished or Finished()


def judge(finished: Finished, ok_codes: tuple[int, ...] = (0,)) -> Result:
    """The result of a process: `timeout`, `ok` for one of these exit codes, else `error`."""
    error = finished.error
    if error is None and finished.code not in ok_codes:
        error = f"exit code {finished.code}"
    return Result(
        "timeout" if finished.timed_out else "error" if error else "ok",
        stdout=finished.stdout,
        stderr=finished.stderr,
        output=finished.output,
        error=error,
        code=finished.code,
        duration_ms=finished.duration_ms,
        data=_facts(finished),
    )


def refuse(refusal: Refusal) -> Result:
    """The result of a command that could not be executed."""
    finished = refusal.finished
    return Result(
        "timeout" if finished.timed_out else "error",
        output=finished.output or str(refusal),
        error=str(refusal),
        code=finished.code,
        data=_facts(finished),
    )


def _facts(finished: Finished) -> Mapping[str, Any]:
    facts: dict[str, Any] = {}
    if finished.truncated_bytes:
        facts["truncated"] = {
            "bytes": finished.truncated_bytes,
            "stdout": {"bytes": finished.stdout_bytes, "sha256": finished.stdout_sha256},
            "stderr": {"bytes": finished.stderr_bytes, "sha256": finished.stderr_sha256},
        }
    if finished.stopped:
        facts["stopped"] = True
    return facts
