"""A user at a desk: commands run in this process, in a directory and with data of their own."""

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TextIO

import apsw
import pytest
from attrs import frozen

from interlock import plugins
from interlock.cli.entry import run
from interlock.sessions import recent
from interlock.store import connection


@frozen
class Answer:
    """What a command said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


class Desk:
    """Runs commands as one user in one project."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.project = home / "project"
        self.data = home / "data"
        self.project.mkdir()
        self.monkeypatch = monkeypatch
        self.enter(self.project)
        for name in [name for name in os.environ if name.startswith("INTERLOCK_")]:
            monkeypatch.delenv(name)
        self.set("INTERLOCK_DATA_DIR", str(self.data))

    def set(self, name: str, value: str) -> None:
        """Set an environment variable from now on."""
        self.monkeypatch.setenv(name, value)

    def enter(self, directory: Path) -> None:
        """Change the directory."""
        self.monkeypatch.chdir(directory)

    def __call__(self, *words: str, input: str | bytes = b"") -> Answer:
        """What a command says, with this on its standard input."""
        given = input.encode() if isinstance(input, str) else input
        out, err = _stream(), _stream()
        plugins.forget()  # another process would know nothing of what was loaded before
        recent.forget()
        with redirect_stdout(out), redirect_stderr(err), _stdin(given):
            status = run(words)
        connection.disconnect()
        return Answer(status, _read(out), _read(err))

    def json(self, *words: str, input: str | bytes = b"") -> Any:
        """What a command prints with --json; it must be fine."""
        answer = self(*words, "--json", input=input)
        assert answer.status == 0, answer.err
        return answer.json

    def change(self, sql: str) -> None:
        """Change the database behind Interlock's back."""
        with closing(apsw.Connection(str(self.data / "interlock.db"))) as file:
            file.execute(sql)

    def start(self, type: str, *words: str) -> str:
        """The id of a new session."""
        return str(self.json("start", type, *words)["id"])


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _read(stream: io.TextIOWrapper) -> str:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()


@contextmanager
def _stdin(given: bytes) -> Iterator[None]:
    before: TextIO = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(given), encoding="utf-8")
    try:
        yield
    finally:
        sys.stdin = before
