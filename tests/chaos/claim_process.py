"""Threads of one process that claim the sessions of a list, each its share of it.

    python -m tests.chaos.claim_process URL FILE THREADS < IDS

A line `SESSION OWNER` is written for each claim, and the session is cancelled by its holder.
"""

import os
import sys
import threading

from interlock import accounts, sessions
from interlock.engine.errors import Refused, SessionBusy, StaleSession
from interlock.sessions.lease import Lease
from interlock.store.connection import connect, disconnect


def main() -> None:
    """Claim what can be claimed, and tell when it is over."""
    url, file, number = sys.argv[1:]
    threads = int(number)
    ids = sys.stdin.read().split()
    connect(url)
    scope = accounts.enter("acme", "site")
    log = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)

    def claim_all(number: int) -> None:
        try:
            for session_id in ids[number::threads]:
                claim(session_id)
        finally:
            disconnect()

    def claim(session_id: str) -> None:
        try:
            with Lease(scope, session_id) as lease:
                session = lease.claim()
                if not session.active or session.lease_owner != lease.owner:
                    return
                os.write(log, f"{session_id} {lease.owner}\n".encode())
                sessions.cancel(scope, session_id)
        except (SessionBusy, StaleSession, Refused):
            return

    running = [threading.Thread(target=claim_all, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


if __name__ == "__main__":
    main()
