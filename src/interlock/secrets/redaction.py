"""Secret values taken out of text, also of text that comes in pieces.

What is looked for are the values themselves and their common encodings, not what looks like a
secret. Whoever turns a value around before printing it is not stopped by this.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from interlock.secrets.encodings import encode

PREFIX = 16  # bytes, at most, that are looked at before a needle is compared
FEW = 10  # needles: about as many as one value has
BLANK = "\u2588" * 3  # a full block, three times: it is part of no sensible secret

Named = tuple[tuple[str, str], ...]


@lru_cache(maxsize=16)
def redaction_of(named: Named) -> Redaction | None:
    """What takes these values, given with their names, out of text; None where there are none."""
    return Redaction(named) if named else None


class Redaction:
    """Some values and their encodings; each becomes `[secret:NAME]`.

    Where such a mark could itself be part of what is looked for, it is a blank. So what comes out
    holds no value and no encoding of one, and text that held none comes out as it was.
    """

    def __init__(self, named: Iterable[tuple[str, str]]) -> None:
        names: dict[bytes, str] = {}
        for name, value in named:
            for needle in encode(value):
                names.setdefault(needle, name)
        self._names = names
        self._needles = sorted(names, key=len, reverse=True)
        self.longest = len(self._needles[0])
        self._prefix = min(PREFIX, len(self._needles[-1]))
        self._marks = {name: _mark(name, self._needles) for name in set(names.values())}
        self._beginnings = {needle[:n] for needle in names for n in range(1, self._prefix)}
        self._by_prefix: dict[bytes, list[bytes]] = {}
        for needle in names:
            self._by_prefix.setdefault(needle[: self._prefix], []).append(needle)
        # Most places are ruled out by their first bytes, whatever the number of needles.
        sets = (bytes(sorted({needle[n] for needle in self._needles})) for n in range(self._prefix))
        self._likely = re.compile(b"".join(b"[" + re.escape(chars) + b"]" for chars in sets))
        self._exact = re.compile(b"|".join(map(re.escape, self._needles)))

    def text(self, text: str) -> str:
        """The text without the values."""
        data = text.encode(errors="surrogatepass")
        if self._find(data, 0) is None:
            return text
        return self.stream().feed(data, final=True).decode(errors="surrogatepass")

    def value(self, value: Any) -> Any:
        """The plain data with all its texts, also names of members, without the values."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.value(key): self.value(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(part) for part in value]
        return value

    def names(self, text: str) -> set[str]:
        """The names of the values that are in the text."""
        data = text.encode(errors="surrogatepass")
        if self._find(data, 0) is None:
            return set()
        return {name for needle, name in self._names.items() if needle in data}

    def stream(self) -> Stream:
        """What takes the values out of bytes that come in pieces."""
        return Stream(self)

    def _find(self, data: bytes, begin: int) -> re.Match[bytes] | None:
        # To look for each of a few needles is much faster than an expression, where none is there.
        if len(self._needles) <= FEW and not any(needle in data for needle in self._needles):
            return None
        while likely := self._likely.search(data, begin):
            begin = likely.start()
            if exact := self._exact.match(data, begin):
                return exact
            begin += 1
        return None

    def _open_ends(self, data: bytes) -> list[int]:
        """Where the rest of the data may be the beginning of a needle, the last place first."""
        tail = range(1, min(self._prefix, len(data) + 1))
        found = [len(data) - size for size in tail if data[-size:] in self._beginnings]
        longer, begin = [], max(0, len(data) - self.longest + 1)
        while likely := self._likely.search(data, begin):
            begin = likely.start() + 1
            rest = data[likely.start() :]
            if any(one.startswith(rest) for one in self._by_prefix.get(rest[: self._prefix], ())):
                longer.append(likely.start())
        return found + longer[::-1]

    def _take_out(self, data: bytes, final: bool) -> tuple[bytes, bytes]:
        """The data without the values, and its end that may still become one."""
        open_ends = [] if final else self._open_ends(data)
        parts: list[bytes] = []
        begin = 0
        while True:
            while open_ends and open_ends[-1] < begin:
                open_ends.pop()
            end = open_ends[-1] if open_ends else len(data)
            found = self._find(data, begin)
            if found is None or found.start() >= end:
                return b"".join((*parts, data[begin:end])), data[end:]
            parts += [data[begin : found.start()], self._marks[self._names[found.group()]]]
            begin = found.end()


class Stream:
    """Takes values out of bytes that come in pieces; where a piece ends changes nothing.

    It holds back only an end that may be the beginning of a value.
    """

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._held = b""

    def feed(self, data: bytes, *, final: bool = False) -> bytes:
        """What is certain by now; `final` says that no more will come."""
        out, self._held = self._redaction._take_out(self._held + data, final)
        return out


def _mark(name: str, needles: Iterable[bytes]) -> bytes:
    mark = f"[secret:{name}]".encode()
    return BLANK.encode() if any(_meet(mark, needle) for needle in needles) else mark


def _meet(mark: bytes, needle: bytes) -> bool:
    """True when a text could hold both with a part in common."""
    if needle in mark or mark in needle:
        return True
    ends = range(1, min(len(mark), len(needle)))
    return any(mark[-n:] == needle[:n] or needle[-n:] == mark[:n] for n in ends)
