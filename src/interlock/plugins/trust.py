"""Files that the user lets run as session types, each only as long as its content is the same."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from interlock.engine import SessionType
from interlock.engine.errors import InvalidInput, Refused
from interlock.plugins.builtin import SESSION_TYPES
from interlock.plugins.listing import TRUSTED, available
from interlock.plugins.pins import Pin, place, update_pins
from interlock.plugins.registry import forget
from interlock.plugins.source import define_types, locate, read_source
from interlock.plugins.wording import say


def check_file(path: str | os.PathLike[str]) -> tuple[type[SessionType], ...]:
    """The session types that a file defines. It runs the file and does not trust it.

    Raises DefinitionError or BrokenType; the message begins with `file:line` where that is known.
    """
    return tuple(define_types(read_source(path)).values())


def trust(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """The names of the file's session types, which from now on stand for this file as it is.

    It runs the file. Raises what `check_file` raises; Refused when a name is taken; StoreUnusable.
    """
    source = read_source(path)
    names = tuple(define_types(source))
    for plugin in available(SESSION_TYPES):
        if plugin.name in names and plugin.source != TRUSTED:
            raise Refused(
                f"{say(str(source.path))}: {plugin.name} is taken ({plugin.source}); "
                "rename the class"
            )
    pin = Pin(str(source.path), source.sha256, names)
    update_pins(place(), lambda pins: (*_others(pins, pin), pin))
    forget()
    return names


def untrust(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """The names that the file no longer stands for; the file need not exist any more.

    Raises InvalidInput when it is not trusted; StoreUnusable.
    """
    where = str(locate(path))
    removed: list[Pin] = []

    def remove(pins: tuple[Pin, ...]) -> Iterable[Pin]:
        removed.extend(pin for pin in pins if pin.path == where)
        if not removed:
            raise InvalidInput(f"{say(where)} is not trusted; `interlock types` lists what is")
        return (pin for pin in pins if pin.path != where)

    update_pins(place(), remove)
    forget()
    return tuple(name for pin in removed for name in pin.names)


def _others(pins: Iterable[Pin], new: Pin) -> Iterator[Pin]:
    """The pins that stay beside a new one. One whose file is gone gives its names up."""
    for pin in pins:
        taken = [name for name in pin.names if name in new.names]
        if pin.path == new.path:
            continue
        if not taken:
            yield pin
        elif Path(pin.path).is_file():
            raise Refused(
                f"{say(new.path)}: {taken[0]} comes from {say(pin.path)}, which is trusted; "
                f"rename the class or run `interlock types untrust {shlex.quote(pin.path)}`"
            )
