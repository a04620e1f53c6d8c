"""The agent of the demo: a program that reads its task and does what the report calls for.

It gets the prompt on its standard input, like any agent; which tool it runs is its own decision.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from check import RULES

RUFF = str(Path(sys.executable).with_name("ruff"))


def decide(prompt: str, package: str) -> list[str]:
    """The command that the report in the prompt calls for."""
    if "would be reformatted" in prompt.lower() or "unformatted" in prompt.lower():
        return [RUFF, "format", "--isolated", "--no-cache", package]
    command = [
        RUFF,
        "check",
        *RULES,
        "--exit-zero",
        "--quiet",
        "--output-format",
        "concise",
        "--fix",
    ]
    if "[*]" not in prompt:  # ruff marks what it can mend safely; what is left needs more courage
        command.append("--unsafe-fixes")
    return [*command, package]


def main(package: str) -> int:
    """Read the prompt, decide, do it, and say what was done."""
    command = decide(sys.stdin.read(), package)
    print("I run:", " ".join(Path(command[0]).name if i == 0 else w for i, w in enumerate(command)))
    sys.stdout.flush()
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
