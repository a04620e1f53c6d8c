"""A client that hands in results by hand, over and over; it writes down what was accepted.

    python -m tests.chaos.client_process URL FILE SESSION

A line `SESSION SEQ TOKEN` is written, in one write, once `handle_result` has returned.
"""

import os
import sys
from contextlib import suppress

from interlock import Result, accounts, sessions
from interlock.engine.errors import StoreLost
from interlock.store.connection import connect


def main() -> None:
    """Hand in results until it is killed."""
    url, file, session = sys.argv[1:]
    connect(url)
    scope = accounts.enter("acme", "site")
    log = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    while True:
        with suppress(StoreLost):  # what it asked for last may be done or not
            row = sessions.next_command(scope, session)
            token = os.urandom(8).hex()
            sessions.handle_result(scope, session, row.id, Result(output=token))
            os.write(log, f"{session} {row.seq} {token}\n".encode())


if __name__ == "__main__":
    main()
