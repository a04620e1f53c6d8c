"""Installs the agent programs that npm has, as the lock beside this file says.

    python -m tests.real_agents.install [--strict]

What kept one from being installed is written to a file, so that the tests can tell it. The exit
status is 0 all the same, unless `--strict` is given.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

FOLDER = Path(__file__).parent
REASON = FOLDER.parents[1] / ".cache" / "agents-not-installed"
LIMIT = 180.0  # seconds; with an empty cache it takes a minute at 6 MB a second
PATIENT = 1800.0  # with --strict
LOCKS = ("package.json", "package-lock.json")
STAMP = "node_modules/.installed"
OLDEST_NODE = 20


def install(folder: Path, seconds: float) -> str:
    """Why the programs of a folder's lock could not be installed there; empty when they are."""
    stamp = folder / STAMP
    wanted = hashlib.sha256(b"".join((folder / name).read_bytes() for name in LOCKS)).hexdigest()
    with suppress(OSError):
        if stamp.read_text() == wanted:
            return ""
    if reason := _check_node() or _run_npm(folder, seconds):
        return reason
    stamp.write_text(wanted)
    return ""


def _check_node() -> str:
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is not on PATH: install Node.js {OLDEST_NODE} or newer"
    asked = subprocess.run(("node", "--version"), capture_output=True, text=True)
    found = re.match(r"v(\d+)", asked.stdout)
    if found is None or int(found[1]) < OLDEST_NODE:
        version = asked.stdout.strip() or "of no known version"
        return f"node is {version}: install Node.js {OLDEST_NODE} or newer"
    return ""


def _run_npm(folder: Path, seconds: float) -> str:
    words = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    patience = ("--fetch-retries", "1", "--fetch-retry-maxtimeout", "10000")
    npm = subprocess.Popen(
        (*words, *patience),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _, told = npm.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(npm.pid, signal.SIGKILL)
        npm.communicate()
        return f"npm could not install it in {seconds:g} s"
    if npm.returncode == 0:
        return ""
    errors = re.findall(r"^npm (?:error|ERR!) +(.+)", told, re.MULTILINE)
    said = " ".join(" ".join(errors or ["it said nothing"]).split())
    return f"npm could not install it: {said[:300]}"


def main(strict: bool) -> int:
    """Install, and keep why it was not possible; the exit status."""
    reason = install(FOLDER, PATIENT if strict else LIMIT)
    REASON.unlink(missing_ok=True)
    if reason:
        REASON.parent.mkdir(exist_ok=True)
        REASON.write_text(f"{reason}\n")
        sys.stderr.write(f"The agent programs are not installed: {reason}\n")
    return 1 if reason and strict else 0


if __name__ == "__main__":
    sys.exit(main("--strict" in sys.argv[1:]))
