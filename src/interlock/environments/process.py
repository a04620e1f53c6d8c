"""Run one command to its end: output streamed and bounded, time limited, nothing left running."""

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event

from attrs import frozen

from interlock.environments.capture import Capture, Emit
from interlock.environments.child import Child
from interlock.environments.launch import check_launch, explain_failure
from interlock.environments.process_tree import TAG
from interlock.secrets.redaction import Redaction

MEBIBYTE = 1024 * 1024
TICK = 0.1  # seconds between two looks at the clock and at `stop`
STOPPED = "stopped on request"


@frozen(kw_only=True)
class Finished:
    """How a command ended. `error` is None when it ran to its own end, with whatever code."""

    code: int | None = None  # exit status; minus the signal's number; None: no end was seen
    error: str | None = None  # one line: why it did not start, or what ended it
    stdout: str = ""  # readable text, the middle left out where it was longer than `keep`
    stderr: str = ""
    output: str = ""  # both together, in the order of arrival
    duration_ms: int = 0  # until the command's own end
    timed_out: bool = False  # in all, or without a byte of output
    stopped: bool = False
    stdout_bytes: int = 0  # all that came
    stderr_bytes: int = 0
    truncated_bytes: int = 0  # left out of `stdout` and `stderr` together
    stdout_sha256: str = ""  # of all that came; empty when nothing ran
    stderr_sha256: str = ""
    survivors: int = 0  # processes of its tree that could not be ended


def run_process(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes | None,
    timeout: float | None,
    idle: float | None = None,
    emit: Emit,
    stop: Event,
    keep: int = MEBIBYTE,
    listen: Callable[[str], None] | None = None,
    redaction: Redaction | None = None,
    tag: str,
) -> Finished:
    """Runs `argv` in `cwd` with exactly the variables `env` and the tag; returns how it ended.

    `emit(stream, text)` gets the output of "stdout" and "stderr" while it comes, at most `keep`
    bytes of each; a slow `emit` slows the command, and loses nothing. `listen(text)` gets all of
    standard output. `redaction` takes secrets out of all that is passed on or kept. After `timeout`
    seconds, after `idle` seconds without a byte of output, or when `stop` is set, all that the
    command started is ended; so is what still runs when the command itself has ended. No two runs
    at one time may share a `tag`.
    Raises only what `emit` and `listen` raise, and ValueError for a tag without text.
    """
    if not tag or "\0" in tag:
        raise ValueError("the tag must be text without NUL: give each run its own")
    variables = {**env, TAG: tag}
    if fault := check_launch(argv, cwd, variables):
        return Finished(error=fault)
    if stop.is_set():
        return Finished(error="stopped before it began", stopped=True)
    capture = Capture(keep, emit, listen, redaction)
    try:
        child = Child(argv, cwd, variables, stdin, capture.feed)
    except OSError as failure:
        return Finished(error=f"no process could be started, end others and try again: {failure}")
    try:
        cut = _follow(child, capture, timeout, idle, stop)
        child.settle()
        child.drain()
        capture.end()
    finally:
        child.close()
    if child.failure is None:
        error = _explain(child, cut)
    else:
        error = explain_failure(child.failure, argv[0], cwd, env)
    return _finish(child, capture, error, cut)


def _follow(
    child: Child, capture: Capture, timeout: float | None, idle: float | None, stop: Event
) -> str | None:
    """Why the command was ended; None when it came to its own end."""
    cut = None
    deadline = None if timeout is None else child.began + timeout
    while child.left is None and not child.gone:
        overdue = child.overdue
        now = time.monotonic()
        child.poll(TICK if deadline is None else min(TICK, max(0.0, deadline - now)))
        capture.flush()
        if overdue and child.left is None:
            break
        if child.code is None and cut is None:
            cut = STOPPED if stop.is_set() else _overrun(child, timeout, idle)
            if cut is not None:
                child.request_end()
                deadline = None
    return cut


def _overrun(child: Child, timeout: float | None, idle: float | None) -> str | None:
    """Which limit of time the command has reached, in words."""
    now = time.monotonic()
    if timeout is not None and now >= child.began + timeout:
        return f"timed out after {timeout:g} s"
    if idle is not None and now >= child.heard + idle:
        return f"silent for {idle:g} s"
    return None


def _explain(child: Child, cut: str | None) -> str | None:
    reason = cut
    if cut is None and child.code is None:
        reason = "its supervisor was killed from outside, so its own end was not seen"
    elif cut is None and child.code is not None and child.code < 0:
        reason = f"killed by {_name_signal(-child.code)}"
    if child.left:
        reason = f"{reason or 'ended'}; {child.left} of its processes could not be ended"
    return reason


def _name_signal(number: int) -> str:
    words = signal.strsignal(number) or "unknown"
    try:
        return f"{signal.Signals(number).name} ({words})"
    except ValueError:
        return f"signal {number} ({words})"


def _finish(child: Child, capture: Capture, error: str | None, cut: str | None) -> Finished:
    out, err = capture.stdout, capture.stderr
    return Finished(
        code=child.code,
        error=error,
        stdout=out.excerpt.text(),
        stderr=err.excerpt.text(),
        output=capture.output(),
        duration_ms=round(1000 * ((child.ended or time.monotonic()) - child.began)),
        timed_out=cut not in (None, STOPPED),
        stopped=cut == STOPPED,
        stdout_bytes=out.size,
        stderr_bytes=err.size,
        truncated_bytes=out.excerpt.left_out() + err.excerpt.left_out(),
        stdout_sha256=out.sha256,
        stderr_sha256=err.sha256,
        survivors=child.left or 0,
    )
