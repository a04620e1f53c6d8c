"""What an agent's run needs beside a process: its files laid out, its lines read as they come."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import evolve

from interlock.agents.invocation import Invocation, Reader
from interlock.config import settings
from interlock.environments.results import Refusal
from interlock.plugins.contracts import Emit

MAX_LINE = 4 * 1024 * 1024  # characters of one line that a reader gets
FOLDER = "invocations"  # in the data directory: some programs trust no file below /tmp
MARK = "{files}/"


@contextmanager
def lay_files(asked: Invocation, session_id: str) -> Iterator[Invocation]:
    """The invocation with its files laid out in a private directory, which is removed afterwards.
    What a killed run of the session left there is removed first. Raises Refusal."""
    if not asked.files:
        yield asked
        return
    folder = settings(os.environ).data_dir.absolute() / FOLDER / _name(session_id)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        for name, text in asked.files.items():
            (folder / _name(name)).write_text(text, encoding="utf-8", newline="")
    except (OSError, UnicodeEncodeError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Refusal(f"the agent's files cannot be laid out in {folder}: {error}") from None
    try:
        yield evolve(
            asked,
            argv=tuple(_place(word, folder) for word in asked.argv),
            env={name: _place(value, folder) for name, value in asked.env.items()},
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}", text):
        raise Refusal(f"{text!r} cannot be the name of a file: use letters, digits, . _ and -")
    return text


def _place(word: str, folder: Path) -> str:
    return f"{folder}/{word.removeprefix(MARK)}" if word.startswith(MARK) else word


class Listener:
    """Gives a reader each line of a text that comes in pieces, and emits what the reader makes.

    A line over `MAX_LINE` is given without its end. A reader that raises gets no more lines.
    """

    def __init__(self, reader: Reader, emit: Emit) -> None:
        self.fault: Exception | None = None  # what the reader raised
        self._reader = reader
        self._emit = emit
        self._pieces: list[str] = []
        self._room = MAX_LINE

    def feed(self, text: str) -> None:
        """Takes the next piece of the text."""
        *whole, rest = text.split("\n")
        for line in whole:
            self._keep(line)
            self._give()
        self._keep(rest)

    def close(self) -> None:
        """Gives the last line, which no line end follows."""
        if self._pieces:
            self._give()

    def _keep(self, piece: str) -> None:
        if piece and self._room:
            self._pieces.append(piece[: self._room])
            self._room -= len(self._pieces[-1])

    def _give(self) -> None:
        line = "".join(self._pieces)
        self._pieces, self._room = [], MAX_LINE
        if self.fault is not None:
            return
        try:
            events = self._reader.feed(line)
        except Exception as error:
            self.fault = error
            return
        for kind, data in events:
            self._emit(kind, data)


Listen = Callable[[str], None]
