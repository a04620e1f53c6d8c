"""Agent `aider`.

    aider [--model M] [--read-only] [--system TEXT] [--env NAME,NAME] [--program PATH]
          [--idle SECONDS] [-- ARG ...]

It edits files and commits nothing: the workflow does that. It keeps no conversation.
"""

from __future__ import annotations

import re
from typing import Any

from interlock.agents.conversation import Conversation
from interlock.agents.description import Description
from interlock.agents.driver import Driver, flags, with_system
from interlock.agents.faults import Fault, explain
from interlock.agents.invocation import Event, Invocation
from interlock.agents.options import Settings
from interlock.agents.reading import Reading
from interlock.agents.stream import clip, raw
from interlock.agents.usage import make_entry
from interlock.engine import Result

MAX_SAID = 1_000_000  # characters
FAULT = re.compile(r"litellm\.\w*(?:Error|Timeout)|The API provider ")
SUBSIDED = "retry"
NUMBER = r"(\d+(?:\.\d+)?)(k?)"
TOKENS = re.compile(rf"Tokens: {NUMBER} sent(.*?), {NUMBER} received\.")
PART = re.compile(rf"{NUMBER} cache (write|hit)")
COST = re.compile(r"Cost: \$\d+(?:\.\d+)? message, \$(\d{1,9}(?:\.\d{1,12})?) session")


class AiderReading(Reading):
    """One run of Aider. It prints text for a person and ends with 0 whatever happened: a report
    of tokens after the last error says that it got an answer."""

    def __init__(self, asked: Any) -> None:
        super().__init__(asked)
        self._lines: list[str] = []
        self._size = 0
        self._begun = False  # it tells about itself first

    def feed(self, line: str) -> list[Event]:
        """The events of the next line of text."""
        text = clip(line.rstrip())
        if not text.strip():
            return []
        self.heard = True
        if found := re.match(r"(?:Main model|Model): (\S+)", text):
            self.model = found[1]
            return raw(line)
        if found := re.match(r"Aider v(\S+)", text):
            self.version = found[1]
            return raw(line)
        if not self._begun and not FAULT.match(text):
            self._begun = text.startswith("Repo-map: ")
            return raw(line)
        if found := re.match(r"Applied edit to (.+)", text):
            path = found[1]
            self.changed = True
            return [*self.call(path, "edit", {"path": path}), *self.answer(path, True, "")]
        return self._take_report(text) or self._take_fault(text) or self._take_text(text)

    def finish(self, result: Result) -> Result:
        """What the run comes to."""
        self.said = "\n".join(self._lines)
        return super().finish(result)

    def _take_report(self, text: str) -> list[Event]:
        events: list[Event] = []
        if found := TOKENS.search(text):
            self.ended = True
            self.fault = None
            parts = {kind: _count(n, k) for n, k, kind in PART.findall(found[3])}
            entry = make_entry(
                self.model.rpartition("/")[2],
                1,
                input_tokens=_count(found[1], found[2]),
                output_tokens=_count(found[4], found[5]),
                cache_read_tokens=parts.get("hit", 0),
                cache_write_tokens=parts.get("write", 0),
            )
            events += self.spend(entry)
        if found := COST.search(text):
            self.spending = self.spending.with_cost(float(found[1]))
            events = events or raw(text)
        return events

    def _take_fault(self, text: str) -> list[Event]:
        if FAULT.match(text):
            return self.fail(explain(text))
        if text.startswith("Retrying in "):
            return [("error", {"message": text, "kind": SUBSIDED})]
        return []

    def _take_text(self, text: str) -> list[Event]:
        self._size += len(text)
        if self._size <= MAX_SAID:
            self._lines.append(text)
        return [("text", {"text": text})]

    def explain_exit(self, result: Result) -> Fault:
        """What it printed last says why."""
        told = "\n".join(filter(None, (result.stderr, *self._lines[-5:]))) or result.stdout or ""
        return explain(told[-4000:] or result.error or "")


def _count(number: str, thousands: str) -> int:
    return round(min(float(number), 1e9) * (1000 if thousands else 1))


class Aider(Driver):
    """Aider, asked with a file that holds the prompt."""

    name = "aider"
    description = Description(
        program="aider",
        vendor="Aider",
        install="python3 -m pip install aider-install && aider-install",
        login="set the key of your model's vendor, as in OPENAI_API_KEY or ANTHROPIC_API_KEY",
        tried=("0.86.2", "0.86.2"),
        keys=("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY"),
        cost=True,
    )
    risky = (
        r"chat-mode|architect|edit-format|auto-|apply|test|lint|load|commit|config|env|message"
        r"|^-m|shell|watch|yes|gui|browser"
    )
    inherit = (
        *("AIDER_*", "ANTHROPIC_API_KEY", "OPENAI_*", "GEMINI_API_KEY", "OPENROUTER_API_KEY"),
        *("DEEPSEEK_API_KEY", "AZURE_API_*", "AWS_*", "OLLAMA_API_BASE", "XAI_API_KEY"),
    )
    reading = AiderReading

    def ask(self, settings: Settings, text: str, conversation: Conversation | None) -> Invocation:
        """The prompt lies in a file. A line end before it keeps its first character from making a
        command of it."""
        prompt = with_system(text, settings.system)
        words: tuple[str, ...] = (
            *("--message-file", "{files}/prompt.md", "--yes-always", "--no-pretty"),
            *("--no-fancy-input", "--no-stream", "--no-check-update", "--no-show-release-notes"),
            *("--no-show-model-warnings", "--no-analytics", "--no-detect-urls"),
            *("--no-suggest-shell-commands", "--no-auto-commits", "--no-dirty-commits"),
            *("--chat-history-file", "{files}/chat.md", "--input-history-file", "{files}/input"),
        )
        files = {"prompt.md": f"\n{prompt}" if prompt[0] in "/!" else prompt}
        if settings.read_only:
            words += ("--chat-mode", "ask", "--dry-run", "--no-gitignore", "--map-tokens", "0")
            # The repository's own settings can name commands that it runs by itself.
            words += ("--config", "{files}/aider.conf.yml", "--env-file", "{files}/env")
            files |= {"aider.conf.yml": "{}\n", "env": ""}
        model = flags({"--model": settings.model})
        return Invocation(("aider", *settings.arguments, *model, *words), files=files)
