"""Outcomes that hold a session at its step: what is asked or waited for, then the step goes on.

An agent that is limited, that asks something, that reached a budget or that goes in circles has
not failed. Where no row of the table takes such a status the engine issues a Wait or an Ask of its
own, and after it the step's command once more with the same attempt: nothing is charged.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice, takewhile

from attrs import evolve

from interlock.engine.commands import Ask, Command, Prompt, Wait
from interlock.engine.definition import Definition
from interlock.engine.errors import InvalidInput
from interlock.engine.values import Interaction, Result, Session

WAITS = ("rate_limited", "overloaded")
"""What passes by itself."""

NEEDS_INPUT, BUDGET, STALLED = "needs_input", "budget", "stalled"

PAUSES = (*WAITS, NEEDS_INPUT, BUDGET, STALLED)

NO_BUDGET = "no_budget"
"""What the question is about that stands in place of a command."""

RETRY, REPLY = "retry", "reply"
AGAIN = (RETRY, REPLY)
"""The answers to the engine's own question that run the step again."""

SECONDS = 60.0
"""How long to wait at first where the result does not say until when; twice as long each time."""

DOUBLINGS = 5
"""So often it grows: to about half an hour."""

LONGEST = 24 * 3600.0
"""The longest wait that a `retry_after` may ask for, in seconds."""

STOPPED = (
    "Your last turn on this was stopped before its end. "
    "Look at the files as they are now, then go on with the task:\n\n"
)


def is_pause(definition: Definition, step: str, result: Result) -> bool:
    """True when a result holds the session, and the step has no row that takes it."""
    return result.status in PAUSES and (step, result.status) not in definition.routes


def pause(definition: Definition, session: Session) -> Wait | Ask | None:
    """The wait or question that the newest row of a session's step asks for; None for none."""
    row = _newest(session)
    if row is None or row.result is None or not is_pause(definition, session.step, row.result):
        return None
    if row.result.status in WAITS:
        return wait_of(row.result, session)
    return _ask(definition, session.step, row.result)


def hold(session: Session, question: str) -> Ask:
    """The question that is asked in place of a command that no budget is left for."""
    row = _newest(session)
    stopped = row is not None and isinstance(row.command, Ask) and row.command.about == BUDGET
    about = BUDGET if stopped else NO_BUDGET
    return Ask(f"Step {session.step}: {question}", (RETRY, "error"), about=about)


def go_on(session: Session, command: Command) -> Command:
    """A step's command as it is made after a pause: an agent goes on with what it began, and is
    told what was answered to it."""
    if not isinstance(command, Prompt):
        return command
    row = _newest(session)
    if row is None or row.result is None:
        return command
    own = row.command
    if not isinstance(own, Ask | Wait) or own.about not in PAUSES:
        return command
    if own.about == NEEDS_INPUT and isinstance(own, Ask):
        told = f"You asked:\n\n{own.question}\n\nThe answer:\n\n{row.result.output}\n\n"
        return evolve(command, text=f"{told}Go on with the task:\n\n{command.text}", resume=True)
    return evolve(command, text=STOPPED + command.text, resume=True)


def _newest(session: Session) -> Interaction | None:
    """The newest row of this try of the session's step."""
    row = session.log.newest(session.step)
    if row is None or row.seq <= session.since or row.attempt != session.attempt:
        return None
    return row


def _ask(definition: Definition, step: str, result: Result) -> Ask:
    told = result.error or result.output or result.status
    if result.status == NEEDS_INPUT:
        return Ask(result.output or told, (REPLY, "error"), about=NEEDS_INPUT)
    if result.status == BUDGET:
        return Ask(f"Step {step}: {told}", (RETRY, "error"), about=BUDGET)
    circle = f"Step {step} goes in circles: {told.rstrip('.')}"
    question = f"{circle}. Run it again, or say how it ended?"
    choices = dict.fromkeys((RETRY, *definition.triggers(step), "error"))
    return Ask(question, tuple(choices), about=STALLED)


def wait_of(result: Result, session: Session) -> Wait:
    """How long a limit lasts, as its `data` says: `until`, an ISO 8601 time, or `retry_after`, in
    seconds. Where it does not say, a minute, and twice as long each time that the session's step
    is limited again; up to a half more, so that not all who were limited come back at once."""
    about, until = result.status, read_until(result.data.get("until"))
    if until is not None:
        return Wait(until=until, about=about)
    seconds = result.data.get("retry_after")
    if isinstance(seconds, int | float) and 0 <= seconds <= LONGEST:
        return Wait(for_=float(seconds), about=about)
    drawn = sha256(f"{session.id}.{session.seq}".encode()).digest()  # the same in each replay
    seconds = SECONDS * 2 ** _waited(session) * (1 + drawn[0] / 512)
    return Wait(for_=round(seconds, 3), about=about)


def _waited(session: Session) -> int:
    """How often the engine has waited for the session's step, one time after the other; at most
    as often as a wait grows."""

    def goes_on(row: Interaction) -> bool:
        return row.seq > session.since and row.step == session.step and _is_limited(row)

    rows = islice(session.log.recent(), 2 * DOUBLINGS + 1)
    limited = takewhile(goes_on, (row for row in rows if row.status != "open"))
    return sum(isinstance(row.command, Wait) for row in limited)


def _is_limited(row: Interaction) -> bool:
    """True of a wait of the engine's, and of what it waits for."""
    if isinstance(row.command, Wait):
        return row.command.about in WAITS
    return row.result is not None and row.result.status in WAITS


def read_until(text: object) -> datetime | None:
    """The time in a text, in UTC where it names no zone; None where there is no usable one."""
    try:
        time = datetime.fromisoformat(str(text))
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
        return Wait(until=time).until
    except (ValueError, InvalidInput):
        return None
