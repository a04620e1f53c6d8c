"""Payloads over a cap: kept once by the SHA-256 of their text; the row keeps digest, size, head."""

from __future__ import annotations

from hashlib import sha256

import orjson

from interlock.engine.errors import StoreUnusable
from interlock.store.connection import execute, fetch_one

CAP = 64 * 1024
"""Bytes of JSON text that a row keeps itself."""

HEAD = 256
"""Characters of a blob's text that the row keeps to be looked at."""

MARK = '{ "blob":'
"""How a reference begins: JSON, but never canonical, so that no payload can be taken for one."""


def keep(text: str) -> str:
    """What the row keeps: the text itself, or a reference to the blob it was put into."""
    if len(text) <= CAP // 4 or len(text.encode()) <= CAP:
        return text
    content = text.encode()
    digest = sha256(content).hexdigest()
    execute(
        "INSERT INTO blob (digest, size, content) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (digest, len(content), content),
    )
    told = orjson.dumps({"blob": digest, "size": len(content), "head": text[:HEAD]}).decode()
    return MARK + told.removeprefix('{"blob":')


def fetch(kept: str) -> str:
    """The text that was given to `keep`. Raises StoreUnusable when its blob is gone or changed."""
    if not kept.startswith(MARK):
        return kept
    content = _content(kept)
    if content is None:
        digest = orjson.loads(kept)["blob"]
        raise StoreUnusable(
            f"the payload {digest[:12]} is missing or damaged; run `interlock verify --all`"
        )
    return content.decode()


def is_whole(kept: str) -> bool:
    """False of a reference whose blob is gone or changed."""
    return not kept.startswith(MARK) or _content(kept) is not None


def _content(kept: str) -> bytes | None:
    digest = orjson.loads(kept)["blob"]
    row = fetch_one("SELECT content FROM blob WHERE digest = ?", (digest,))
    if row is None or sha256(row[0]).hexdigest() != digest:
        return None
    return bytes(row[0])
