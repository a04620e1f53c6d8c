"""Drives a session type through its pure engine along a path written in words.

    check error, mend ok, check ok, finalize ok -> complete

Each pair is the step that must be reached and the result handed in there: a name among the type's
own results, else a status. A path that does not say where it ends may stop anywhere.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from interlock import Command, Result, Session, SessionType
from interlock.engine import handle_result, next_command, start
from interlock.engine.table import Row
from interlock.plugins import load_type
from interlock.plugins.builtin import BUILTIN, SESSION_TYPES

NAMES = tuple(BUILTIN[SESSION_TYPES])


@frozen
class Paths:
    """What leads through one session type: the input, the paths with an empty line between them,
    and the results that say more than a status."""

    input: Mapping[str, Any]
    written: str
    results: Mapping[str, Result] = field(factory=dict)

    @property
    def ways(self) -> tuple[str, ...]:
        """Each path on one line."""
        return tuple(" ".join(way.split()) for way in self.written.strip().split("\n\n"))


@frozen
class Walk:
    """What a path led to: the session, every command that was issued, every row that was taken."""

    session: Session
    commands: tuple[tuple[str, Command], ...]
    rows: frozenset[Row]

    def command(self, step: str) -> Any:
        """The newest command of a step."""
        return [command for name, command in self.commands if name == step][-1]


def follow(
    kind: SessionType,
    given: Mapping[str, Any],
    way: str,
    results: Mapping[str, Result] | None = None,
) -> Walk:
    """The walk along a path. Fails where the session goes another way."""
    session = start(kind, input=given)
    moves, _, end = way.partition("->")
    commands, rows = [], set()
    for name, word in (move.split() for move in moves.split(",")):
        session = next_command(kind, session)
        assert session.open is not None
        assert session.step == name, f"{way}: at {session.step}, not {name}"
        commands.append((name, session.open.command))
        result = (results or {}).get(word) or Result(word)
        session = handle_result(kind, session, result)
        rows |= set(_taken(kind, name, session))
    assert end.strip() in ("", session.status), f"{way}: {session.status} at {session.step}"
    return Walk(session, tuple(commands), frozenset(rows))


def load(name: str) -> SessionType:
    """A built-in session type, ready to decide."""
    return load_type(name)()


def _taken(kind: SessionType, source: str, session: Session) -> Iterator[Row]:
    """The row that the newest result of a step took; none where a limit ended the session."""
    trigger = kind.definition.route(source, session.last(source).status)
    dest = session.step if session.active else session.status
    rows = [
        row
        for row in kind.definition.rows
        if (row.source, row.trigger, row.dest) == (source, trigger, dest)
    ]
    assert len(rows) <= 1, "two rows that differ in their guards alone cannot be told apart"
    yield from rows
