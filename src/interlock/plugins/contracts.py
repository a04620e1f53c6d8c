"""What an environment and an exporter must be able to do; an agent's contract is beside the agents.

An entry point may name an object that does it, or a class that is made without arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import Event
from typing import Any, Protocol

from interlock.engine import Interaction, Result, Session

Emit = Callable[[str, Mapping[str, Any]], None]
"""Called with an event's type and data."""


class Environment(Protocol):
    """Where commands run.

    It may also have `check(options)`, which raises InvalidInput unless the words after its name
    are options it takes. Without it, it takes none. With `by_hand = True` it executes nothing:
    the commands of its sessions wait until somebody submits their results.
    """

    def execute(
        self, session: Session, interaction: Interaction, *, emit: Emit, stop: Event
    ) -> Result:
        """The result of the interaction's command, a Shell, Prompt or Call. It ends early when
        `stop` is set, and never raises for what the command does wrong."""


class Exporter(Protocol):
    """Turns a session into text."""

    def __call__(self, session: Session, interactions: Iterable[Interaction]) -> str:
        """The session and its log as one text."""
