"""Codex's `codex exec --json`, as version 0.169 tells it."""

from __future__ import annotations

import re
import sys
from typing import Any
from uuid import uuid4

from interlock.testing.fake_agent.player import Player, last, read_stdin, take_values
from interlock.testing.fake_agent.stage import Asked
from interlock.testing.fake_agent.work import command_line
from interlock.testing.turn import Turn

VALUES = ("-c", "--config", "-m", "--model", "-s", "--sandbox", "-C", "--cd", "-o", "-p", "-i")
ERRORS = {
    401: "unexpected status 401 Unauthorized: Incorrect API key provided.",
    429: "exceeded retry limit, last status: 429 Too Many Requests",
    529: "We\u2019re currently experiencing high demand, which may cause temporary errors.",
}
LOST = "stream disconnected before completion: Transport error: network error"


class Codex(Player):
    """A run of `codex`."""

    kind = "codex"
    program = "codex"
    version = "codex-cli 0.169.0"
    counts_on = True

    def read_arguments(self) -> Asked:
        """`exec [resume] OPTIONS [ID] -`: the prompt is on standard input."""
        found = take_values(self.arguments, VALUES)
        words = [word for word in found[""] if word not in ("exec", "-")]
        fork = "fork" in words[:1]
        resumed = fork or "resume" in words[:1]
        rest = words[1:] if resumed else words
        configured = dict(pair.split("=", 1) for pair in (*found.get("-c", ()),
                          *found.get("--config", ())) if "=" in pair)  # fmt: skip
        mode = last(found, "-s", "--sandbox") or configured.get("sandbox_mode", "read-only")
        stdin = "-" in found[""]
        return Asked(
            prompt=read_stdin() if stdin else (rest[-1] if rest else ""),
            conversation=rest[0] if resumed and rest else None,
            fork=fork,
            model=last(found, "-m", "--model"),
            system=configured.get("developer_instructions"),
            read_only=mode.strip('"') == "read-only",
            servers=tuple(
                name[1] for key in configured if (name := re.match(r"mcp_servers\.(.+)", key))
            ),
        )

    def begin(self) -> None:
        """The thread and its turn."""
        self.items = 0
        self.tell({"type": "thread.started", "thread_id": self.conversation})
        self.tell({"type": "turn.started"})

    def answer(self, turn: Turn) -> bool:
        """Items. Of a command that its sandbox stops it tells nothing."""
        if turn.reasoning:
            self._item("reasoning", text=turn.reasoning)
        if turn.said:
            self._item("agent_message", text=turn.said)
            self.said = turn.said
        for call in turn.calls:
            outcome = self.perform(call)
            if outcome.denied:
                continue
            command = {"command": f"/bin/bash -lc {command_line(call)!r}"}
            begun = {**command, "aggregated_output": "", "exit_code": None, "status": "in_progress"}
            self._tell_item("item.started", "command_execution", begun)
            status = "completed" if outcome.ok else "failed"
            done = {"aggregated_output": outcome.output, "exit_code": outcome.code}
            self._item("command_execution", **command, **done, status=status)
        return True

    def end(self) -> int:
        """The usage of the whole thread."""
        used = self.used
        self.tell(
            {
                "type": "turn.completed",
                "usage": {
                    "input_tokens": used["input"],
                    "cached_input_tokens": used["cache_read"],
                    "cache_write_input_tokens": used["cache_write"],
                    "output_tokens": used["output"],
                    "reasoning_output_tokens": used["reasoning"],
                },
            }
        )
        return 0

    def fail(self, turn: Turn) -> int:
        """Two tries more, then the turn fails."""
        said = turn.message or ERRORS.get(turn.status, f"unexpected status {turn.status}")
        if turn.status == 429 and turn.retry_after is not None:
            said = f"You've hit your usage limit. Try again in {turn.retry_after} seconds."
        return self._fail(said)

    def break_off(self, turn: Turn) -> int:
        """The same for a connection."""
        return self._fail(LOST)

    def tell_gone(self) -> int:
        """On standard error alone."""
        wanted = self.asked.conversation or ""
        sys.stderr.write(f"Error: no rollout found for thread id {wanted}\n")
        return 1

    def new_conversation(self) -> str:
        """The id of a thread."""
        return str(uuid4())

    def _fail(self, said: str) -> int:
        for attempt in (1, 2):
            self.tell({"type": "error", "message": f"Reconnecting... {attempt}/2 ({said})"})
        self.tell({"type": "error", "message": said})
        self.tell({"type": "turn.failed", "error": {"message": said}})
        return 1

    def _item(self, kind: str, **fields: Any) -> None:
        self._tell_item("item.completed", kind, fields)
        self.items += 1

    def _tell_item(self, event: str, kind: str, fields: dict[str, Any]) -> None:
        self.tell({"type": event, "item": {"id": f"item_{self.items}", "type": kind, **fields}})
