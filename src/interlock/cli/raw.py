"""`interlock log --raw`: what a command printed, byte for byte."""

from __future__ import annotations

from interlock import sessions
from interlock.cli.outlet import data
from interlock.engine import Scope
from interlock.engine.errors import InteractionNotFound
from interlock.engine.escapes import restore


def print_raw(scope: Scope, session_id: str, seq: int) -> None:
    """Print what a row's result kept of standard output and standard error, each where it was; of
    one that kept neither, its output. Raises InteractionNotFound."""
    row = next(iter(sessions.history(scope, session_id, after=seq - 1, limit=1)), None)
    if row is None or row.seq != seq or row.result is None:
        raise InteractionNotFound(
            f"session {session_id} has no result numbered {seq}; `interlock log` shows those it has"
        )
    result = row.result
    if result.stdout is None and result.stderr is None:
        data(restore(result.output))
        return
    data(restore(result.stdout or ""))
    data(restore(result.stderr or ""), error=True)
