"""The main job on real input: a package from the package index is mended until its check passes.

It is killed once in the middle with SIGKILL and goes on. Nothing is canned: the package is fetched,
the check is ruff and the package's own behaviour, the agent is a program that decides what to run.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = HERE.parent / ".demo"
PYTHON = sys.executable
INTERLOCK = str(Path(PYTHON).with_name("interlock"))
PACKAGE = "toml"


def main() -> int:
    """Fetch, start, kill, go on, show; 0 when the package is mended and committed."""
    if shutil.which("git") is None:
        return fail("the demo needs git; install it and run make demo again")
    repository = fetch()
    say("A session of type `mend`: run the check, let the agent mend, check again, commit.")
    session = start(repository)
    say("Run it, and kill it with SIGKILL while the agent works.")
    if not run_and_kill(repository, session):
        return fail("the session ended before it could be killed")
    say("Nothing is lost: `interlock run` goes on where it stood.")
    if shell(repository, INTERLOCK, "run", session):
        return fail("the session did not complete")
    say("What happened, row by row:")
    shell(repository, INTERLOCK, "log", session)
    say("What it made:")
    shell(repository, "git", "--no-pager", "log", "--oneline", "--stat", "mended", "^main")
    here = os.path.relpath(repository)
    command = os.path.relpath(INTERLOCK, repository)
    say(f"Look at it yourself:  cd {here}")
    print(f"    {command} show            the session\n    {command} log --full      every command")
    print("    git diff main mended       the change")
    return 0


def fetch() -> Path:
    """A git repository with the package in it, as it was released; nothing of it was executed."""
    shutil.rmtree(WORK, ignore_errors=True)
    repository = WORK / PACKAGE
    repository.mkdir(parents=True)
    say(f"Fetch a real package: {(HERE / 'package.txt').read_text().split()[0]}")
    pip = [PYTHON, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    which = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--dest", str(WORK)]
    subprocess.run([*pip, *which, "-r", str(HERE / "package.txt")], check=True)
    (wheel,) = WORK.glob("*.whl")
    subprocess.run([PYTHON, "-m", "zipfile", "-e", str(wheel), str(repository)], check=True)
    for argv in (
        ["git", "init", "--quiet", "--initial-branch", "main"],
        ["git", "config", "user.name", "Interlock demo"],
        ["git", "config", "user.email", "demo@localhost"],
        ["git", "add", "."],
        ["git", "commit", "--quiet", "-m", "The package as it was released"],
    ):
        subprocess.run(argv, cwd=repository, check=True)
    return repository


def start(repository: Path) -> str:
    """The id of a new session on the repository."""
    check = shlex.join([PYTHON, str(HERE / "check.py"), PACKAGE])
    agent = shlex.join(["program", PYTHON, str(HERE / "mender.py"), PACKAGE])
    argv = ["start", "mend", "-i", f"check={check}", "-i", "branch=mended", "--agent", agent]
    argv += [
        "-i",
        "tries=5",
        "-i",
        f"message=Mend lint and layout of {PACKAGE}",
        "--title",
        f"Mend {PACKAGE}",
        "--json",
    ]
    done = subprocess.run(
        [INTERLOCK, *argv], cwd=repository, check=True, stdout=subprocess.PIPE, text=True
    )
    session = json.loads(done.stdout)
    print(f"$ interlock start mend -i check=... --agent 'program ...'\n{session['id']}")
    return str(session["id"])


def run_and_kill(repository: Path, session: str) -> bool:
    """Run the session and kill it when the agent is at work; False when it ended before."""
    print(f"$ interlock run {session}", flush=True)
    run = subprocess.Popen(
        [INTERLOCK, "run", session], cwd=repository, stdout=subprocess.PIPE, text=True
    )
    if run.stdout is None:
        return False
    for line in run.stdout:
        print(line, end="", flush=True)
        if "mend" in line.split():
            run.send_signal(signal.SIGKILL)
            run.wait()
            print("Killed.", flush=True)
            time.sleep(0.5)
            return True
    return False


def shell(repository: Path, *argv: str) -> int:
    """The exit status of a command whose output is shown as it comes."""
    print("$", shlex.join([Path(argv[0]).name, *argv[1:]]), flush=True)
    return subprocess.run(argv, cwd=repository, check=False).returncode


def say(text: str) -> None:
    """Print a heading."""
    print(f"\n== {text}", flush=True)


def fail(reason: str) -> int:
    """Print why the demo stops."""
    print(f"demo: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(fail(f"{shlex.join(map(str, error.cmd))} failed with {error.returncode}"))
