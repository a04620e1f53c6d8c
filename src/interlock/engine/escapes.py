"""What no text may hold, written so that it can be read, and the way back to the bytes.

An escape begins with U+FFFD, the character that stands for what cannot be read. What a program
prints as text, such as Python's b'\\xff', is therefore left alone: only where U+FFFD stands before
a backslash in the text itself is that backslash doubled, so that nothing reads in two ways.

    U+FFFD \\xff      a byte that is no part of UTF-8 text; \\x00 is NUL
    U+FFFD \\ud800    a lone surrogate
    U+FFFD \\\\        U+FFFD and a backslash
"""

from __future__ import annotations

import re

MARK = "\ufffd"

_UNFIT = re.compile("[\0\ud800-\udfff]|(?<=\ufffd)\\\\")
_ESCAPE = re.compile("\ufffd\\\\(?:x(00|[89a-f][0-9a-f])|u(d[89a-f][0-9a-f]{2})|\\\\)")


def is_fit(text: str) -> bool:
    """True when any text may hold this: it has no NUL and no lone surrogate."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def escape(text: str) -> str:
    """The text with escapes for what cannot be kept. U+DC80 to U+DCFF stand for bytes, as they do
    after decoding with `surrogateescape`."""
    return text if is_fit(text) and MARK not in text else _UNFIT.sub(_write, text)


def restore(text: str) -> bytes:
    """The bytes of which `escape` made this text, in UTF-8."""
    parts, begin = [], 0
    for found in _ESCAPE.finditer(text):
        parts += [text[begin : found.start()].encode(), _read(found)]
        begin = found.end()
    return b"".join((*parts, text[begin:].encode()))


class Escaper:
    """Escapes a text that comes in pieces: the same as `escape` makes of the whole."""

    def __init__(self) -> None:
        self._marked = False  # the piece before ended with U+FFFD

    def feed(self, text: str) -> str:
        """The next piece, escaped."""
        if not text:
            return text
        doubled = self._marked and text[0] == "\\"
        self._marked = text[-1] == MARK
        return f"\\{escape(text)}" if doubled else escape(text)


def _write(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code == ord("\\"):
        return "\\\\"
    if code == 0 or 0xDC80 <= code <= 0xDCFF:
        return f"{MARK}\\x{code & 0xFF:02x}"
    return f"{MARK}\\u{code:04x}"


def _read(found: re.Match[str]) -> bytes:
    byte, surrogate = found.groups()
    if byte:
        return bytes.fromhex(byte)
    if surrogate:
        return chr(int(surrogate, 16)).encode(errors="surrogatepass")
    return f"{MARK}\\".encode()
