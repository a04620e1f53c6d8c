"""A process that writes until its disk is full, over and over; everything that it was told was kept
must be there.

    python -m tests.chaos.full_disk_process DIRECTORY ROUNDS

Without DIRECTORY's disk being small, the size of each of its files is limited.
"""

import os
import resource
import shutil
import sys
from pathlib import Path

from interlock import Result, Scope, accounts, sessions
from interlock.engine.errors import StoreUnusable
from interlock.sessions import recent
from interlock.store.connection import connect, disconnect, fetch_one

SMALL = 64 * 2**20
"""A disk with less room than this will be full soon."""
BALLAST = 2**20
LIMIT = 2**20
PAYLOAD = 30_000


def main() -> None:
    """Fill the disk, make room, go on; prints how many results were kept."""
    place, rounds = Path(sys.argv[1]), int(sys.argv[2])
    small = shutil.disk_usage(place).total < SMALL
    kept = 0
    for number in range(rounds):
        folder = place / f"round-{number}"
        folder.mkdir()
        ballast = place / "ballast"
        ballast.write_bytes(b"x" * BALLAST)
        connect(f"sqlite:///{folder}/interlock.db")
        scope = accounts.enter("acme", "site")
        limit_files(LIMIT if not small else None)
        told = fill(scope)
        require_readable(scope, told)
        limit_files(None)
        ballast.unlink()
        recent.forget()
        require_writable(scope)
        require_readable(scope, told)
        (whole,) = fetch_one("PRAGMA integrity_check")
        assert whole == "ok", whole
        disconnect()
        recent.forget()
        shutil.rmtree(folder)
        kept += len(told)
    sys.stdout.write(f"{'small disk' if small else 'limited files'} {kept}\n")


def limit_files(size: int | None) -> None:
    """Let no file grow beyond this."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most if size is None else size, most))


def fill(scope: Scope) -> dict[str, str]:
    """The output that each session was told was kept, until there is no room."""
    told: dict[str, str] = {}
    refusal = ""
    try:
        while True:
            session = sessions.create(scope, "talk").id
            output = os.urandom(PAYLOAD // 2).hex()
            row = sessions.next_command(scope, session)
            sessions.handle_result(scope, session, row.id, Result(output=output))
            told[session] = output
    except StoreUnusable as error:
        refusal = str(error)
    assert "interlock.db" in refusal, refusal
    assert "\n" not in refusal
    assert told
    return told


def require_readable(scope: Scope, told: dict[str, str]) -> None:
    """All that was acknowledged is there, and verifies."""
    for session, output in told.items():
        (row,) = sessions.history(scope, session)
        assert row.result is not None
        assert row.result.output == output
        assert sessions.verify(scope, session) == []


def require_writable(scope: Scope) -> None:
    """What was begun when the disk was full can be ended now."""
    left = [one for one in sessions.find(scope, limit=1000).sessions if one.seq == 0 or one.open]
    for session in left:
        row = sessions.next_command(scope, session.id)
        sessions.handle_result(scope, session.id, row.id, Result("done"))
        assert sessions.verify(scope, session.id) == []
    made = sessions.create(scope, "talk")
    row = sessions.next_command(scope, made.id)
    assert not sessions.handle_result(scope, made.id, row.id, Result("done")).active


if __name__ == "__main__":
    main()
