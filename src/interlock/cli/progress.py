"""What a run shows while it goes on: lines, or on a terminal also what happens right now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Protocol

from interlock import plugins
from interlock.cli.descriptions import (
    describe_command,
    outcome,
    reason,
    seconds_of,
    show_attempt,
    show_seconds,
)
from interlock.cli.outlet import tell, word
from interlock.engine import Interaction, Session
from interlock.engine.errors import TypeUnusable

WIDE = 160


class Progress(Protocol):
    """Is told what a run does."""

    def __enter__(self) -> Progress:
        """Begin to show."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Show no more."""

    def begin(self, session: Session, row: Interaction) -> None:
        """A command is executed now."""

    def event(self, type: str, data: Mapping[str, Any]) -> None:
        """Something happened inside it."""

    def finish(self, session: Session, row: Interaction) -> None:
        """A row of the log is closed."""


class PlainProgress:
    """A line when a command begins and one when it has ended."""

    def __init__(self, root_id: str, *, error: bool) -> None:
        self.root_id = root_id
        self.error = error

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def begin(self, session: Session, row: Interaction) -> None:
        """Print what is executed."""
        attempt = show_attempt(row, attempt_limit(session, row.step))
        told = f" ({attempt})" if attempt else ""
        line = f"{label(session, row, self.root_id)}{told}: {describe_command(row.command)}"
        tell(word(line, WIDE), error=self.error)

    def event(self, type: str, data: Mapping[str, Any]) -> None:
        """Print where the session works; output is in the log."""
        if type == "workspace":
            tell(word(data.get("text", ""), 500), error=self.error)

    def finish(self, session: Session, row: Interaction) -> None:
        """Print how it ended."""
        tell(*finish_words(session, row, self.root_id), error=self.error)


class Shielded:
    """Shows what another progress shows, as long as it can. When the reader of a pipe has gone, or
    the disk behind the output is full, nothing is shown any more and the run goes on: what cannot
    be printed is no result of a command."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._lost = False

    def __enter__(self) -> Shielded:
        self._try(self._shown.__enter__)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._try(self._shown.__exit__, kind, error, trace)

    def begin(self, session: Session, row: Interaction) -> None:
        """A command is executed now."""
        self._try(self._shown.begin, session, row)

    def event(self, type: str, data: Mapping[str, Any]) -> None:
        """Something happened inside it."""
        self._try(self._shown.event, type, data)

    def finish(self, session: Session, row: Interaction) -> None:
        """A row of the log is closed."""
        self._try(self._shown.finish, session, row)

    def _try(self, show: Callable[..., object], *what: object) -> None:
        if not self._lost:
            try:
                show(*what)
            except OSError:
                self._lost = True


def make_progress(root_id: str, *, error: bool, terminal: bool) -> Progress:
    """The progress for a terminal or for anything else, on standard error with `error`."""
    if not terminal:
        return Shielded(PlainProgress(root_id, error=error))
    from interlock.cli.live import LiveProgress

    return Shielded(LiveProgress(root_id, error=error))


def label(session: Session, row: Interaction, root_id: str) -> str:
    """The number and the step of a row; for a child session also whose it is."""
    owner = "" if session.id == root_id else f"{session.title or session.type} "
    return f"{owner}#{row.seq} {row.step or 'session'}"


def finish_words(session: Session, row: Interaction, root_id: str) -> list[str | tuple[str, str]]:
    """A closed row in one line: what it was, how it ended, how long it took, why."""
    status = outcome(row)
    words: list[str | tuple[str, str]] = [f"{label(session, row, root_id)}: ", (status, status)]
    took = show_seconds(seconds_of(row))
    if took:
        words.append(f" in {took}")
    why = word(reason(row), WIDE)
    if why:
        words.append(f": {why}")
    return words


def attempt_limit(session: Session, step: str) -> int | None:
    """How often a step may be tried; None without a limit, or where the type cannot say."""
    try:
        found = plugins.load_type(session.type).definition.steps.get(step)
    except TypeUnusable:
        return None
    return None if found is None else found.attempts
