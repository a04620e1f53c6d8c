"""Whether a session goes in circles: what was asked of the agent before, was asked again, and the
same came back from the same command over the same files.

It is looked for only where a result names its files (`tree` in its data), and where the author has
set no bound of his own: not in steps with `attempts`. A wait, a person, children or a retry in
between may have changed what cannot be seen here, so that nothing before them counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from typing import Any

from attrs import asdict, evolve

from interlock.engine.commands import Command, Prompt, Shell
from interlock.engine.definition import Definition, GuardRaised
from interlock.engine.fold import close, require_open
from interlock.engine.pause import STALLED
from interlock.engine.session_type import SessionType
from interlock.engine.values import Interaction, Result, Session

PASSING = re.compile(r"(?<!\d)(?:\d+\.\d+|\d+(?= ?m?s\b))|\d\d:\d\d:\d\d|0x[0-9a-f]+")
"""What differs from run to run and means nothing: durations, times of day, addresses."""

MOST = 60
"""Rows that are looked back at: a circle is shorter than half of them."""

UNCOUNTED = ("resume", "timeout")
"""How a command is carried out; what is asked for is the rest of it."""


def check(kind: SessionType, session: Session, result: Result) -> Result:
    """The result of the open interaction as it is, or held as `stalled` with the row that it
    repeats in its error and its own status in its data, under `was`."""
    row = require_open(session)
    if session.attempt < 2 or not _is_marked(kind.definition, row.step, row.command, result):
        return result
    same = _find_same(kind.definition, session, row, result)
    if same is None or not _goes_on(kind, session, row, result):
        return result
    told = f"as row {same.seq}: the same command, the same answer, the same files"
    told = f"{told}; {result.error}" if result.error else told
    return evolve(result, status=STALLED, error=told, data={**result.data, "was": result.status})


def _is_marked(definition: Definition, step: str, command: Command, result: Result | None) -> bool:
    """True for a row that can be a part of a circle."""
    named = result is not None and result.data.get("tree") and isinstance(command, Prompt | Shell)
    return bool(named) and definition.steps[step].attempts is None


def _find_same(
    definition: Definition, session: Session, row: Interaction, result: Result
) -> Interaction | None:
    """The newest row with which a circle began whose prompts were all given twice."""
    mark = _mark(row.command, result)
    prompts = [_digest_command(row.command)] if isinstance(row.command, Prompt) else []
    alike: list[tuple[Interaction, int]] = []
    for old in islice(_before(definition, session, row), MOST):
        if old.step == row.step and old.result and _mark(old.command, old.result) == mark:
            alike.append((old, len(prompts)))
        if isinstance(old.command, Prompt):
            prompts.append(_digest_command(old.command))
        for same, count in alike:
            if count and prompts[:count] == prompts[count : 2 * count]:
                return same
    return None


def _before(definition: Definition, session: Session, row: Interaction) -> Iterator[Interaction]:
    """The rows before one, newest first, back to where nothing counts any more."""
    for old in session.log.recent():
        if old.seq >= row.seq:
            continue
        step = definition.steps.get(old.step)  # a retry or reopen is a row of no step
        if step is None or step.attempts is not None:
            return
        if not isinstance(old.command, Prompt | Shell) and old.command.kind != "call":
            return
        yield old


def _goes_on(kind: SessionType, session: Session, row: Interaction, result: Result) -> bool:
    """True unless the result ends the session, or leads to a step that is bounded."""
    try:
        dest = kind.definition.fire(kind, close(session, row, result), result)
    except GuardRaised:
        return False
    step = kind.definition.steps.get(dest or "")
    return step is not None and step.attempts is None


def _mark(command: Command, result: Result) -> str:
    """What tells a row from another: command, answer and files."""
    data = result.data
    told = (result.status, result.output, result.error, result.code)
    return _digest([_digest_command(command), told, data.get("tree"), data.get("truncated")])


def _digest_command(command: Command) -> str:
    told = {name: value for name, value in asdict(command).items() if name not in UNCOUNTED}
    return _digest([command.kind, told])


def _digest(value: Any) -> str:
    text = PASSING.sub("", json.dumps(value, sort_keys=True, default=str))
    return sha256(text.encode()).hexdigest()
