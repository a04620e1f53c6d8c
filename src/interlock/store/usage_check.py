"""Whether the rows of usage are what the log says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from interlock.engine.values import Session
from interlock.store import blobs
from interlock.store.connection import fetch
from interlock.store.rows import OWNER, ROW, read_rows
from interlock.store.usage import TOLD, entries

CHUNK = 200
"""Rows of the log that are read at a time."""

KEPT = f"SELECT {', '.join((*TOLD, *OWNER))} FROM usage WHERE session_id = ?"
USING = (
    f"SELECT {', '.join((*ROW, *OWNER))} FROM interaction WHERE session_id = ? AND seq > ? "
    "AND (result LIKE '%\"usage\":%' OR substr(result, 1, ?) = ?) ORDER BY seq LIMIT ?"
)


def faults(session: Session) -> list[str]:
    """Every row of a session's log that has other usage in the sums; empty when none."""
    differing = set(fetch(KEPT, (session.id,))).symmetric_difference(_derive(session))
    return [
        f"the usage of row {seq} is not in the sums as the log has it"
        for seq in sorted({row[1] for row in differing})
    ]


def _derive(session: Session) -> Iterator[tuple[Any, ...]]:
    after = 0
    mark = (len(blobs.MARK), blobs.MARK)
    while found := fetch(USING, (session.id, after, *mark, CHUNK)):
        for values in found:
            (row,) = read_rows([values[: len(ROW)]])
            if row.result is not None and row.result.usage:
                time = values[ROW.index("completed_at")]
                for entry in entries(session.id, row.seq, row.step, row.result, time):
                    yield (*entry, *values[len(ROW) :])
        after = found[-1][1]
