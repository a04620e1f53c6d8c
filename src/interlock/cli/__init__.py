"""The command line: parse, say who is asking, call a context, print."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit status."""
    try:
        from interlock.cli.entry import run  # here, so that Ctrl-C meanwhile is no traceback

        status = run(arguments)
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
