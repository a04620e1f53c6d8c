"""The chain over a session's log: each digest is over the one before it and the bytes that were
stored, so that nothing can be changed, left out or put in without all after it being wrong.

It begins with who owns the session and its input. A row is linked when it is opened, with its
command, and when it is closed, with its result. The session has the newest digest.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from interlock.store import blobs
from interlock.store.connection import fetch, fetch_one

OPENED = ("seq", "step", "attempt", "command", "inserted_at", "due_at")
"""What a row is linked with when it is opened."""
CLOSED = ("status", "result", "submitted", "completed_at")
"""What it is linked with when it is closed."""
CHUNK = 200


def link(digest: str, *facts: object) -> str:
    """The digest after these facts: SHA-256 in hexadecimal of their texts between NUL bytes, which
    no text of the store holds; nothing and an empty text differ."""
    told = ["\x01" if fact is None else str(fact) for fact in (digest, *facts)]
    return sha256("\0".join(told).encode()).hexdigest()


def begin(session_id: str, account_id: str, type: str, input: str) -> str:
    """The digest of a session without rows, given the stored text of its input."""
    return link("", session_id, account_id, type, input)


def faults(session_id: str) -> Iterator[str]:
    """What does not fit in a session, row by row from the first on; nothing where the whole log is
    as it was written, its large payloads too."""
    begun = "SELECT id, account_id, type, input, head FROM session WHERE id = ?"
    *facts, head = fetch_one(begun, (session_id,))
    account_id = facts[1]
    yield from _lost("the input", account_id, facts[-1])
    digest, expected, after = begin(*facts), 1, 0
    while True:
        rows = fetch(
            f"SELECT {', '.join((*OPENED, *CLOSED))}, digest FROM interaction "
            "WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?",
            (session_id, after, CHUNK),
        )
        for seq, *rest, kept in rows:
            if seq != expected:
                yield f"row {expected} is missing"
            digest = _follow(digest, seq, rest)
            if digest != kept:
                yield f"row {seq} is not as it was written"
                digest = kept  # what comes after it is judged by itself
            for name, text in (("command", rest[2]), ("result", rest[6])):
                yield from _lost(f"row {seq}: its {name}", account_id, text)
            after, expected = seq, seq + 1
        if len(rows) < CHUNK:
            break
    if digest != head:
        yield f"the log ends at row {after}, and not where its session says"


def _follow(digest: str, seq: int, facts: list[str | None]) -> str:
    digest = link(digest, seq, *facts[:5])
    return digest if facts[5] == "open" else link(digest, *facts[5:])


def _lost(what: str, account_id: str, kept: str | None) -> Iterator[str]:
    if kept is not None and not blobs.is_whole(account_id, kept):
        yield f"{what} is kept apart, and is missing or damaged"
