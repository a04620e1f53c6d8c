"""A worker process whose commands are done at once.

python -m benchmarks.fleet_process
"""

from __future__ import annotations

import os
import signal
from threading import Event

from benchmarks.ground import RESULT
from interlock import Interaction, Result, Session, sessions
from interlock.sessions.worker import Worker
from interlock.store.connection import connect

THREADS = 2


def perform(
    session: Session, interaction: Interaction, *, emit: sessions.Emit, stop: Event
) -> Result:
    """The result of every command."""
    return RESULT


def main() -> None:
    """Work until SIGTERM."""
    connect(os.environ["INTERLOCK_DATABASE_URL"])
    worker = Worker(perform, lambda note: None, concurrency=THREADS)
    signal.signal(signal.SIGTERM, lambda number, frame: worker.stop())
    worker.run()


if __name__ == "__main__":
    main()
