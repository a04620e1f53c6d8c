"""Which of the ready sessions are taken next: a pure choice.

Higher priorities first; among equals the project that has least running, then the one whose turn
was longest ago, then the session that is ready longest. Each fifth choice passes over priorities,
so that none waits for ever behind a stream of more urgent ones. Of those that became ready in the
same second a worker prefers the ones that it was told of, so that many do not want the same one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from attrs import field, frozen

from interlock.engine.errors import InvalidInput
from interlock.store.queue import Candidate

PLACES = ("account", "project", "type")
EVERY = 5
"""Each so-many-th choice is made without regard to priorities."""

SECOND = len("2026-01-01T00:00:00")

Key = tuple[str, str, str]


@frozen
class Caps:
    """How many sessions may run at once in each account, each project, each type; `types` has
    those of types by name. What is not named is not limited."""

    each: Mapping[str, int] = field(factory=dict)
    types: Mapping[str, int] = field(factory=dict)

    @classmethod
    def of(cls, words: Iterable[str]) -> Caps:
        """The caps in words such as `account=4`, `project=2` and `type:change=1`. Raises
        InvalidInput."""
        each, types = {}, {}
        for word in words:
            name, _, number = word.partition("=")
            place, named, kind = name.partition(":")
            right = place in PLACES and number.isdecimal() and 0 < len(number) < 7
            if not right or int(number) < 1 or (named and (place != "type" or not kind)):
                raise InvalidInput(
                    f"{word!r:.80} is no limit; use account=N, project=N, type=N or type:NAME=N"
                )
            if named:
                types[kind] = int(number)
            else:
                each[place] = int(number)
        return cls(each, types)

    @property
    def limit_any(self) -> bool:
        """True where something is limited."""
        return bool(self.each or self.types)

    def allow(self, session: Candidate, running: Counter[Key]) -> bool:
        """True when one more session like this may run."""
        mine = dict(zip(PLACES, _keys(session), strict=True))
        most = {**self.each}
        if session.type in self.types:
            most["type"] = self.types[session.type]
        return all(running[mine[place]] < number for place, number in most.items())


def count(running: Iterable[Candidate]) -> Counter[Key]:
    """How many sessions run in each account, project and type."""
    return Counter(key for session in running for key in _keys(session))


class Turns:
    """Remembers whose turn it was."""

    def __init__(self) -> None:
        self._number = 0
        self._last: dict[Key, int] = {}

    def choose(
        self,
        ready: Sequence[Candidate],
        running: Iterable[Candidate],
        caps: Caps,
        free: int,
        told: Collection[str] = (),
    ) -> list[Candidate]:
        """At most `free` of the ready sessions, in the order they should be taken. `told` has the
        ids of those that messages have come for."""
        counts, left = count(running), list(ready)
        chosen: list[Candidate] = []
        while left and len(chosen) < free:
            allowed = [one for one in left if caps.allow(one, counts)]
            if not allowed:
                break
            self._number += 1
            best = min(allowed, key=lambda one: self._rank(one, counts, told))
            chosen.append(best)
            left.remove(best)
            counts.update(_keys(best))
            self._last[_keys(best)[1]] = self._number
        return chosen

    def _rank(
        self, one: Candidate, counts: Counter[Key], told: Collection[str]
    ) -> tuple[object, ...]:
        project = _keys(one)[1]
        urgent = 0 if self._number % EVERY == 0 else -one.priority
        turn = (counts[project], self._last.get(project, 0))
        since = one.ready_at or ""
        return urgent, *turn, since[:SECOND], one.id not in told, since, one.id


def _keys(session: Candidate) -> tuple[Key, Key, Key]:
    return (
        ("account", session.account_id, ""),
        ("project", session.account_id, session.project_id or ""),
        ("type", session.type, ""),
    )
