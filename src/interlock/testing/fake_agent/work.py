"""The tools of a fake agent, which really do what they say, in the directory of the run."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from attrs import frozen

from interlock.testing.turn import ToolCall


@frozen
class Outcome:
    """What came of a tool call."""

    ok: bool
    output: str = ""
    code: int = 0
    denied: bool = False


def perform(call: ToolCall, *, allowed: bool) -> Outcome:
    """The outcome of a call. A path is seen from the current directory."""
    given = call.fields
    if given.get("denied") or (call.name in ("write", "run") and not allowed):
        return Outcome(ok=False, denied=True)
    if call.name == "ask":
        return Outcome(ok=False, output="A person will answer this later. End your turn now.")
    try:
        if call.name == "write":
            path = Path(given["path"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(given["content"], encoding="utf-8", newline="")
            return Outcome(ok=True)
        if call.name == "read":
            return Outcome(ok=True, output=Path(given["path"]).read_text(encoding="utf-8"))
        done = subprocess.run(
            list(given["argv"]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except (OSError, UnicodeError) as error:
        return Outcome(ok=False, output=str(error), code=1)
    output = done.stdout.decode(errors="replace")
    return Outcome(ok=done.returncode == 0, output=output, code=done.returncode)


def place(call: ToolCall) -> str:
    """The path of a call, absolute."""
    return str(Path(str(call.fields.get("path", ""))).absolute())


def command_line(call: ToolCall) -> str:
    """The call as somebody who has only a shell would make it."""
    given = call.fields
    if call.name == "write":
        return f"printf '%s' {shlex.quote(given['content'])} > {shlex.quote(given['path'])}"
    if call.name == "read":
        return f"cat {shlex.quote(given['path'])}"
    return shlex.join(given["argv"])
