"""The forms in which a secret's value turns up in what programs print."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

URLSAFE = bytes.maketrans(b"+/", b"-_")


def encode(value: str) -> frozenset[bytes]:
    """The value as it is, and in JSON, percent-encoded, in hexadecimal and in base64.

    JSON also inside of JSON, with escapes for what is not ASCII or for `/` and without. Base64
    wherever the value begins in what is encoded, with both alphabets: of a value in the middle of
    other bytes, all characters that it alone decides.
    """
    raw = value.encode(errors="surrogateescape")
    texts = {value, *_in_json(value), *_in_urls(raw), raw.hex(), raw.hex().upper()}
    found = {text.encode(errors="surrogateescape") for text in texts}
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        part = encoded[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]
        found |= {part, part.translate(URLSAFE)}
    return frozenset(found)


def _in_json(value: str) -> Iterator[str]:
    for ascii_only in (True, False):
        once = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        for text in (once, once.replace("/", "\\/")):
            yield text
            yield json.dumps(text, ensure_ascii=ascii_only)[1:-1]


def _in_urls(raw: bytes) -> Iterator[str]:
    for text in (quote(raw, safe=""), quote(raw), quote(raw, safe="!'()*"), quote_plus(raw)):
        yield text
        yield re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), text)
