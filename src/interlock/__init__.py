"""A state machine decides what happens next in a session; agents only do it.

The names a session type is written with; each is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from interlock.engine import (
        CANCELLED,
        COMPLETE,
        FAILED,
        Ask,
        Call,
        Child,
        Command,
        Interaction,
        Prompt,
        Result,
        Scope,
        Session,
        SessionType,
        Shell,
        Spawn,
        Wait,
        step,
    )

__all__ = [
    "CANCELLED",
    "COMPLETE",
    "FAILED",
    "Ask",
    "Call",
    "Child",
    "Command",
    "Interaction",
    "Prompt",
    "Result",
    "Scope",
    "Session",
    "SessionType",
    "Shell",
    "Spawn",
    "Wait",
    "__version__",
    "step",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'interlock' has no attribute {name!r}")
    from interlock import engine

    return getattr(engine, name)
