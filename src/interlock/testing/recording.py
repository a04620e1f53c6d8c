"""A recorded session, replayed through its type: the same results must lead the same way."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Any, cast

from interlock import plugins
from interlock.engine import Call, Command, Interaction, Result, SessionType
from interlock.engine.decide import handle_result, next_command, reissue, settle_unknown, start
from interlock.engine.errors import InterlockError
from interlock.engine.fold import advance, is_own, write
from interlock.engine.lifecycle import CANCEL, RETRY, cancel, reopen, retry
from interlock.engine.table import Row
from interlock.engine.values import changed
from interlock.store import codec
from interlock.testing.observation import Move, watching

MAX_SHOWN = 5
"""Commands that differ of which a failure tells."""
KEPT = ("id", "title", "agent", "environment", "workdir", "parent_id", "component_id")
"""What a step may look at besides the input."""


def replay(
    file: str | os.PathLike[str], session_id: str, kind: type[SessionType] | str
) -> Replayed:
    """The session of a file that `interlock promote` wrote, replayed from its first step.

    `kind` is its type: the class, its name, or `FILE.py:NAME` with a path seen from the recorded
    file. Fails with a diff where the type makes another command or goes another way than it was
    recorded. Nothing is executed.
    """
    __tracebackhide__ = True
    place = Path(file)
    recorded = json.loads(place.read_text(encoding="utf-8"))["sessions"]
    found = [one for one in recorded if one["id"] == session_id]
    if not found:
        raise AssertionError(f"{place} has no session {session_id}")
    replayed = Replayed(found[0], _find_type(kind, place.parent))
    replayed.play()
    return replayed


class Replayed:
    """A session while it is replayed, and afterwards."""

    def __init__(self, recorded: Mapping[str, Any], kind: SessionType) -> None:
        self.recorded = recorded
        self.kind = kind
        kept: dict[str, Any] = {name: recorded.get(name) for name in KEPT}
        began = start(kind, input=recorded["input"], budget=recorded["budget"])
        self.session = changed(began, **kept)
        self.path: list[tuple[str, str]] = []
        """Each step with the status of its result, in order; the engine's own rows left out."""
        self.rows: list[Row | None] = []
        """The row of the table that each of them took."""
        self._differences: list[str] = []
        self._row: Row | None = None

    def play(self) -> None:
        """Replays it. Raises AssertionError."""
        __tracebackhide__ = True
        for data in self.recorded["rows"]:
            row = _read_row(data)
            try:
                if row.step == "":
                    self._note(row)
                else:
                    self._follow(row)
            except InterlockError as error:
                raise AssertionError(self._say(row, str(error))) from None
        self._check_end()
        if self._differences:
            more = len(self._differences) - MAX_SHOWN
            told = [*self._differences[:MAX_SHOWN], *([f"and {more} more"] if more > 0 else [])]
            raise AssertionError("\n".join(("the type does other things now:", *told)))

    def _check_end(self) -> None:
        stands, recorded = self.session, self.recorded
        if (stands.status, stands.step) != (recorded["status"], recorded["step"]):
            reason = f" ({stands.reason})" if stands.reason else ""
            self._differences.append(
                f"it is {stands.status} at {stands.step}{reason}, "
                f"and was {recorded['status']} at {recorded['step']}"
            )

    def _follow(self, row: Interaction) -> None:
        if is_own(row.command):  # the engine's own, which no step made
            asked = changed(row, status="open", result=None, submitted=None)
            self.session = write(self.session, asked, open=asked)
        elif self.session.open is None:
            self.session = next_command(self.kind, self.session)
        made = self.session.open
        if made is None or (made.step, made.attempt) != (row.step, row.attempt):
            stands = f"{self.session.step}, try {self.session.attempt}"
            wanted = f"{row.step}, try {row.attempt}"
            raise AssertionError(self._say(row, f"it came to {stands} and not to {wanted}"))
        self._compare(row, made.command)
        if row.status == "done" and row.result is not None:
            self._hand_in(row, row.result)
        elif row.status == "superseded":
            self.session = reissue(self.kind, self.session)
        elif row.status == "unknown":
            self.session = settle_unknown(self.kind, self.session)

    def _hand_in(self, row: Interaction, result: Result) -> None:
        self._row = None
        with watching(self._watch):
            if row.submitted is None:
                self.session = handle_result(self.kind, self.session, result)
                self._check_reader(row, result)
            else:  # what was handed in is not known any more, only what the step read in it
                self.session = advance(self.kind, self.session, result)
        if not is_own(row.command):
            self.path.append((row.step, result.status))
            self.rows.append(self._row)

    def _check_reader(self, row: Interaction, result: Result) -> None:
        read = self.session.last(row.step)
        if read != result:
            before = _lines(codec.result_data(result))
            diff = _diff(before, _lines(codec.result_data(read)))
            what = "its step reads another result in what was handed in:"
            raise AssertionError(self._say(row, "\n".join((what, *diff))))

    def _compare(self, row: Interaction, made: Command) -> None:
        now = codec.read_command(codec.command_data(made))  # as it would be recorded
        if now != row.command:
            diff = _diff(*(_lines(codec.command_data(one)) for one in (row.command, now)))
            self._differences.append("\n".join((f"row {row.seq}, step {row.step}:", *diff)))

    def _note(self, row: Interaction) -> None:
        command = cast(Call, row.command)
        if command.function == CANCEL:
            self.session = cancel(self.session, str(command.arguments["reason"]))
        elif command.function == RETRY:
            self.session = retry(self.session)
        else:
            self.session = reopen(self.kind, self.session, str(command.arguments["step"]))

    def _watch(self, move: Move) -> None:
        self._row = move.row

    def _say(self, row: Interaction, what: str) -> str:
        went = [
            f"  {number:3} {step:16} {status:12} {taken or 'no row'}"
            for number, ((step, status), taken) in enumerate(
                zip(self.path, self.rows, strict=True), 1
            )
        ]
        stands = f"  the session is {self.session.status} at {self.session.step}"
        reason = f": {self.session.reason}" if self.session.reason else ""
        return "\n".join(
            (f"at row {row.seq}, step {row.step}: {what}", *went, f"{stands}{reason}",
             *self._differences[:MAX_SHOWN])
        )  # fmt: skip


def _find_type(kind: type[SessionType] | str, folder: Path) -> SessionType:
    if not isinstance(kind, str):
        return kind()
    file, colon, name = kind.rpartition(":")
    if not colon:
        return plugins.load_type(kind)()
    types = {one.name: one for one in plugins.check_file(folder / file)}
    if name not in types:
        raise AssertionError(f"{file} has no session type {name}; it has {', '.join(types)}")
    return types[name]()


def _read_row(data: Mapping[str, Any]) -> Interaction:
    result = data.get("result")
    return Interaction(
        seq=data["seq"],
        step=data["step"],
        attempt=data["attempt"],
        command=codec.read_command(data["command"]),
        status=data["status"],
        result=None if result is None else codec.read_result(result),
        submitted="read" if data.get("read") else None,
    )


def _lines(data: Mapping[str, Any]) -> list[str]:
    """Data as lines; a line of a text is one of its own: a diff shows only what differs."""
    return [line for name, value in data.items() for line in _value_lines(name, value)]


def _value_lines(name: str, value: object) -> Iterator[str]:
    if isinstance(value, str) and "\n" in value:
        yield f"{name}:"
        yield from (f"  {line}" for line in value.splitlines())
    else:
        yield f"{name}: {json.dumps(value, ensure_ascii=False)}"


def _diff(before: list[str], after: list[str]) -> Iterator[str]:
    diff = unified_diff(before, after, "recorded", "now", n=2, lineterm="")
    return (f"  {line}" for line in diff)
