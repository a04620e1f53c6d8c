"""What opencode tells with `opencode run --format json`."""

from __future__ import annotations

import re
from typing import Any

from attrs import evolve

from interlock.agents.faults import Fault, explain
from interlock.agents.invocation import Event
from interlock.agents.reading import Asked, Reading
from interlock.agents.stream import Fields, count_of, fields_of, money_of, text_of
from interlock.agents.usage import make_entry
from interlock.engine import Result

GATED = frozenset(("bash", "edit", "write", "patch", "multiedit", "webfetch", "task"))
"""Tools that are not there where they are denied; any other that is not there is a mistake of
the model."""
REASONS = {
    "length": ("max_output", "its answer was longer than the model may write"),
    "content-filter": ("refused", "the provider's content filter blocked the answer"),
}
LOGGED = re.compile(r"^timestamp=.*$", re.MULTILINE)
BROKEN = re.compile(r'^timestamp=.* message="server unavailable" key=(\S+)', re.MULTILINE)


class OpenCodeReading(Reading):
    """One run of opencode. No event ends it: the last step must say that it stopped."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        self.turns = 0
        self._reason = ""  # why the last step ended
        self._cost = 0.0

    def take(self, event: dict[str, Any]) -> list[Event] | None:
        """The events that one JSON object stands for; None when it is not known."""
        part = fields_of(event.get("part"))
        events = self.converse(text_of(event.get("sessionID"), 200))
        match event.get("type"):
            case "step_start":
                self._reason = ""
                return events
            case "text":
                text = part.get("text")
                return events + (self.say(text) if isinstance(text, str) else [])
            case "reasoning":
                thought = text_of(part.get("text"))
                return events + ([("reasoning", {"text": thought})] if thought else [])
            case "tool_use":
                return events + self._take_call(part)
            case "step_finish":
                return events + self._take_step(part)
            case "error":
                return events + self._take_error(fields_of(event.get("error")))
        return events or None

    def explain_exit(self, result: Result) -> Fault:
        """For an option that it does not know it prints how it is used, and nothing else."""
        if (result.stderr or "").lstrip().startswith("opencode run [message"):
            return Fault("options", "it does not know one of its options: see opencode run --help")
        return super().explain_exit(evolve(result, stderr=LOGGED.sub("", result.stderr or "")))

    def finish(self, result: Result) -> Result:
        """What the run comes to. A step that ends with a tool call is followed by another, unless
        the run stopped there: a call that was refused stops it."""
        self.ended = self._reason not in ("", "tool-calls") or bool(self.denials)
        if self.fault is None and self._reason in REASONS:
            self.fault = Fault(*REASONS[self._reason])
        self.broken_servers = list(dict.fromkeys(BROKEN.findall(result.stderr or "")))
        limit = self.asked.settings.max_turns
        if limit and (self.turns or 0) > limit:
            self.doubts.append(f"its model went on after {limit} turns, when it was told to end")
        return super().finish(result)

    def _take_call(self, part: Fields) -> list[Event]:
        state = fields_of(part.get("state"))
        identity, tool = text_of(part.get("callID"), 200), text_of(part.get("tool"), 200)
        done = state.get("status") == "completed"
        output = text_of(state.get("output")) if done else text_of(state.get("error"))
        events = self.call(identity, tool, state.get("input"))
        events += self.answer(identity, done, output)
        missing = "unavailable tool" in output and tool in GATED
        if not done and (missing or "rejected permission" in output or "prevents" in output):
            events += self.deny(tool, output)
        return events

    def _take_step(self, part: Fields) -> list[Event]:
        self._reason = text_of(part.get("reason"), 100)
        self.turns = (self.turns or 0) + 1
        self._cost += money_of(part.get("cost")) or 0.0
        if self._cost:  # it says 0 of a model whose price it does not know
            self.spending = self.spending.with_cost(self._cost)
        tokens = fields_of(part.get("tokens"))
        cache = fields_of(tokens.get("cache"))
        read, written = count_of(cache.get("read")), count_of(cache.get("write"))
        reasoning = count_of(tokens.get("reasoning"))
        return self.spend(
            make_entry(
                self.model.partition("/")[2] or self.model,
                1,
                input_tokens=count_of(tokens.get("input")) + read + written,
                output_tokens=count_of(tokens.get("output")) + reasoning,
                cache_read_tokens=read,
                cache_write_tokens=written,
                reasoning_tokens=reasoning,
            )
        )

    def _take_error(self, error: Fields) -> list[Event]:
        data = fields_of(error.get("data"))
        name = text_of(error.get("name"), 200)
        http = count_of(data.get("statusCode")) or None
        return self.fail(explain(text_of(data.get("message")) or name, http))
