"""Every file that Python's own code opens while a program runs."""

import os
import subprocess
import sys
from pathlib import Path

AUDIT = """
import sys
seen = []
def hear(event, arguments):
    if event in ("open", "os.open", "sqlite3.connect"):
        seen.append(str(arguments[0]))
sys.addaudithook(hear)
"""


def opened_files(program: str, folder: Path) -> list[str]:
    """What a Python program opened, by name; its data directory is the folder."""
    code = f"{AUDIT}\n{program}\nprint('\\0'.join(['', *seen]))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "INTERLOCK_DATA_DIR": str(folder)},
    )
    return done.stdout.removesuffix("\n").split("\0")[1:]


def work() -> None:
    """Use the store as the command line does: make, run, look at, check, copy."""
    from interlock.cli.entry import run

    mend = ["run", "mend", "-i", "check=true", "--agent", "program true"]
    for words in (mend, ["list"], ["show"], ["log"], ["db", "check"], ["db", "stats"]):
        assert run(words) == 0
    assert run(["db", "backup", f"{os.environ['INTERLOCK_DATA_DIR']}/copy.db"]) == 0
