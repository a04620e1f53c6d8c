"""The real agent programs, as npm installs them, and how each is asked for one turn of work."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from attrs import frozen

from interlock.testing import ToolCall
from tests.real_agents.install import REASON

FOLDER = Path(__file__).parent
MISSING = "is not installed: `make agents` installs it"
KEY = "a-key-that-proves-nothing"
PRICES = {"input": 3, "output": 15, "cache_read": 0.3, "cache_write": 3.75}  # $ for 1e6 tokens

Event = Mapping[str, Any]


class NotInstalled(Exception):
    """The program cannot be run here; the message says why."""


@frozen(kw_only=True)
class Task:
    """What a program is asked for. `writes` False: it may read files and not change them."""

    prompt: str = "Write hello.txt"
    writes: bool = True
    max_turns: int | None = None
    resume: str | None = None  # the vendor's id of the conversation to go on with


class Runnable(Protocol):
    """A program that can be run at a desk."""

    name: str
    slug: str
    command: str  # what a person types
    manifest: str  # pattern of the file that names its version, under this folder
    native: str  # pattern of the file that is run, under this folder

    def env(self, url: str, home: Path, task: Task) -> dict[str, str]:
        """The variables that it needs; what must lie in `home` is written there."""

    def argv(self, url: str, task: Task) -> tuple[str, ...]:
        """Its arguments, without the program itself."""


class Program(Runnable, Protocol):
    """An agent program with tools, a stream of JSON, and conversations that can be resumed."""

    def write(self, path: Path, text: str) -> ToolCall:
        """Its own tool that writes a file."""

    def conversation(self, events: list[Event]) -> str:
        """The id to resume with."""

    def tokens(self, events: list[Event]) -> tuple[int, int]:
        """All input tokens, cached ones included, and all output tokens that it reports."""


def locate(program: Runnable) -> str:
    """The file to run. Raises NotInstalled when there was none for this machine."""
    found = sorted(FOLDER.glob(program.native))
    if not found:
        raise NotInstalled(_explain(program))
    if found[0].suffix == ".js" and not shutil.which("node"):
        raise NotInstalled("it needs Node.js, which is not on PATH")
    found[0].chmod(0o755)  # npm leaves a file that no `bin` entry names as it was packed
    return str(found[0])


def link_commands(folder: Path) -> None:
    """Makes `folder`, which is for PATH, hold every installed program under its usual name."""
    for program in PROGRAMS:
        with suppress(NotInstalled):
            (folder / program.command).symlink_to(locate(program))


def version(program: Runnable) -> str:
    """The installed version. Raises NotInstalled."""
    for manifest in FOLDER.glob(program.manifest):
        if found := re.search(r'(?im)^\W*version"?: "?([\w.]+)', manifest.read_text()):
            return found[1]
    raise NotInstalled(_explain(program))


def _explain(program: Runnable) -> str:
    """Why a program is not there."""
    if program.manifest.startswith("node_modules/") and REASON.is_file():
        return REASON.read_text().strip()
    return f"{program.name} {MISSING}"


class ClaudeCode:
    """Anthropic's Claude Code, over the Messages API."""

    name = "Claude Code"
    slug = "claude-code"
    command = "claude"
    manifest = "node_modules/@anthropic-ai/claude-code/package.json"
    native = "node_modules/@anthropic-ai/claude-code-*/claude"

    def env(self, url: str, home: Path, task: Task) -> dict[str, str]:
        """Two retries: enough to get over one error, few enough to give up soon."""
        return {
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_BASE_URL": url,
            "CLAUDE_CODE_MAX_RETRIES": "2",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }

    def argv(self, url: str, task: Task) -> tuple[str, ...]:
        """`dontAsk` denies what would need a person's yes."""
        mode = "acceptEdits" if task.writes else "dontAsk"
        options = ["--output-format", "stream-json", "--verbose", "--permission-mode", mode]
        options += ["--model", "claude-sonnet-4-5"]
        options += ["--max-turns", str(task.max_turns)] if task.max_turns else []
        options += ["--resume", task.resume] if task.resume else []
        return (*options, "-p", task.prompt)

    def write(self, path: Path, text: str) -> ToolCall:
        """Write."""
        return ToolCall("Write", {"file_path": str(path), "content": text})

    def conversation(self, events: list[Event]) -> str:
        """`session_id`, the same in every event."""
        return str(events[0]["session_id"])

    def tokens(self, events: list[Event]) -> tuple[int, int]:
        """Of the last event; those of this run only."""
        usage = events[-1]["usage"]
        kinds = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        return sum(usage[kind] for kind in kinds), usage["output_tokens"]


class Codex:
    """OpenAI's Codex, over the Responses API."""

    name = "Codex"
    slug = "codex"
    command = "codex"
    manifest = "node_modules/@openai/codex/package.json"
    native = "node_modules/@openai/codex/bin/codex.js"

    def env(self, url: str, home: Path, task: Task) -> dict[str, str]:
        """The key's name is in the arguments."""
        return {"MODEL_SERVER_KEY": KEY}

    def argv(self, url: str, task: Task) -> tuple[str, ...]:
        """`resume` knows no -s, so the sandbox is set as configuration."""
        provider = (
            f'{{name="model-server",base_url="{url}/v1",env_key="MODEL_SERVER_KEY",'
            'wire_api="responses",request_max_retries=2,stream_max_retries=2}'
        )
        settings = {
            "model_provider": '"scripted"',
            "model_providers.scripted": provider,
            "sandbox_mode": '"workspace-write"' if task.writes else '"read-only"',
            "analytics.enabled": "false",
        }
        options = ["--json", "-m", "gpt-5.5"]
        for name, value in settings.items():
            options += ["-c", f"{name}={value}"]
        resume = ("resume", *options, task.resume) if task.resume else tuple(options)
        return ("exec", *resume, task.prompt)

    def write(self, path: Path, text: str) -> ToolCall:
        """The shell: it has a tool for patches, and most models write files with this one."""
        return ToolCall("exec_command", {"cmd": f"printf '%s' '{text}' > {path.name}"})

    def conversation(self, events: list[Event]) -> str:
        """`thread_id` of the first event."""
        return str(events[0]["thread_id"])

    def tokens(self, events: list[Event]) -> tuple[int, int]:
        """Of the last event; those of the whole conversation."""
        usage = events[-1]["usage"]
        return usage["input_tokens"], usage["output_tokens"]


class GeminiCli:
    """Google's Gemini CLI."""

    name = "Gemini CLI"
    slug = "gemini"
    command = "gemini"
    manifest = "node_modules/@google/gemini-cli/package.json"
    native = "node_modules/@google/gemini-cli/bundle/gemini.js"

    def env(self, url: str, home: Path, task: Task) -> dict[str, str]:
        """It reads how to log in, and its limit of turns, only from its settings."""
        settings = {
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "privacy": {"usageStatisticsEnabled": False},
            "general": {"enableAutoUpdate": False},
            "model": {"maxSessionTurns": task.max_turns or -1},
        }
        folder = home / ".gemini"
        folder.mkdir(exist_ok=True)
        (folder / "settings.json").write_text(json.dumps(settings))
        return {
            "GEMINI_API_KEY": KEY,
            "GOOGLE_GEMINI_BASE_URL": url,
            "GEMINI_CLI_TRUST_WORKSPACE": "true",
            "GEMINI_CLI_NO_RELAUNCH": "true",
        }

    def argv(self, url: str, task: Task) -> tuple[str, ...]:
        """In approval mode `default` the tools that need a yes are not offered at all."""
        mode = "auto_edit" if task.writes else "default"
        options = ["-o", "stream-json", "--approval-mode", mode, "-m", "gemini-2.5-pro"]
        options += ["-r", task.resume] if task.resume else []
        return (*options, "-p", task.prompt)

    def write(self, path: Path, text: str) -> ToolCall:
        """write_file."""
        return ToolCall("write_file", {"file_path": str(path), "content": text})

    def conversation(self, events: list[Event]) -> str:
        """`session_id` of the first event."""
        return str(events[0]["session_id"])

    def tokens(self, events: list[Event]) -> tuple[int, int]:
        """Of the last event. Its output leaves the thoughts out, its total has them."""
        stats = events[-1]["stats"]
        return stats["input_tokens"], stats["total_tokens"] - stats["input_tokens"]


class OpenCode:
    """opencode, over Chat Completions."""

    name = "opencode"
    slug = "opencode"
    command = "opencode"
    manifest = "node_modules/opencode-linux-x64/package.json"  # what opencode-ai runs, by itself
    native = "node_modules/opencode-linux-x64/bin/opencode"

    def env(self, url: str, home: Path, task: Task) -> dict[str, str]:
        """All of its configuration fits into one variable."""
        permission = {"edit": "allow" if task.writes else "ask"}
        model = {"cost": PRICES, "limit": {"context": 100_000, "output": 8_000}}
        provider = {
            "npm": "@ai-sdk/openai-compatible",
            "options": {"baseURL": f"{url}/v1", "apiKey": KEY},
            "models": {"m1": model},
        }
        config = {
            "provider": {"scripted": provider},
            "permission": permission,
            "autoupdate": False,
            "share": "disabled",
        }
        return {
            "OPENCODE_CONFIG_CONTENT": json.dumps(config),
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        }

    def argv(self, url: str, task: Task) -> tuple[str, ...]:
        """Its options, then the prompt."""
        options = ["--format", "json", "-m", "scripted/m1"]
        options += ["-s", task.resume] if task.resume else []
        return ("run", *options, task.prompt)

    def write(self, path: Path, text: str) -> ToolCall:
        """write."""
        return ToolCall("write", {"filePath": str(path), "content": text})

    def conversation(self, events: list[Event]) -> str:
        """`sessionID`, the same in every event."""
        return str(events[0]["sessionID"])

    def tokens(self, events: list[Event]) -> tuple[int, int]:
        """The sum over the steps; its input leaves the cached ones out."""
        steps = [event["part"]["tokens"] for event in events if event["type"] == "step_finish"]
        read = sum(step["input"] + sum(step["cache"].values()) for step in steps)
        return read, sum(step["output"] + step["reasoning"] for step in steps)


PROGRAMS: tuple[Program, ...] = (ClaudeCode(), Codex(), GeminiCli(), OpenCode())
