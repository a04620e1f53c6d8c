"""Who is told, after each commit of this process, what became of a session."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from typing import Literal

from interlock.engine.values import Interaction, Scope, Session

Change = Literal["created", "issued", "done", "ended", "reopened", "archived"]
Callback = Callable[[Change, Session, Interaction | None], None]

_subscribers: list[tuple[Scope, Callback]] = []


def subscribe(scope: Scope, callback: Callback) -> Callable[[], None]:
    """Have `callback(change, session, interaction)` called for what this process commits in scope.

    `issued`: a command's row is open. `done`: a row was closed, its status says how.
    Returns the function that ends it.
    """
    entry = (scope, callback)
    _subscribers.append(entry)

    def unsubscribe() -> None:
        with contextlib.suppress(ValueError):
            _subscribers.remove(entry)

    return unsubscribe


def is_heard() -> bool:
    """True when anybody subscribed: what nobody hears need not be told."""
    return bool(_subscribers)


def publish(change: Change, session: Session, interaction: Interaction | None) -> None:
    """Tell everyone whose scope holds the session."""
    for scope, callback in tuple(_subscribers):
        if scope.account_id != session.account_id:
            continue
        if scope.project_id not in (None, session.project_id):
            continue
        try:
            callback(change, session, interaction)
        except Exception as error:  # the change is durable: a subscriber cannot undo it
            warnings.warn(f"a subscriber raised {type(error).__name__}: {error}", stacklevel=2)
