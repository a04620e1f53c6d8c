"""The exact arguments, variables and files that each agent program is asked with."""

import json
import tomllib
from typing import Any

import pytest
from attrs import evolve

from interlock.agents.invocation import Invocation
from interlock.engine import Prompt
from interlock.engine.errors import InvalidInput
from tests.agents.streams import SESSION, load

SERVERS = {"engine": {"command": "serve", "args": ["-x"], "env": {"TOKEN": "t"}}}
STREAM = ("-p", "--output-format", "stream-json", "--verbose", "--include-partial-messages")


def ask(
    name: str, *options: str, conversation: str | None = None, **prompt_options: Any
) -> Invocation:
    """How the agent is asked; with a conversation it goes on with that one."""
    state = {"conversations": {name: conversation, "other": "o-1"}}
    prompt = Prompt("Do it.", resume=conversation is not None, options=prompt_options)
    return load(name).invoke(prompt, evolve(SESSION, state=state), options)


def test_claude_code_by_default() -> None:
    """It may edit, tries a few times, and its prompt is all of its standard input."""
    asked = ask("claude-code")
    assert asked.argv == ("claude", *STREAM, "--permission-mode", "acceptEdits")
    assert (asked.stdin, asked.env, asked.files) == ("Do it.", {}, {})
    assert asked.defaults == {"CLAUDE_CODE_MAX_RETRIES": "3", "DISABLE_AUTOUPDATER": "1"}
    assert "ANTHROPIC_*" in asked.inherit


def test_claude_code_with_everything() -> None:
    """Each option by its own flag; a server that is named may be used."""
    asked = ask(
        "claude-code",
        *("--model", "opus", "--permission-mode", "plan", "--allowed-tools", "Edit,Bash(git *)"),
        *("--denied-tools", "WebFetch", "--max-turns", "9", "--system", "Be brief."),
        *("--", "--effort", "high"),
        mcp=SERVERS,
    )
    assert asked.argv == (
        *("claude", *STREAM, "--allowedTools", "Edit,Bash(git *),mcp__engine"),
        *("--disallowedTools", "WebFetch", "--mcp-config", "{files}/mcp.json"),
        *("--model", "opus", "--max-turns", "9", "--append-system-prompt", "Be brief."),
        *("--permission-mode", "plan", "--effort", "high"),
    )
    assert json.loads(asked.files["mcp.json"]) == {"mcpServers": SERVERS}


def test_claude_code_goes_on() -> None:
    """With its own session id."""
    asked = ask("claude-code", conversation="0f-1")
    assert asked.argv == (
        *("claude", *STREAM, "--resume", "0f-1", "--permission-mode", "acceptEdits"),
    )


def test_claude_code_that_only_reads() -> None:
    """It has no other tools, no settings of the repository, and no servers of the user."""
    asked = ask("claude-code", "--permission-mode", "bypassPermissions", read_only=True)
    assert asked.argv == (
        *("claude", *STREAM, "--tools", "Read,Glob,Grep", "--setting-sources", "user"),
        *("--strict-mcp-config", "--permission-mode", "dontAsk"),
    )


def test_codex_by_default() -> None:
    """It may write in the work directory, and reads its prompt from standard input."""
    asked = ask("codex")
    assert asked.argv == (
        *("codex", "exec", "--json", "--skip-git-repo-check"),
        *("-c", 'sandbox_mode="workspace-write"', "-"),
    )
    assert (asked.stdin, asked.env, asked.files) == ("Do it.", {}, {})


def test_codex_goes_on_with_its_sandbox() -> None:
    """Which is named anew: without that it could only read."""
    asked = ask(
        "codex",
        *("--model", "gpt-5.5", "--permission-mode", "danger-full-access", "--", "-c", "a=1"),
        conversation="01a2",
        mcp=SERVERS,
    )
    assert asked.argv[:3] == ("codex", "exec", "resume")
    assert asked.argv[3:11] == (
        *("--json", "--skip-git-repo-check", "-c", "a=1", "-m", "gpt-5.5"),
        *("-c", 'sandbox_mode="danger-full-access"'),
    )
    assert asked.argv[-2:] == ("01a2", "-")
    assert asked.env == {"TOKEN": "t"}


def test_codex_gets_its_configuration_as_toml() -> None:
    """Instructions and servers; a server that does not start is a failure."""
    system = 'Say "hi",\n\tü \\ $x'
    asked = ask("codex", system=system, mcp=SERVERS)
    values = [asked.argv[n + 1] for n, word in enumerate(asked.argv) if word == "-c"]
    assert tomllib.loads("\n".join(values)) == {
        "sandbox_mode": "workspace-write",
        "developer_instructions": system,
        "mcp_servers": {
            "engine": {"command": "serve", "args": ["-x"], "env_vars": ["TOKEN"], "required": True}
        },
    }


def test_codex_that_only_reads() -> None:
    """Its sandbox is read-only, whatever the session says."""
    asked = ask("codex", "--permission-mode", "danger-full-access", read_only=True)
    assert 'sandbox_mode="read-only"' in asked.argv
    assert not any("danger" in word for word in asked.argv)


def test_gemini_by_default() -> None:
    """It may edit, stays one process that can be ended, and works where nobody confirmed it."""
    asked = ask("gemini")
    assert asked.argv == ("gemini", "-o", "stream-json", "--approval-mode", "auto_edit")
    assert (asked.stdin, asked.env, asked.files) == ("Do it.", {}, {})
    assert asked.defaults == {
        "GEMINI_CLI_NO_RELAUNCH": "true",
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
    }


def test_gemini_with_everything() -> None:
    """Tools as a policy, turns and servers as settings, instructions before the prompt."""
    asked = ask(
        "gemini",
        *("--model", "gemini-2.5-pro", "--permission-mode", "yolo", "--max-turns", "7"),
        *("--allowed-tools", "run_shell_command(git log)", "--denied-tools", "web_fetch"),
        *("--system", "Be brief.", "--", "--debug"),
        conversation="0a-1",
        mcp=SERVERS,
    )
    assert asked.argv == (
        *("gemini", "-o", "stream-json", "--debug", "-m", "gemini-2.5-pro", "-r", "0a-1"),
        *("--admin-policy", "{files}/tools.toml", "--approval-mode", "yolo"),
    )
    assert asked.stdin == "<instructions>\nBe brief.\n</instructions>\n\nDo it."
    assert asked.env == {"GEMINI_CLI_SYSTEM_DEFAULTS_PATH": "{files}/settings.json"}
    assert json.loads(asked.files["settings.json"]) == {
        "mcpServers": SERVERS,
        "model": {"maxSessionTurns": 7},
    }
    rules = tomllib.loads(asked.files["tools.toml"])["rule"]
    assert [(rule["decision"], rule["toolName"], rule.get("commandPrefix")) for rule in rules] == [
        ("deny", "web_fetch", None),
        ("allow", "run_shell_command", "git log"),
        ("allow", "mcp_engine_*", None),
    ]


def test_gemini_that_only_reads() -> None:
    """A policy above those of the user and the repository denies all but its reading tools."""
    asked = ask("gemini", "--permission-mode", "yolo", "--allowed-tools", "replace", read_only=True)
    assert asked.argv[-2:] == ("--approval-mode", "default")
    rules = tomllib.loads(asked.files["tools.toml"])["rule"]
    assert rules[0] == {"toolName": "*", "decision": "deny", "priority": 900}
    allowed = {rule["toolName"] for rule in rules[1:] if rule["priority"] > 900}
    assert "read_file" in allowed
    assert allowed.isdisjoint({"write_file", "replace", "run_shell_command", "web_fetch"})


def test_opencode_by_default() -> None:
    """Its own configuration holds."""
    asked = ask("opencode")
    assert asked.argv == ("opencode", "run", "--format", "json")
    assert (asked.stdin, asked.env, asked.files) == ("Do it.", {}, {})


def test_opencode_with_everything() -> None:
    """Tools as permissions, turns and servers as configuration, instructions before the prompt."""
    asked = ask(
        "opencode",
        *("--model", "p/m", "--permission-mode", "auto", "--allowed-tools", "bash(git *),edit"),
        *("--denied-tools", "webfetch,bash(git push *)", "--max-turns", "7"),
        *("--", "--variant", "high"),
        conversation="ses_1",
        mcp=SERVERS,
    )
    assert asked.argv == (
        *("opencode", "run", "--format", "json", "--variant", "high", "-m", "p/m", "-s", "ses_1"),
        *("--auto", "--print-logs", "--log-level", "WARN"),
    )
    assert json.loads(asked.env["OPENCODE_PERMISSION"]) == {
        "bash": {"*": "ask", "git *": "allow", "git push *": "deny"},
        "edit": "allow",
        "webfetch": "deny",
    }
    assert asked.env["OPENCODE_CONFIG"] == "{files}/opencode.json"
    config = json.loads(asked.files["opencode.json"])
    assert config["agent"] == {"build": {"steps": 7}}
    assert config["mcp"]["engine"]["command"] == ["serve", "-x"]
    assert config["mcp"]["engine"]["environment"] == {"TOKEN": "t"}


@pytest.mark.parametrize("tool", ["edit", "write", "patch", "multiedit"])
def test_opencode_has_one_permission_for_all_that_edits(tool: str) -> None:
    """By whichever tool it is named; one it does not know would be passed over without a word."""
    asked = ask("opencode", "--denied-tools", tool)
    assert json.loads(asked.env["OPENCODE_PERMISSION"]) == {"edit": "deny"}


def test_opencode_that_only_reads() -> None:
    """All but its reading tools is denied, and the repository's configuration is left out."""
    asked = ask("opencode", "--permission-mode", "auto", read_only=True)
    assert asked.argv == ("opencode", "run", "--format", "json", "--pure")
    permission = json.loads(asked.env["OPENCODE_PERMISSION"])
    allowed = {tool for tool, decision in permission.items() if decision == "allow"}
    assert allowed == {"read", "grep", "glob", "list"}
    assert permission["*"] == permission["bash"] == permission["edit"] == "deny"
    assert asked.env["OPENCODE_DISABLE_PROJECT_CONFIG"] == "1"


def test_aider_by_default() -> None:
    """It commits nothing and asks nobody; a prompt that looks like a command is none."""
    asked = ask("aider", "--model", "gpt-4o", "--", "--edit-format", "whole")
    assert asked.argv[:5] == ("aider", "--edit-format", "whole", "--model", "gpt-4o")
    assert {"--no-auto-commits", "--yes-always", "--no-detect-urls"} <= set(asked.argv)
    assert asked.argv[5:7] == ("--message-file", "{files}/prompt.md")
    assert (asked.stdin, asked.files) == (None, {"prompt.md": "Do it."})
    command = load("aider").invoke(Prompt("/run rm -rf ."), SESSION, ())
    assert command.files["prompt.md"] == "\n/run rm -rf ."


def test_aider_that_only_reads() -> None:
    """It answers and edits nothing, and nothing of the repository's settings is run."""
    asked = ask("aider", read_only=True)
    words = " ".join(asked.argv)
    assert "--chat-mode ask --dry-run" in words
    assert "--config {files}/aider.conf.yml --env-file {files}/env" in words
    assert asked.files.keys() == {"prompt.md", "aider.conf.yml", "env"}


def test_aider_begins_anew() -> None:
    """It has no conversations."""
    assert ask("aider", conversation="c-1").argv == ask("aider").argv


@pytest.mark.parametrize("name", ["claude-code", "codex", "gemini", "opencode"])
@pytest.mark.parametrize("identity", ["--yolo", "-x", "", "a b", "a/../b", "x" * 300, 7, None, "é"])
def test_an_id_that_could_be_something_else_is_not_used(name: str, identity: Any) -> None:
    """It came from outside: the conversation begins anew."""
    state = {"conversations": {name: identity}}
    session = evolve(SESSION, state=state)
    asked = load(name).invoke(Prompt("Do it.", resume=True), session, ())
    assert asked.argv == ask(name).argv


@pytest.mark.parametrize("name", ["claude-code", "codex", "gemini", "opencode"])
def test_only_a_prompt_that_goes_on_goes_on(name: str) -> None:
    """Any other begins anew, also where there is a conversation; a strange state is none."""
    for state in ({"conversations": {name: "c-1"}}, {"conversations": 5}, {}):
        session = evolve(SESSION, state=state)
        assert load(name).invoke(Prompt("Do it."), session, ()).argv == ask(name).argv


@pytest.mark.parametrize(
    ("name", "mode"), [("codex", "yolo"), ("gemini", "bypass"), ("opencode", "plan")]
)
def test_a_mode_that_the_program_does_not_have_is_refused(name: str, mode: str) -> None:
    """With those there are."""
    with pytest.raises(InvalidInput, match=f"{name}: permission_mode is one of .*, not '{mode}'"):
        ask(name, "--permission-mode", mode)
