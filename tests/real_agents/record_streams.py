"""Records what the real programs print, for the tests that read it without them.

    python -m tests.real_agents.record_streams

Every case of every program becomes tests/agents/streams/PROGRAM-CASE.jsonl, or .txt of Aider: its
standard output as it came, with what differs from run to run made the same. `exits.json` has the
exit codes.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.real_agents import aider
from tests.real_agents.cases import CASES
from tests.real_agents.desk import Desk, Run
from tests.real_agents.programs import PROGRAMS

STREAMS = Path(__file__).parent.parent / "agents" / "streams"
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
CONSTANT = (
    (r"127\.0\.0\.1:\d+", "127.0.0.1:8080"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "2026-01-01T00:00:00.000Z"),
    (r"\b1[789]\d{11}\b", "1767225600000"),  # milliseconds since 1970
    (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", "Thu, 01 Jan 2026 00:00:00 GMT"),
    (r'(?<!retry_delay)(_ms": ?)[\d.]+', r"\g<1>100"),
    (r"HTTPSConnectionPool.*\n", ""),  # Aider has not found its list of prices
    (r"\bCommit [0-9a-f]{7}\b", "Commit 0123456"),
    (r'(retry_delay_ms": ?\d+)\.\d+', r"\1"),
)


def scrub(text: str, desk: Desk) -> str:
    """The text without this machine's paths, and with ids and times that are always the same."""
    for path, shown in ((desk.repo, "/home/user/project"), (desk.home, "/home/user")):
        text = text.replace(str(path), shown)
        text = text.replace(re.sub(r"\W|_", "-", str(path)), shown.replace("/", "-"))
    for pattern, shown in CONSTANT:
        text = re.sub(pattern, shown, text)
    numbers: dict[str, int] = defaultdict(lambda: len(numbers) + 1)
    text = re.sub(UUID, lambda found: f"{numbers[found[0]]:08}-0000-4000-8000-{0:012}", text)
    text = re.sub(r"(?<=__)[0-9a-f]{8}\b", lambda found: f"{numbers[found[0]]:08}", text)
    return re.sub(
        r"\b(msg|prt|ses|toolu|call|req)_([0-9A-Za-z]{20,})",
        lambda found: f"{found[1]}_{numbers[found[2]]:024}",
        text,
    )


def runs(folder: Path) -> Iterator[tuple[str, Desk, Run]]:
    """Every case of every program: the file it goes into, the desk and the run."""
    for program in PROGRAMS:
        for case in (case for case in CASES if program.slug in case.codes):
            desk = Desk.lay(folder / f"{program.slug}-{case.name}")
            yield f"{program.slug}-{case.name}.jsonl", desk, case.play(program, desk)[0]
    for name in aider.SCRIPTS:
        desk = Desk.lay(folder / f"aider-{name}")
        yield f"aider-{name}.txt", desk, aider.play(name, desk)[0]


def main() -> None:
    """Writes all streams anew."""
    STREAMS.mkdir(parents=True, exist_ok=True)
    exits: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, desk, run in runs(Path(folder)):
            (STREAMS / name).write_text(scrub(run.stdout, desk))
            exits[name.partition(".")[0]] = run.code
            sys.stderr.write(f"{name}: exit {run.code} after {run.seconds:.1f} s\n")
    (STREAMS / "exits.json").write_text(json.dumps(exits, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
