"""A process of its own that runs one command and prints, as JSON, what came and what it cost.

`measured_run.py TAG SECRETS PROGRAM ARGUMENT...`, where SECRETS is a list of values in JSON.
"""

import json
import os
import re
import resource
import sys
from pathlib import Path
from threading import Event

from interlock.environments.process import run_process
from interlock.secrets.redaction import redaction_of


def peak_kib() -> int:
    """The most memory this process has held so far, in KiB."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would count what the parent held before it started us
        found = re.search(r"VmHWM:\s*(\d+)", status.read_text())
        assert found
        return int(found[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def main(tag: str, secrets: str, *argv: str) -> None:
    """Runs the command and prints the report."""
    values: list[str] = json.loads(secrets)
    redaction = redaction_of(tuple((f"N{n}", value) for n, value in enumerate(values)))
    emitted = {"stdout": 0, "stderr": 0}

    def emit(stream: str, text: str) -> None:
        emitted[stream] += len(text)

    def run(*command: str) -> dict[str, object]:
        finished = run_process(
            command,
            cwd=Path.cwd(),
            env={"PATH": os.environ["PATH"]},
            stdin=None,
            timeout=None,
            emit=emit,
            stop=Event(),
            redaction=redaction,
            tag=tag,
        )
        return {
            "code": finished.code,
            "sizes": [finished.stdout_bytes, finished.stderr_bytes],
            "digests": [finished.stdout_sha256, finished.stderr_sha256],
            "kept": len(finished.stdout) + len(finished.stderr) + len(finished.output),
        }

    run(sys.executable, "-c", "print(1)")
    before = peak_kib()
    report = run(*argv)
    json.dump({**report, "emitted": emitted, "grown_kib": peak_kib() - before}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
