"""The check of the demo: lint, layout, and whether the package still reads TOML as Python does.

Exit status 0 when nothing is wrong; otherwise 1, with what the first failing tool reports.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

RULES = ("--isolated", "--no-cache", "--target-version", "py311", "--select", "F,E7,W6,UP,SIM,C4")
LAYOUT = ("--isolated", "--no-cache", "--check", "--output-format", "concise")
SAMPLE = Path(__file__).with_name("sample.toml")


def main(package: str) -> int:
    """Run the checks on a package's folder in the current directory."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    for argv in (
        [ruff, "check", *RULES, "--output-format", "concise", package],
        [ruff, "format", *LAYOUT, package],
    ):
        if subprocess.run(argv, check=False).returncode:
            return 1
    return _compare(package)


def _compare(package: str) -> int:
    sys.dont_write_bytecode = True
    sys.path.insert(0, ".")
    module = __import__(package)
    text = SAMPLE.read_text()
    wanted = tomllib.loads(text)
    if module.loads(text) != wanted or tomllib.loads(module.dumps(wanted)) != wanted:
        print("the package no longer reads or writes TOML as the standard library does")
        return 1
    print("lint, layout and behaviour are fine")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
