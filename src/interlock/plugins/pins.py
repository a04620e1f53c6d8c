"""The files a user trusts, each pinned to its content: `trusted.json` in the data directory."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from attrs import asdict, frozen

from interlock.config import settings
from interlock.engine.errors import BrokenType, StoreUnusable
from interlock.plugins.wording import explain, say
from interlock.replacement import replace_file

FILE = "trusted.json"


@frozen
class Pin:
    """A trusted file."""

    path: str
    """Absolute."""
    sha256: str
    """The digest of its content when it was trusted, in hex."""
    names: tuple[str, ...]
    """The session types it defines."""


def place() -> Path:
    """Where the pins are kept. It need not exist."""
    return settings(os.environ).data_dir / FILE


def read_pins(file: Path) -> tuple[Pin, ...]:
    """Every pin, oldest first; none where there is no file. Raises BrokenType."""
    try:
        written = json.loads(file.read_bytes())["files"]
        return tuple(
            Pin(str(one["path"]), str(one["sha256"]), tuple(map(str, one["names"])))
            for one in written
        )
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise BrokenType(f"{say(str(file))}: cannot be read: {explain(error)}") from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BrokenType(
            f"{say(str(file))}: not what `interlock types trust` writes; "
            "remove it and trust your files again"
        ) from error


def update_pins(file: Path, change: Callable[[tuple[Pin, ...]], Iterable[Pin]]) -> None:
    """Replace the pins by what `change` makes of them. Others who do so at the same time wait.

    Raises StoreUnusable when the file cannot be written, and what `change` raises.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
            pins = [asdict(pin) for pin in change(read_pins(file))]
            replace_file(file, json.dumps({"files": pins}, indent=2).encode() + b"\n")
    except OSError as error:
        raise StoreUnusable(
            f"{say(str(file))}: cannot be written: {explain(error)}; "
            "set INTERLOCK_DATA_DIR to a directory that can"
        ) from error
