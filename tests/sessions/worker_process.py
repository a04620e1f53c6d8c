"""A process among many on one database: it drives sessions of its own to their end, then turns
with the others at sessions that all of them share.

    python -m tests.sessions.worker_process URL OWN SHARED...
"""

import os
import sys

from interlock import Command, Result, Scope, Shell, accounts, sessions
from interlock.engine.errors import Refused
from interlock.store.connection import connect

ROUNDS = 2
DONE = Shell(("work", str(ROUNDS)))


def execute(command: Command) -> Result:
    """Goes round a few times."""
    return Result("done") if command == DONE else Result(output=f"of {os.getpid()}")


def take_turns(scope: Scope, shared: list[str]) -> int:
    """How many of this process's results were accepted, until all of the sessions have ended."""
    accepted, left = 0, list(shared)
    while left:
        for session in list(left):
            try:
                row = sessions.next_command(scope, session)
            except Refused:
                left.remove(session)
                continue
            try:
                mine = Result(output=f"row {row.seq} of {os.getpid()}")
                sessions.handle_result(scope, session, row.id, mine)
                accepted += 1
            except Refused:
                pass  # somebody else was first
    return accepted


def main() -> None:
    """Work, and tell how many results were accepted."""
    url, own, *shared = sys.argv[1:]
    connect(url)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    scope = accounts.enter("acme", "site")
    for _ in range(int(own)):
        session = sessions.create(scope, "loop", title=f"of {os.getpid()}")
        sessions.run(scope, session.id, execute)
    sys.stdout.write(f"{take_turns(scope, shared)}\n")


if __name__ == "__main__":
    main()
