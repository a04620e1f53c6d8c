"""What a command prints: counted, hashed, decoded, passed on in groups, and kept within a limit.

Memory never grows with the length of the output: only the kept bytes and one group are held.
"""

import codecs
import hashlib
import time
from collections.abc import Callable

Emit = Callable[[str, str], None]

GROUP_BYTES = 32 * 1024  # one call of `emit` passes on about this much
GROUP_SECONDS = 0.2  # or what came in this time, when that is less


class Excerpt:
    """The first and the last bytes of what it was fed, at most `keep` of them together."""

    def __init__(self, keep: int) -> None:
        self.size = 0
        self._head = bytearray()
        self._tail = bytearray()
        self._head_limit = keep // 2
        self._tail_limit = keep - self._head_limit

    def feed(self, data: bytes) -> None:
        """Takes the next bytes."""
        self.size += len(data)
        room = self._head_limit - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        # Cutting only now and then keeps the cost of a byte constant.
        if len(self._tail) > 2 * self._tail_limit:
            self._cut_tail()

    def text(self) -> str:
        """What was kept, readable; a line in the middle says how many bytes are left out."""
        head, tail = self._parts()
        left_out = self.size - len(head) - len(tail)
        if not left_out:
            return decode(head + tail)
        return f"{decode(head)}\n[interlock: {left_out} bytes left out]\n{decode(tail)}"

    def left_out(self) -> int:
        """How many bytes are missing in the middle."""
        return self.size - sum(map(len, self._parts()))

    def _cut_tail(self) -> None:
        del self._tail[: max(0, len(self._tail) - self._tail_limit)]

    def _parts(self) -> tuple[bytes, bytes]:
        self._cut_tail()
        head, tail = bytes(self._head), bytes(self._tail)
        if self.size == len(head) + len(tail):
            return head, tail
        return head[: len(head) - _cut_short(head)], tail[_continued(tail) :]


class Stream:
    """One output stream of a command, `stdout` or `stderr`."""

    def __init__(self, name: str, keep: int, emit: Emit) -> None:
        self.name = name
        self.excerpt = Excerpt(keep)
        self._keep = keep
        self._emit = emit
        self._digest = hashlib.sha256()
        self._decoder = _decoder()
        self._group: list[str] = []
        self._group_bytes = 0
        self._group_began = 0.0
        self._room = keep

    @property
    def sha256(self) -> str:
        """The digest, in hexadecimal, of every byte that came, kept or not."""
        return self._digest.hexdigest()

    def feed(self, data: bytes, now: float, *, final: bool = False) -> str:
        """Takes the next bytes, passes on a full group, and returns the text they complete.

        `now` is the time of a monotonic clock in seconds. `final` says that no more will come.
        """
        self._digest.update(data)
        self.excerpt.feed(data)
        text = _visible(self._decoder.decode(data, final))
        if text and self._room >= 0:
            self._add(text, now)
        self.flush(now, final=final)
        return text

    def flush(self, now: float, *, final: bool = False) -> None:
        """Passes on the group when it is large or old enough, or when `final`."""
        due = self._group_bytes >= GROUP_BYTES or now - self._group_began >= GROUP_SECONDS
        if self._group and (due or final):
            text = "".join(self._group)
            self._group.clear()
            self._group_bytes = 0
            self._emit(self.name, text)

    def _add(self, text: str, now: float) -> None:
        if not self._group:
            self._group_began = now
        encoded = text.encode()
        if len(encoded) > self._room:
            text = encoded[: self._room].decode(errors="ignore")
            text += f"\n[interlock: more than {self._keep} bytes; the rest is not shown here]\n"
        self._group.append(text)
        self._group_bytes += len(encoded)
        self._room -= len(encoded)  # below zero: the notice is out, nothing more is passed on


class Capture:
    """All that one command prints: both streams, and both together in the order of arrival.

    `listen` gets all the text of standard output as it comes, however much that is.
    """

    def __init__(self, keep: int, emit: Emit, listen: Callable[[str], None] | None = None) -> None:
        self._listen = listen
        self.stdout = Stream("stdout", keep, emit)
        self.stderr = Stream("stderr", keep, emit)
        self.output = Excerpt(keep)

    def feed(self, name: str, data: bytes) -> None:
        """Takes the next bytes of the stream `name`."""
        self._feed(self.stdout if name == "stdout" else self.stderr, data)

    def flush(self) -> None:
        """Passes on what has waited long enough."""
        self.stdout.flush(time.monotonic())
        self.stderr.flush(time.monotonic())

    def end(self) -> None:
        """Passes on all that waits: no more will come."""
        self._feed(self.stdout, b"", final=True)
        self._feed(self.stderr, b"", final=True)

    def _feed(self, stream: Stream, data: bytes, *, final: bool = False) -> None:
        text = stream.feed(data, time.monotonic(), final=final)
        if self._listen is not None and stream is self.stdout:
            self._listen(text)
        # Text, not bytes: a character that comes in two parts is not split by the other stream.
        self.output.feed(text.encode())


def decode(data: bytes) -> str:
    """The bytes as UTF-8 text; an invalid byte reads `\\xff`, a NUL reads `\\x00`."""
    return _visible(data.decode(errors="backslashreplace"))


def _visible(text: str) -> str:
    return text.replace("\0", "\\x00")


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")(errors="backslashreplace")


def _cut_short(data: bytes) -> int:
    """How many bytes at the end begin a character that the cut did not leave whole."""
    decoder = _decoder()
    decoder.decode(data[-4:])
    return len(decoder.getstate()[0])


def _continued(data: bytes) -> int:
    """How many bytes at the start belong to a character that began before the cut."""
    return next((n for n, byte in enumerate(data[:3]) if byte & 0xC0 != 0x80), len(data[:3]))
