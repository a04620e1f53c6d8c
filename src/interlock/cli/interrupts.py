"""Ctrl-C and SIGTERM while a session runs: the command's processes end, the session stays."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """Somebody wants the run to end. It is no Exception: nothing may take it for a result."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def status(self) -> int:
        """The exit status that tells which signal it was."""
        return 128 + self.number


class Interrupts:
    """Turns the first signal while a command is executed into a request to stop it, and any other
    into Interrupted at once."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._stop: threading.Event | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        # Whoever started this in the background may have it ignore Ctrl-C: that stays so.
        caught = [one for one in SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._catch) for number in caught}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def stopping(self, stop: threading.Event) -> Iterator[None]:
        """Set `stop` on a signal meanwhile. Raises Interrupted at the end if one came: what the
        command was stopped in is no result."""
        self._stop = stop
        try:
            yield
        finally:
            self._stop = None
        if self._number is not None:
            raise Interrupted(self._number)

    def _catch(self, number: int, frame: FrameType | None) -> None:
        first = self._number is None
        self._number = number
        if self._stop is None or not first:
            raise Interrupted(number)
        self._stop.set()
