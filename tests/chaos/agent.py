"""A program that leaves one line where it is told to, and then behaves as badly as asked.

    agent.py MODE FILE NAME ARGUMENT...

It appends `NAME token` to FILE in one write, and prints the token, which is new each time. Then it
does what MODE says. It is plain Python, so that it starts fast.
"""

import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / "environments" / "fake_program.py"
OTHER_WORDS = {"fork-tree": "tree", "ignore-TERM": "deaf"}


def main(mode: str, file: str, name: str, *arguments: str) -> int:
    """The exit status."""
    if mode == "die-then-effect":
        die()
    token = os.urandom(8).hex()
    log = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    os.write(log, f"{name} {token}\n".encode())
    os.close(log)
    os.write(1, token.encode())
    if mode == "ok":
        return 0
    if mode == "effect-then-die":
        return die()
    if mode == "slow":
        time.sleep(float(arguments[0]))
        return 0
    modes = runpy.run_path(str(PROGRAM))["MODES"]
    return int(modes[OTHER_WORDS.get(mode, mode)](*arguments))


def die() -> int:
    """Kills the process that runs the session: the parent of the supervisor above this one."""
    told = ["ps", "-o", "ppid=", "-p", str(os.getppid())]
    engine = int(subprocess.run(told, capture_output=True, check=True).stdout)
    os.kill(engine, signal.SIGKILL)
    time.sleep(120)  # the supervisor ends it
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
