"""What a command prints: counted, hashed, cleared of secrets, made readable, passed on, kept.

Memory never grows with the length of the output: only the kept bytes and one group are held.
"""

import codecs
import hashlib
import time
from collections.abc import Callable

from interlock.engine.escapes import Escaper, escape
from interlock.secrets.redaction import Redaction

Emit = Callable[[str, str], None]

GROUP_BYTES = 32 * 1024  # one call of `emit` passes on about this much
GROUP_SECONDS = 0.2  # or what came in this time, when that is less


class Excerpt:
    """The first and the last bytes of what it was fed, at most `keep` of them together."""

    def __init__(self, keep: int, read: Callable[[bytes], str] | None = None) -> None:
        """`read` makes them readable, `decode` if it is not given."""
        self.size = 0
        self._read = read or decode
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
            return self._read(head + tail)
        notice = f"\n[interlock: {left_out} bytes left out]\n"
        return f"{self._read(head)}{notice}{self._read(tail)}"

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

    def __init__(
        self, name: str, keep: int, emit: Emit, redaction: Redaction | None = None
    ) -> None:
        self.name = name
        self.size = 0  # bytes that came
        self.excerpt = Excerpt(keep)
        self._clear = None if redaction is None else redaction.stream()
        self._keep = keep
        self._emit = emit
        self._digest = hashlib.sha256()
        self._decoder = _decoder()
        self._escaper = Escaper()
        self._group: list[str] = []
        self._group_bytes = 0
        self._group_began = 0.0
        self._room = keep

    @property
    def sha256(self) -> str:
        """The digest, in hexadecimal, of every byte that came, kept or not."""
        return self._digest.hexdigest()

    def feed(self, data: bytes, now: float, *, final: bool = False) -> tuple[str, str]:
        """Takes the next bytes, passes on a full group, and returns the text they complete: as it
        was decoded, with surrogates for invalid bytes, and as it can be read.

        `now` is the time of a monotonic clock in seconds. `final` says that no more will come.
        """
        self.size += len(data)
        self._digest.update(data)
        if self._clear is not None:
            data = self._clear.feed(data, final=final)
        self.excerpt.feed(data)
        decoded = self._decoder.decode(data, final)
        text = self._escaper.feed(decoded)
        if text and self._room >= 0:
            self._add(text, now)
        self.flush(now, final=final)
        return decoded, text

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

    `listen` gets all the text of standard output as it comes, however much that is. `redaction`
    takes secrets out of all of it first.
    """

    def __init__(
        self,
        keep: int,
        emit: Emit,
        listen: Callable[[str], None] | None = None,
        redaction: Redaction | None = None,
    ) -> None:
        self._listen = listen
        self._redaction = redaction
        self.stdout = Stream("stdout", keep, emit, redaction)
        self.stderr = Stream("stderr", keep, emit, redaction)
        self._both = Excerpt(keep, bytes.decode)
        self._escaper = Escaper()

    def output(self) -> str:
        """What was kept of both streams together."""
        text = self._both.text()
        # Of a value that comes half from one stream and half from the other none of them knows.
        return text if self._redaction is None else self._redaction.text(text)

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
        decoded, text = stream.feed(data, time.monotonic(), final=final)
        if self._listen is not None and stream is self.stdout:
            self._listen(text)
        # Text, not bytes: a character that comes in two parts is not split by the other stream.
        self._both.feed(self._escaper.feed(decoded).encode())


def decode(data: bytes) -> str:
    """The bytes as UTF-8 text, with escapes for invalid bytes and NUL."""
    return escape(data.decode(errors="surrogateescape"))


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")


def _cut_short(data: bytes) -> int:
    """How many bytes at the end begin a character that the cut did not leave whole."""
    decoder = _decoder()
    decoder.decode(data[-4:])
    return len(decoder.getstate()[0])


def _continued(data: bytes) -> int:
    """How many bytes at the start belong to a character that began before the cut."""
    return next((n for n, byte in enumerate(data[:3]) if byte & 0xC0 != 0x80), len(data[:3]))
