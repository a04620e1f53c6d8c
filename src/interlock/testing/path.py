"""The path of a session through its table, compared with the one that a test expects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from interlock.engine import Session
from interlock.engine.table import Row

ENDS = ("active", "complete", "failed", "cancelled")
WIDTH = 16


class Walked(Protocol):
    """What a path is read from."""

    @property
    def session(self) -> Session:
        """Where it stands."""

    @property
    def path(self) -> list[tuple[str, str]]:
        """Each step with the status of its result."""

    @property
    def rows(self) -> list[Row | None]:
        """The row that each of them took."""


def assert_path(driven: Walked, path: str | Sequence[str]) -> None:
    """Fails unless the session went this way.

    A path is words: `STEP` or `STEP:STATUS` for each result, in order, and at the end, where it
    matters, how the session stands: complete, failed, cancelled or active.
    """
    __tracebackhide__ = True
    words = path.split() if isinstance(path, str) else list(path)
    end = words.pop() if words and words[-1] in ENDS else None
    went = driven.path
    place = next((n for n, _ in enumerate(words) if not _fits(words, went, n)), None)
    if place is None and len(went) > len(words):
        place = len(words)
    if place is not None:
        raise AssertionError("\n".join(_tell(driven, words, place)))
    status = driven.session.status
    if end is not None and status != end:
        reason = f" ({driven.session.reason})" if driven.session.reason else ""
        lines = [f"the session is {status}{reason}, and not {end}", *_lines(driven, len(went))]
        raise AssertionError("\n".join(lines))


def _fits(words: list[str], went: list[tuple[str, str]], place: int) -> bool:
    if place >= len(went):
        return False
    step, colon, status = words[place].partition(":")
    return step == went[place][0] and (not colon or status == went[place][1])


def _tell(driven: Walked, words: list[str], place: int) -> Iterator[str]:
    went = driven.path
    expected = words[place] if place < len(words) else "nothing more"
    if place < len(went):
        found = ":".join(went[place]) if ":" in expected else went[place][0]
        yield f"the session went another way at {place + 1}: {found}, and not {expected}"
    else:
        stands = driven.session
        reason = f" ({stands.reason})" if stands.reason else ""
        yield f"the path ends before {expected}: the session is {stands.status}{reason}"
    yield from _lines(driven, place)
    yield from (f"  - {n + 1:3} {word}" for n, word in enumerate(words[place:], place))
    for n in range(place, len(went)):
        yield f"  + {_line(driven, n)}"
    yield f"  = {driven.session.status} at {driven.session.step}"


def _lines(driven: Walked, count: int) -> Iterator[str]:
    return (f"    {_line(driven, n)}" for n in range(count))


def _line(driven: Walked, place: int) -> str:
    step, status = driven.path[place]
    row = driven.rows[place]
    return f"{place + 1:3} {step:{WIDTH}} {status:12} {row or 'no row'}"
