"""What the engine's tables do while somebody watches: the row that each result takes, and what
the guards said. The engine itself knows nothing of it; while nobody watches it runs as it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from attrs import frozen

from interlock.engine import Definition, Result, Session
from interlock.engine.definition import Guard
from interlock.engine.table import Row


@frozen
class Move:
    """One result on its way through a table."""

    kind: type
    """The session type's class."""
    definition: Definition
    session: Session
    """As it was when the guards were asked: the result is in its log."""
    row: Row | None
    """The row that was taken; None where no row takes the result, or where a guard raised."""
    asked: Mapping[str, bool]
    """What each guard that was asked said."""


Watcher = Callable[[Move], None]

_fire, _ask = Definition.fire, Guard.__call__
_watchers: list[Watcher] = []
_lock = threading.Lock()


class _Asking(threading.local):
    """What guards said, for each result that is being decided in this thread."""

    def __init__(self) -> None:
        self.answers: list[dict[str, bool]] = []


_asking = _Asking()


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Calls `watcher` with each move of every session in this process."""
    watch(watcher)
    try:
        yield
    finally:
        unwatch(watcher)


def watch(watcher: Watcher) -> None:
    """Calls `watcher` with each move from now on, until `unwatch`."""
    with _lock:
        _watchers.append(watcher)
        Definition.fire = cast(Any, _fire_watched)  # type: ignore[method-assign]
        Guard.__call__ = cast(Any, _ask_watched)  # type: ignore[method-assign]


def unwatch(watcher: Watcher) -> None:
    """Ends a `watch`."""
    with _lock:
        _watchers.remove(watcher)
        if not _watchers:
            Definition.fire = _fire  # type: ignore[method-assign]
            Guard.__call__ = _ask  # type: ignore[method-assign]


def find_row(
    definition: Definition, step: str, status: str, asked: Mapping[str, bool]
) -> Row | None:
    """The row that a result takes, given what the guards said that were asked."""
    trigger = definition.route(step, status)
    for row in definition.rows:
        if (row.source, row.trigger) == (step, trigger) and all(
            asked.get(name) is wanted for name, wanted in row.condition.items()
        ):
            return row
    return None


def _fire_watched(
    definition: Definition, kind: object, session: Session, result: Result
) -> str | None:
    asked: dict[str, bool] = {}
    row = None
    _asking.answers.append(asked)
    try:
        dest = _fire(definition, kind, session, result)
        row = find_row(definition, session.step, result.status, asked)
    finally:
        _asking.answers.pop()
        move = Move(type(kind), definition, session, row, asked)
        for watcher in tuple(_watchers):
            watcher(move)
    return dest


def _ask_watched(guard: Guard, kind: object, session: Session, result: Result) -> bool:
    said = _ask(guard, kind, session, result)
    if _asking.answers:
        _asking.answers[-1][guard.name] = said
    return said
