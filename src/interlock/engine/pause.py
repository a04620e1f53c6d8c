"""Outcomes that are nobody's fault: the session waits at its step, then tries it again, uncharged.

An agent whose vendor limits it has not failed. Where no row of the table takes such a status, the
engine issues a Wait of its own, and after it the step's command once more with the same attempt.
"""

from __future__ import annotations

from datetime import UTC, datetime

from interlock.engine.commands import Wait
from interlock.engine.definition import Definition
from interlock.engine.errors import InvalidInput
from interlock.engine.values import Result, Session

PAUSES = ("rate_limited", "overloaded")

SECONDS = 60.0
"""How long to wait where the result does not say until when."""

LONGEST = 24 * 3600.0
"""The longest wait that a `retry_after` may ask for, in seconds."""


def is_pause(definition: Definition, step: str, result: Result) -> bool:
    """True when a result asks to wait, and the step has no row that takes it."""
    return result.status in PAUSES and (step, result.status) not in definition.routes


def pause(definition: Definition, session: Session) -> Wait | None:
    """The wait that the newest row of a session's step asks for; None when it asks for none."""
    row = session.log.newest(session.step)
    if row is None or row.result is None or row.seq <= session.since:
        return None
    if row.attempt != session.attempt or not is_pause(definition, session.step, row.result):
        return None
    return _wait(row.result)


def _wait(result: Result) -> Wait:
    """As `data` says: `until`, an ISO 8601 time, or `retry_after`, in seconds."""
    about, until = result.status, _time(result.data.get("until"))
    if until is not None:
        return Wait(until=until, about=about)
    seconds = result.data.get("retry_after")
    if isinstance(seconds, int | float) and 0 <= seconds <= LONGEST:
        return Wait(for_=float(seconds), about=about)
    return Wait(for_=SECONDS, about=about)


def _time(text: object) -> datetime | None:
    """The time in a text, in UTC where it names no zone; None where there is no usable one."""
    try:
        time = datetime.fromisoformat(str(text))
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
        return Wait(until=time).until
    except (ValueError, InvalidInput):
        return None
