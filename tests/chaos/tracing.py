"""What SQLite does to the files of one folder, written down: a layer between it and the disk.

A trace is a list of events, each a list that begins with what was done: `write file offset bytes`,
`truncate file size`, `sync file`, `delete file`, `directory` (what files there are is on the disk
now), and whatever else is noted in between.
"""

import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw

Buffer = bytes | bytearray | memoryview
Event = list[Any]

JOURNALS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL


class Trace:
    """The events so far, in the order in which they took effect."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[Event] = []
        self.lock = threading.Lock()

    def note(self, *event: Any) -> None:
        """Write down what is no doing of SQLite."""
        with self.lock:
            self.events.append([*event])

    def save(self, file: Path) -> None:
        """Keep it, an event a line."""
        with file.open("w") as out:
            for event in self.events:
                out.write(json.dumps(event, default=lambda data: b64encode(data).decode()) + "\n")


def read_trace(file: Path) -> Iterator[Event]:
    """The events of a trace that was saved."""
    for line in file.read_text().splitlines():
        event: Event = json.loads(line)
        if event[0] == "write":
            event[3] = b64decode(event[3])
        yield event


class TracingDisk(apsw.VFS):
    """The disk as it is, for every database that this process opens from now on; what is done in
    the folder of the trace is written down."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.below = trace, apsw.vfs_names()[0]
        super().__init__("traced", self.below, makedefault=True)

    def xOpen(  # noqa: N802  the name is SQLite's
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        """The file; one of the folder is a traced one."""
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None or Path(path).parent != self.trace.folder:
            return apsw.VFSFile(self.below, name, flags)
        return TracedFile(self, name, flags, Path(path).name)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        """Delete a file; whether that is on the disk at once is said too."""
        with self.trace.lock:
            super().xDelete(filename, syncdir)
            if Path(filename).parent == self.trace.folder:
                self.trace.events.append(["delete", Path(filename).name])
                if syncdir:
                    self.trace.events.append(["directory"])


class TracedFile(apsw.VFSFile):
    """A file of the folder."""

    def __init__(
        self, disk: TracingDisk, name: str | apsw.URIFilename | None, flags: list[int], plain: str
    ) -> None:
        self.trace, self.name = disk.trace, plain
        # SQLite's way on Unix: with its first flush a new journal's folder is flushed too.
        self.new = bool(flags[0] & apsw.SQLITE_OPEN_CREATE and flags[0] & JOURNALS)
        super().__init__(disk.below, name, flags)

    def xWrite(self, data: Buffer, offset: int) -> None:  # noqa: N802
        """Write a piece."""
        with self.trace.lock:
            super().xWrite(data, offset)
            self.trace.events.append(["write", self.name, offset, bytes(data)])

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        """Make it so long."""
        with self.trace.lock:
            super().xTruncate(newsize)
            self.trace.events.append(["truncate", self.name, newsize])

    def xSync(self, flags: int) -> None:  # noqa: N802
        """Wait until what was written is on the disk."""
        with self.trace.lock:
            super().xSync(flags)
            self.trace.events.append(["sync", self.name])
            if self.new:
                self.trace.events.append(["directory"])
                self.new = False
