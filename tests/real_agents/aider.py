"""Aider: no tools, no stream of JSON, no permissions. It edits what the model's text says."""

from __future__ import annotations

from pathlib import Path

from interlock.testing import ModelServer, Turn
from tests.real_agents.desk import Desk, Run
from tests.real_agents.programs import KEY, Task


class Aider:
    """Aider, over Chat Completions. It looks up prices on the network, and works without."""

    name = "Aider"
    slug = "aider"
    command = "aider"
    manifest = ".aider-venv/lib/python*/site-packages/aider_chat-*.dist-info/METADATA"
    native = ".aider-venv/bin/aider"

    def env(self, url: str, home: Path, task: Task) -> dict[str, str]:
        """Where the model is."""
        return {"OPENAI_API_KEY": KEY, "OPENAI_API_BASE": f"{url}/v1"}

    def argv(self, url: str, task: Task) -> tuple[str, ...]:
        """One message, nobody to ask, and no change of .gitignore."""
        quiet = ("--yes-always", "--no-check-update", "--analytics-disable", "--no-gitignore")
        plain = ("--no-pretty", "--no-fancy-input", "--no-show-model-warnings")
        model = ("--model", "openai/gpt-4o", "--edit-format", "whole")
        return (*model, *quiet, *plain, "--message", task.prompt)


AIDER = Aider()
EDIT = Turn.text("hello.txt\n```\nhi\n```\n")
COMMIT = Turn.text("Add a greeting")  # it asks for the message of its commit
SCRIPTS = {
    "success": (EDIT, COMMIT),
    "error-401": (Turn.error(401),),
    "error-429": (Turn.error(429, retry_after=1), EDIT, COMMIT),
    "cut-once": (Turn.cut(EDIT.said), EDIT, COMMIT),
}


def play(case: str, desk: Desk) -> tuple[Run, ModelServer]:
    """One run with a script, and the server that was asked."""
    with ModelServer(*SCRIPTS[case], aside=None) as server:
        return desk.run(AIDER, server.url, Task()), server
