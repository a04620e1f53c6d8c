"""Another pytest, in a process and a directory of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

from attrs import frozen

TYPES = (Path(__file__).parent / "types_under_test.py").read_text()
OFF = ("-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:cov", "-p", "no:hypothesispytest")


@frozen
class Ran:
    """What a run of it came to."""

    status: int
    out: str

    def section(self, title: str) -> list[str]:
        """The lines of a section of the summary, without what stands beside it."""
        _, found, rest = self.out.partition(f" {title} ")
        assert found, self.out
        lines = rest.split("\n")[1:]
        end = next(n for n, line in enumerate(lines) if re.match(r"[=-]{5}|\d+ \w+ed", line))
        return lines[:end]


def run_pytest(directory: Path, tests: str, *words: str) -> Ran:
    """Runs tests that can import the small session types from `types_under_test`."""
    (directory / "types_under_test.py").write_text(TYPES)
    (directory / "test_inner.py").write_text(tests)
    (directory / "pytest.ini").write_text("[pytest]\n")
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *OFF, *words],
        cwd=directory,
        env={**environment, "INTERLOCK_DATA_DIR": str(directory / "data"), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=240,
    )
    return Ran(done.returncode, done.stdout.decode())
