"""A process among many that write to one file for some seconds; prints how long each write took.

python -m tests.chaos.contention_process URL SECONDS
"""

import json
import sys
import time

from interlock import Result, accounts, sessions
from interlock.store.connection import connect

ROWS = 20
"""How many results each session gets."""


def main() -> None:
    """Write once it is told to, and tell."""
    url, seconds = sys.argv[1:]
    connect(url)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    scope = accounts.enter("acme", "site")
    took: list[float] = []
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        session = sessions.create(scope, "talk").id
        for _ in range(ROWS):
            row = sessions.next_command(scope, session)
            began = time.monotonic()
            sessions.handle_result(scope, session, row.id, Result(output="x" * 500))
            took.append(time.monotonic() - began)
        sessions.cancel(scope, session)
    sys.stdout.write(json.dumps(took) + "\n")


if __name__ == "__main__":
    main()
