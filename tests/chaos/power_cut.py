"""What is on a disk after the power was cut at a moment of a trace.

What a program has written is on the disk for sure once it was flushed, and what files there are
once their folder was. All else may be lost, or kept, or kept in part; a sector is whole.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from tests.chaos.tracing import Event

SECTOR = 512

Keep = Callable[[], bool]
"""Whether the next thing that was not flushed is on the disk."""


class Content:
    """What is in a file: what was flushed, and what was done since."""

    def __init__(self) -> None:
        self.flushed = bytearray()
        self.since: list[tuple[int, bytes | None]] = []
        """Pieces by their offset; a size that the file was cut to has None."""

    def flush(self) -> None:
        """All of it is on the disk."""
        self.flushed = self.after(lambda: True)
        self.since = []

    def after(self, keep: Keep) -> bytearray:
        """What is there when the power is back."""
        found = bytearray(self.flushed)
        for place, data in self.since:
            if data is None:
                if keep():
                    _resize(found, place)
                continue
            for start, end in sectors(place, len(data)):
                if keep():
                    _resize(found, max(len(found), end))
                    found[start:end] = data[start - place : end - place]
        return found


def sectors(offset: int, size: int) -> list[tuple[int, int]]:
    """Beginning and end of each part of a piece that lies in one sector."""
    end = offset + size
    cuts = [offset, *range(offset - offset % SECTOR + SECTOR, end, SECTOR), end]
    return list(pairwise(cuts))


def _resize(data: bytearray, size: int) -> None:
    del data[size:]
    data.extend(bytes(size - len(data)))


class Disk:
    """The files of one folder while a trace goes on."""

    def __init__(self) -> None:
        self.files: dict[str, Content] = {}
        self.flushed: dict[str, Content] = {}
        """The files that are there when the power is back and nothing more was kept."""

    def follow(self, event: Event) -> None:
        """Have happen what is written down; what does not concern files changes nothing."""
        match event:
            case ["write", name, offset, data]:
                self._file(name).since.append((offset, data))
            case ["truncate", name, size]:
                self._file(name).since.append((size, None))
            case ["sync", name]:
                self._file(name).flush()
            case ["delete", name]:
                self.files.pop(name, None)
            case ["directory"]:
                self.flushed = dict(self.files)

    def after(self, keep: Keep) -> dict[str, bytearray]:
        """The files that are there when the power is back."""
        files = self.files if keep() else self.flushed
        return {name: content.after(keep) for name, content in files.items()}

    def _file(self, name: str) -> Content:
        return self.files.setdefault(name, Content())


def lay_out(files: dict[str, bytearray], folder: Path) -> None:
    """Write them."""
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
