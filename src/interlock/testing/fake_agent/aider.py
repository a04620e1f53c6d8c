"""Aider, as version 0.86 prints it: text for a person, and exit status 0 whatever happened."""

from __future__ import annotations

from pathlib import Path

from interlock.testing.fake_agent.player import Player, last, money, take_values
from interlock.testing.fake_agent.stage import Asked
from interlock.testing.turn import ToolCall, Turn

VALUES = (
    *("--model", "--message", "-m", "--message-file", "-f", "--chat-mode", "--edit-format"),
    *("--chat-history-file", "--input-history-file", "--config", "--env-file", "--map-tokens"),
)
PRICES = {"input": 2.5, "output": 10, "cache_read": 1.25, "cache_write": 2.5}
HEAD = """\
Aider v{version}
Main model: {model} with whole edit format
Weak model: gpt-4o-mini
Git repo: .git with 1 files
Repo-map: using 4096 tokens, auto refresh
"""
ERRORS = {
    401: (
        "litellm.AuthenticationError: AuthenticationError: OpenAIException - Incorrect \n"
        "API key provided.\n"
        "The API provider is not able to authenticate you. Check your API key."
    ),
    429: "litellm.RateLimitError: RateLimitError: OpenAIException - Rate limit reached.",
    529: "litellm.InternalServerError: InternalServerError: OpenAIException - Overloaded",
}
LOST = (
    "litellm.APIConnectionError: APIConnectionError: OpenAIException - peer closed \n"
    "connection without sending complete message body (incomplete chunked read)"
)


class Aider(Player):
    """A run of `aider`. It can write files and call nothing else."""

    kind = "aider"
    program = "aider"
    version = "aider 0.86.2"

    def read_arguments(self) -> Asked:
        """The prompt is in a file."""
        found = take_values(self.arguments, VALUES)
        file = last(found, "--message-file", "-f")
        prompt = Path(file).read_text(encoding="utf-8") if file else last(found, "--message", "-m")
        return Asked(
            prompt=(prompt or "").removeprefix("\n"),
            model=last(found, "--model"),
            read_only=last(found, "--chat-mode") == "ask" or "--dry-run" in self.arguments,
        )

    def begin(self) -> None:
        """What it tells about itself."""
        version = self.version.split()[1]
        self.say_line(HEAD.format(version=version, model=self.asked.model or "openai/gpt-4o"))

    def answer(self, turn: Turn) -> bool:
        """Words, each file as a whole, tokens and money, then what was done with the files."""
        if turn.said:
            self.say_line(turn.said)
        for call in turn.calls:
            self.say_line(f"{_path(call)}\n```\n{call.fields.get('content', '').rstrip()}\n```")
        cost = money(self.used, PRICES)
        used = turn.usage
        sent, received = _thousands(used.input), _thousands(used.output)
        told = f"Tokens: {sent} sent, {received} received. "
        self.say_line(f"\n{told}Cost: ${cost:.4f} message, ${cost:.4f} session.\n")
        for call in turn.calls:
            if self.perform(call).ok:
                self.say_line(f"{_path(call)}\nApplied edit to {_path(call)}")
        return True

    def end(self) -> int:
        """Nothing more."""
        return 0

    def fail(self, turn: Turn) -> int:
        """Its error in words, and tries that come to nothing."""
        said = ERRORS.get(turn.status, f"litellm.APIError: APIError: {turn.status}")
        said += f" {turn.message}" if turn.message else ""
        said += f" Please retry in {turn.retry_after}s." if turn.retry_after is not None else ""
        return self._fail(said, again=turn.status != 401)

    def break_off(self, turn: Turn) -> int:
        """The same for a connection."""
        return self._fail(LOST, again=True)

    def tell_gone(self) -> int:
        """It keeps no conversation."""
        return 0

    def _fail(self, said: str, *, again: bool) -> int:
        if again:
            self.say_line(f"{said}\nRetrying in 0.2 seconds...")
        self.say_line(said)
        return 0


def _path(call: ToolCall) -> str:
    return str(call.fields.get("path", ""))


def _thousands(tokens: int) -> str:
    if tokens < 1000:
        return str(tokens)
    return f"{tokens / 1000:.1f}k" if tokens < 10_000 else f"{round(tokens / 1000)}k"
