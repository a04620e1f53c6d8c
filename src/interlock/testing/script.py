"""The turns that a model server gives, in order, and the requests that it got."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Condition

import attrs

from interlock.engine.errors import InvalidInput
from interlock.testing.request import ModelRequest
from interlock.testing.turn import Turn

Line = Turn | Callable[[ModelRequest], Turn]


class Script:
    """Gives each request its turn. Safe for threads."""

    def __init__(self, lines: Sequence[Line], *, repeat_last: bool, aside: Turn | None) -> None:
        """See `ModelServer`. Raises InvalidInput when there is no turn."""
        if not lines:
            raise InvalidInput("a script needs a turn, as in ModelServer(Turn.text('Done.'))")
        self._lines = tuple(lines)
        self._repeat_last = repeat_last
        self._aside = aside
        self._taken = 0
        self._requests: list[ModelRequest] = []
        self._changed = Condition()

    @property
    def requests(self) -> tuple[ModelRequest, ...]:
        """Every request so far, in the order of arrival."""
        with self._changed:
            return tuple(self._requests)

    @property
    def taken(self) -> int:
        """How many requests took a turn."""
        with self._changed:
            return self._taken

    def add(self, request: ModelRequest) -> int:
        """Keeps a request; returns its place among the requests."""
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()
            return len(self._requests) - 1

    def mark(self, place: int, status: int) -> None:
        """Keeps what the request at `place` was answered with."""
        with self._changed:
            self._requests[place] = attrs.evolve(self._requests[place], status=int(status))
            self._changed.notify_all()

    def next_turn(self, place: int) -> Turn:
        """The turn for the request at `place`. Past the end, an error turn that says so."""
        with self._changed:
            request = self._requests[place]
            if self._aside is not None and not request.tools:
                return self._aside
            number, last = self._taken, len(self._lines) - 1
            self._taken += 1
            if number > last and not self._repeat_last:
                said = f"the script is over: it has {last + 1} turns, this is turn {number + 1}"
                return Turn.error(400, said)
            number = min(number, last)
            self._requests[place] = attrs.evolve(request, turn=number)
            self._changed.notify_all()
        line = self._lines[number]
        return line if isinstance(line, Turn) else line(request)

    def wait_for(self, ready: Callable[[tuple[ModelRequest, ...]], bool], timeout: float) -> bool:
        """True once `ready(requests)` is; False when it was not within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: ready(tuple(self._requests)), timeout)
