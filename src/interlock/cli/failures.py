"""What went wrong, in one line, and the exit status that stands for it."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

import click

from interlock.cli.entry import NO_OUTPUT
from interlock.engine.errors import (
    DefinitionError,
    InterlockError,
    InvalidInput,
    NotFound,
    PluginUnusable,
    Refused,
    StoreUnusable,
    TypeUnusable,
)

USAGE = 2
BUG = 70
INTERRUPTED = 130

STATUSES: tuple[tuple[type[InterlockError], int], ...] = (
    (InvalidInput, USAGE),
    (NotFound, 3),
    (Refused, 4),
    (DefinitionError, 6),
    (TypeUnusable, 6),
    (PluginUnusable, 6),
    (StoreUnusable, 7),
)
"""The exit status of every error; the others of a command are its own business."""


def explain(error: BaseException) -> tuple[str, int]:
    """One line that says what to do, and the exit status; the line may be empty."""
    if isinstance(error, InterlockError):
        return _line(str(error)), status_of(error)
    if isinstance(error, click.ClickException):
        return _explain_usage(error), USAGE
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", INTERRUPTED
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EIO, errno.EBADF):
        return f"the output cannot be written: {error.strerror}", NO_OUTPUT
    return _explain_bug(error), BUG


def status_of(error: InterlockError) -> int:
    """The exit status of an error."""
    return next((status for cls, status in STATUSES if isinstance(error, cls)), BUG)


def _explain_usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    message = _line(error.format_message()).rstrip(".")
    if context is None:
        return message
    return f"{message}; `{context.command_path} --help` shows how"


def _explain_bug(error: BaseException) -> str:
    name = type(error).__name__
    try:
        place = write_report(error)
    except (OSError, InterlockError) as failure:
        told = getattr(failure, "strerror", None) or failure
        return f"a fault in Interlock: {name}; no report could be written: {_line(str(told))}"
    return f"a fault in Interlock: {name}; please report it with {place}"


def write_report(error: BaseException) -> Path:
    """The new file in the data directory that tells all about an unexpected error."""
    from interlock import __version__
    from interlock.config import settings

    now = datetime.now(UTC)
    folder = settings(os.environ).data_dir / "reports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = folder / f"{now:%Y%m%dT%H%M%S.%f}-{os.getpid()}.txt"
    system = f"Interlock {__version__}, Python {sys.version}, {sys.platform}"
    told = "".join(traceback.format_exception(error))
    place.write_text(f"{now.isoformat()}\n{system}\n\n{told}", errors="backslashreplace")
    return place


def _line(text: str) -> str:
    return " ".join(text.split())
