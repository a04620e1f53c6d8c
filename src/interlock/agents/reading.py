"""One run of an agent, read line by line: what it said, used and was refused, and what it comes to.

Each agent program has a reading of its own that knows its events; this is what they share.
"""

from __future__ import annotations

import re
from typing import Any

from attrs import field, frozen

from interlock.agents.conversation import Conversation, remember
from interlock.agents.description import Description
from interlock.agents.faults import Fault, explain
from interlock.agents.invocation import Event
from interlock.agents.judgement import conclude
from interlock.agents.options import Settings
from interlock.agents.stream import clip, parse_line, raw, summarize
from interlock.agents.usage import Entry, Spending
from interlock.engine import Prompt, Result, Session

MAX_CALLS = 100_000  # tool calls whose names are kept; a run has a few hundred
MAX_LISTED = 50  # refusals and tools that a result names


@frozen
class Asked:
    """What a run was asked for."""

    name: str
    """The agent's."""
    description: Description
    prompt: Prompt
    settings: Settings = field(factory=Settings)
    session: Session | None = None
    conversation: Conversation | None = None
    """The one that it goes on with."""
    readers: frozenset[str] = field(factory=frozenset)
    """The tools that change nothing."""


class Reading:
    """What has been read of one run so far. A subclass reads its program's events in `take`."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.conversation_id = ""
        self.model = asked.settings.model or ""
        self.version = ""
        self.said = ""  # its last message
        self.heard = False  # anything at all
        self.ended = False  # the event that ends a run, or what stands for it
        self.turns: int | None = None
        self.fault: Fault | None = None
        self.spending = Spending()
        self.tools: dict[str, int] = {}
        self.denials: list[dict[str, str]] = []
        self.broken_servers: list[str] = []
        self.question = ""  # what it asked last, and waits for
        self.unanswered = ""  # what it asked, and went on without an answer
        self.doubts: list[str] = []  # what a run that is ok should be looked at for
        self.changed = False  # a tool that can change something has worked
        self._calls: dict[str, str] = {}

    def feed(self, line: str) -> list[Event]:
        """The events of the next line; one `raw` for a line that nobody understands."""
        event = parse_line(line)
        if event is None:
            return raw(line)
        events = self.take(event)
        if events is None:
            return raw(line)
        self.heard = True
        return events

    def take(self, event: dict[str, Any]) -> list[Event] | None:
        """The events that one JSON object stands for; None when it is not known."""
        raise NotImplementedError

    def explain_exit(self, result: Result) -> Fault:
        """Why it ended with an exit code that is not 0 and told of nothing itself."""
        told = (result.stderr or "").strip()
        # What is wrong stands before the help that some print after it.
        told = re.split(r"\n\s*usage:", told, maxsplit=1, flags=re.IGNORECASE)[0].strip()
        return explain(told[-4000:] or result.error or "")

    def finish(self, result: Result) -> Result:
        """What the run comes to. An exit code alone never makes it ok."""
        read = conclude(self, result)
        asked = self.asked
        return remember(asked.name, asked.session, asked.conversation, read, self.spending)

    def converse(self, identity: str) -> list[Event]:
        """Takes the vendor's name for the conversation."""
        if not identity or identity == self.conversation_id:
            return []
        self.conversation_id = identity
        return [("conversation", {"id": identity})]

    def say(self, text: str) -> list[Event]:
        """Takes a message."""
        if not text.strip():
            return []
        self.said = text
        return [("text", {"text": clip(text)})]

    def call(self, identity: str, tool: str, given: object) -> list[Event]:
        """Takes a tool call."""
        if len(self._calls) < MAX_CALLS:
            self._calls[identity] = tool
        self.tools[tool] = self.tools.get(tool, 0) + 1
        return [("tool_use", {"tool": tool, "input": summarize(given)})]

    def answer(self, identity: str, ok: bool, output: str) -> list[Event]:
        """Takes what came of a tool call."""
        tool = self._calls.get(identity, "")
        if ok and tool not in self.asked.readers:
            self.changed = True
            if self.question:  # it went on without the answer
                self.unanswered, self.question = self.question, ""
        return [("tool_result", {"tool": tool, "ok": ok, "output": clip(output, 4000)})]

    def ask(self, question: str) -> list[Event]:
        """Takes a question that nobody could answer while it ran."""
        self.question = clip(question)
        return [("needs_input", {"text": self.question})]

    def deny(self, tool: str, reason: str) -> list[Event]:
        """Takes a tool that it was not allowed to use."""
        denial = {"tool": tool, "reason": clip(" ".join(reason.split()), 500)}
        if denial in self.denials:
            return []
        if len(self.denials) < MAX_LISTED:
            self.denials.append(denial)
        return [("denied", denial)]

    def tool_of(self, identity: str) -> str:
        """The tool of a call; empty when there was none."""
        return self._calls.get(identity, "")

    def spend(self, entry: Entry) -> list[Event]:
        """Takes what one request used."""
        self.spending = self.spending.with_entry(entry)
        return [("usage", dict(entry))]

    def fail(self, fault: Fault) -> list[Event]:
        """Takes what went wrong, as it was told; the last one stands."""
        self.fault = fault
        return [("error", {"message": fault.cause, "kind": fault.kind})]
