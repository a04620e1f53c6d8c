"""`python -m benchmarks [NAME...]`: one JSON line per figure, with its bound and whether it holds.

The exit status is 1 when a bound is not held. BENCH_DIR names the disk to measure on.
"""

from __future__ import annotations

import json
import os
import sys

from benchmarks.figures import FIGURES, GROUPS


def main(names: list[str]) -> int:
    """Measure what was named, or everything; 1 when a bound does not hold."""
    names = [figure for name in names for figure in GROUPS.get(name, (name,))]
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        print(
            f"no figure {unknown[0]!r}; there are {', '.join((*FIGURES, *GROUPS))}", file=sys.stderr
        )
        return 2
    # What pip installs is compiled: what is started here may keep what it compiles, too.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    held = True
    for name in names or FIGURES:
        figure = FIGURES[name]()
        held = held and figure["ok"]
        print(json.dumps({"figure": name, **figure}), flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
