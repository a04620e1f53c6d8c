"""How a prompt is put to an agent, so that it gets through.

It goes on with the agent's own conversation; with a copy of it where another program uses it; in a
new one with a hand-off from our own log where the vendor has lost it, or where others have worked
since; and to the next agent that the line names where one is limited. However many runs that
takes, it is one interaction with one result.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import evolve

from interlock import plugins
from interlock.agents.choices import name_of, split_choices
from interlock.agents.conversation import is_identity
from interlock.agents.description import Description
from interlock.agents.handoff import write_handoff
from interlock.agents.stream import fields_of
from interlock.agents.usage import join_usages
from interlock.engine.commands import Prompt
from interlock.engine.errors import InterlockError, InvalidInput
from interlock.engine.pause import WAITS, read_until, wait_of
from interlock.engine.values import Interaction, Result, Session, changed
from interlock.store import connection, queries

if TYPE_CHECKING:
    from interlock.sessions.runner import Emit, Perform

LOST = ("gone", "in_use")
"""The kinds of a fault of a conversation, and of nothing else."""

MOST_ROWS = 200
"""Rows that a hand-off is written from, at most."""

MOST_SPANS = 10
"""Rows whose changed files it names, at most: git is asked for each."""

BEGUN = (
    "Another agent began this and had to stop. "
    "Look at the files as they are now, then go on with the task:\n\n"
)


def climb(
    session: Session, row: Interaction, perform: Perform, *, emit: Emit, stop: threading.Event
) -> Result:
    """The result of the open interaction, which `perform` executes as often as it takes."""
    line = row.command.agent or session.agent if isinstance(row.command, Prompt) else None
    if not isinstance(row.command, Prompt) or not line:
        return perform(session, row, emit=emit, stop=stop)
    try:
        choices = split_choices(line)
        names = [name_of(choice) for choice in choices]
        known = {name: plugins.load_agent(name) for name in names}
    except InterlockError:  # whoever executes it says what is wrong
        return perform(session, row, emit=emit, stop=stop)
    abouts = {name: getattr(agent, "description", None) for name, agent in known.items()}
    return Ladder(session, row, row.command, perform, emit, stop, abouts).ask_each(choices)


class Ladder:
    """One prompt, and the runs that it took so far."""

    def __init__(
        self,
        session: Session,
        row: Interaction,
        prompt: Prompt,
        perform: Perform,
        emit: Emit,
        stop: threading.Event,
        abouts: Mapping[str, object],
    ) -> None:
        self.session = session
        self.row = row
        self.prompt = prompt
        self.perform = perform
        self.emit = emit
        self.stop = stop
        self.abouts = abouts
        self.results: list[Result] = []

    def ask_each(self, choices: Sequence[str]) -> Result:
        """The result of the first agent that is not limited; where all are, the wait for the
        first that will be free again."""
        if len(choices) == 1:
            return self._join(self._put(name_of(choices[0]), self.prompt))
        limits, now = _read_limits(self.session, choices), connection.now()
        result: Result | None = None
        for choice in choices:
            if limits.get(choice, now) > now:
                continue
            if result is not None:
                self._tell("switch", name_of(choice), result.error)
            result = self._put(name_of(choice), evolve(self.prompt, agent=choice))
            limits.pop(choice, None)
            if result.status not in WAITS or self.stop.is_set():
                return self._remember(self._join(result), limits)
            wait = wait_of(result, self.session)
            limits[choice] = wait.until or now + timedelta(seconds=wait.for_ or 0)
        free = min(limits.values())
        limited = Result("rate_limited", error="every agent that is named is limited")
        result = self._join(result) if result is not None else limited
        result = evolve(result, data={**result.data, "until": free.isoformat()})
        return self._remember(result, limits)

    def _put(self, name: str, prompt: Prompt) -> Result:
        """The result of one agent, in whichever conversation it takes."""
        text = prompt.text
        if any(result.data.get("tools") for result in self.results):
            prompt = evolve(prompt, text=BEGUN + text)
        if not prompt.resume:
            return self._ask(name, prompt)
        self._recover(name)
        if missed := self._missed(name):
            self._tell("hand_off", name, "others have worked since", missed)
            prompt = evolve(prompt, text=missed + prompt.text)
        result = self._ask(name, prompt)
        if not self._is_lost(result):
            return result
        about = self.abouts[name]
        if result.data["kind"] == "in_use" and isinstance(about, Description) and about.fork:
            self._tell("fork", name, result.error)
            result = self._ask(name, evolve(prompt, options={**prompt.options, "fork": True}))
            if not self._is_lost(result):
                return result
        told = self._write(islice(self._before(), MOST_ROWS))
        self._tell("hand_off", name, result.error, told)
        return self._ask(name, evolve(prompt, text=told + text, resume=False))

    def _ask(self, name: str, prompt: Prompt) -> Result:
        def tell(kind: str, data: Mapping[str, Any]) -> None:
            self.emit(kind, {**data, "agent": name} if kind == "conversation" else data)

        row = self.row if prompt is self.prompt else changed(self.row, command=prompt)
        result = self.perform(self.session, row, emit=tell, stop=self.stop)
        if not isinstance(result, Result):
            raise InvalidInput(f"the executor returned {type(result).__name__} and no Result")
        result = evolve(result, data={**result.data, "agent": name})
        self.results.append(result)
        state = {**self.session.state, **result.remember}
        self.session = changed(self.session, state=state)
        return result

    def _is_lost(self, result: Result) -> bool:
        """True where the vendor refused to go on, and nothing was done."""
        used = (result.usage or {}).get("input_tokens")  # some tell that they used nothing
        did = used or result.data.get("tools") or self.stop.is_set()
        return result.data.get("kind") in LOST and not did

    def _join(self, result: Result) -> Result:
        """The result with what all runs used, took and remembered."""
        if len(self.results) == 1:
            return result
        remember: dict[str, Any] = {}
        for one in self.results:
            remember |= one.remember
        times = [one.duration_ms for one in self.results if one.duration_ms is not None]
        usage = join_usages((one.data["agent"], one.usage) for one in self.results)
        took = sum(times) if times else None
        return evolve(result, remember=remember, usage=usage, duration_ms=took)

    def _remember(self, result: Result, limits: Mapping[str, datetime]) -> Result:
        times = {choice: until.isoformat() for choice, until in limits.items()}
        told = {"since": self.session.since, "until": times}
        known = self.session.state.get("limited")
        return result if told == known or not (times or known) else result.remembering(limited=told)

    def _recover(self, name: str) -> None:
        """Takes up a conversation of which nobody saw the result: its name is in the events."""
        known = fields_of(self.session.state.get("conversations"))
        rows = islice(self._before(), MOST_ROWS)
        lost = next((row for row in rows if isinstance(row.command, Prompt)), None)
        if name in known or lost is None or lost.result is not None:
            return
        for event in queries.events(self.session, seq=lost.seq, limit=MOST_ROWS):
            mine = event.type == "conversation" and event.data.get("agent") == name
            if mine and is_identity(event.data.get("id")):
                known = {**known, name: event.data["id"]}
                state = {**self.session.state, "conversations": known}
                self.session = changed(self.session, state=state)
                self._tell("recovered", name, "nobody saw how its last turn ended")
                return

    def _missed(self, name: str) -> str:
        """The hand-off of what others did since this agent's last prompt; empty for nothing."""
        about = self.abouts[name]
        forgets = not isinstance(about, Description) or not about.resume
        knows = forgets or name in fields_of(self.session.state.get("conversations"))
        rows, others = [], False
        for row in islice(self._before(), MOST_ROWS):
            if isinstance(row.command, Prompt) and row.result is not None:
                who = row.result.data.get("agent")
                if who == name and knows:
                    break
                others = others or who not in (None, name)
            rows.append(row)
        return self._write(rows) if others else ""

    def _write(self, rows: Iterator[Interaction] | Sequence[Interaction]) -> str:
        told = [*rows]
        return write_handoff(self.session, told, _find_files(self.session.id, told))

    def _before(self) -> Iterator[Interaction]:
        """The rows before this one, newest first; without those that no budget let begin."""
        rows = (row for row in self.session.log.recent() if row.seq < self.row.seq)
        return (row for row in rows if not row.result or row.result.data.get("begun") is not False)

    def _tell(self, how: str, name: str, why: str | None, told: str = "") -> None:
        """Tells how the agent goes on, with what it is told besides the prompt in the log."""
        said = {"told": told} if told else {}
        self.emit("resume", {"how": how, "agent": name, "why": why or "", **said})


def _read_limits(session: Session, choices: Sequence[str]) -> dict[str, datetime]:
    """Until when each agent of the line is limited, as far as the session has seen it. Whoever
    retried or reopened it since has decided that it is time."""
    known = fields_of(session.state.get("limited"))
    told = fields_of(known.get("until")) if known.get("since") == session.since else {}
    times = {choice: read_until(told.get(choice)) for choice in choices}
    return {choice: time for choice, time in times.items() if time is not None}


def _find_files(session_id: str, rows: Sequence[Interaction]) -> dict[int, list[str]]:
    """The files that each of the newest rows changed, where the session has a clone."""
    from interlock.environments import differences  # only for those who hand over
    from interlock.environments.results import Refusal

    found: dict[int, list[str]] = {}
    for row in rows:
        seen = differences.span([row])
        if seen is None or len(found) == MOST_SPANS:
            continue
        try:
            found[row.seq] = [file["name"] for file in differences.files(session_id, seen)]
        except Refusal:
            return found
    return found
