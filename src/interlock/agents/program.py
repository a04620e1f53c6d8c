"""Agent `program`: any command-line program is the agent.

    program [--ok-codes CODE,CODE] [--idle SECONDS] PROGRAM [ARG ...]

`{prompt}` in an argument is replaced by the prompt's text; where none has it, the prompt goes to
the standard input. `{workdir}`, `{session}`, `{step}` and `{attempt}` are replaced too. A prompt
may begin with a dash, so write `--` before `{prompt}` where the program knows it. With `--idle` it
is ended when it prints nothing for so long.
"""

from __future__ import annotations

import re

from interlock.agents.invocation import Invocation, fill, take_options
from interlock.engine import Prompt, Result, Session
from interlock.engine.errors import InvalidInput


class Program:
    """Runs the program that its options name; its exit code is the answer."""

    def check(self, options: tuple[str, ...]) -> None:
        """Raise InvalidInput unless they name a program, and how it is run."""
        _read_options(options)

    def invoke(self, prompt: Prompt, session: Session, options: tuple[str, ...]) -> Invocation:
        """The program with the prompt. Raises InvalidInput when none is named."""
        argv, ok_codes, idle = _read_options(options)
        values = {
            "prompt": prompt.text,
            "workdir": session.workdir or "",
            "session": session.id,
            "step": session.step,
            "attempt": str(session.attempt),
        }
        as_argument = any("{prompt}" in word for word in argv)
        return Invocation(
            fill(argv, values),
            stdin=None if as_argument else prompt.text,
            ok_codes=ok_codes,
            idle=idle,
        )

    def read(self, prompt: Prompt, result: Result) -> Result:
        """The result as it is: a program says how it went by its exit code."""
        return result


def _read_options(
    options: tuple[str, ...],
) -> tuple[tuple[str, ...], tuple[int, ...], float | None]:
    own, argv = take_options(options, {"--ok-codes": True, "--idle": True})
    if not argv or not argv[0]:
        raise InvalidInput("name the program to run, as in `program ruff check --fix .`")
    idle = _seconds(own["--idle"]) if "--idle" in own else None
    return argv, _codes(own.get("--ok-codes", "0")), idle


def _codes(text: str) -> tuple[int, ...]:
    words = text.split(",")
    if not all(word.isascii() and word.isdigit() and int(word) < 256 for word in words):
        raise InvalidInput(f"--ok-codes takes exit codes from 0 to 255, as in 0,1, not {text!r}")
    return tuple(int(word) for word in words)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}", text) or not int(text):
        raise InvalidInput(f"--idle takes a whole number of seconds from 1, not {text!r}")
    return float(text)
