"""Payloads over a cap: kept once for each account by the SHA-256 of their text; the row keeps
digest, size, head."""

from __future__ import annotations

from hashlib import sha256

import orjson

from interlock.engine.errors import StoreUnusable
from interlock.store import connection
from interlock.store.connection import execute, fetch_one

CAP = 64 * 1024
"""Bytes of JSON text that a row keeps itself."""

HEAD = 256
"""Characters of a blob's text that the row keeps to be looked at."""

MARK = '{ "blob":'
"""How a reference begins: JSON, but never canonical, so that no payload can be taken for one."""


def keep(account_id: str, text: str) -> str:
    """What a row of an account keeps: the text itself, or a reference to the blob it was put
    into."""
    if len(text) <= CAP // 4 or len(text.encode()) <= CAP:
        return text
    content = text.encode()
    digest = sha256(content).hexdigest()
    execute(
        "INSERT INTO blob (digest, account_id, size, content) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (digest, account_id, len(content), content),
    )
    told = orjson.dumps({"blob": digest, "size": len(content), "head": text[:HEAD]}).decode()
    return MARK + told.removeprefix('{"blob":')


def fetch(kept: str) -> str:
    """The text that was given to `keep`. Raises StoreUnusable when its blob is gone or changed."""
    if not kept.startswith(MARK):
        return kept
    digest = orjson.loads(kept)["blob"]
    # Whose copy it is makes no difference: each is what its digest says, or is passed over.
    copies = connection.fetch("SELECT content FROM blob WHERE digest = ?", (digest,))
    content: bytes | None = next(
        (copy for (copy,) in copies if sha256(copy).hexdigest() == digest), None
    )
    if content is None:
        raise StoreUnusable(
            f"the payload {digest[:12]} is missing or damaged; run `interlock verify --all`"
        )
    return content.decode()


def is_whole(account_id: str, kept: str) -> bool:
    """False of a reference whose blob the account has not, or not as it was written."""
    if not kept.startswith(MARK):
        return True
    digest = orjson.loads(kept)["blob"]
    own = "SELECT content FROM blob WHERE digest = ? AND account_id = ?"
    row = fetch_one(own, (digest, account_id))
    return row is not None and sha256(row[0]).hexdigest() == digest
