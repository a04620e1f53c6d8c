"""An agent's run through the environment `local`: its lines read as they come, its files laid out.

The program is a small script of ours that prints what a real one printed.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from interlock.agents.invocation import Event, Invocation
from interlock.engine import Prompt, Result, Session
from interlock.environments.asking import MAX_LINE, Listener
from interlock.environments.local import Local
from tests.agents.streams import text_of
from tests.environments.desk import Desk

SCRIPT = """#!{python} -I
import json, os, pathlib, sys
here = pathlib.Path({folder!r})
files = {{}}
for word in (*sys.argv[1:], *os.environ.values()):
    if "invocations" in word and os.path.isfile(word):
        mode = oct(os.stat(os.path.dirname(word)).st_mode)
        files[os.path.basename(word)] = [open(word).read(), mode]
told = {{"argv": sys.argv[1:], "stdin": sys.stdin.read(), "env": dict(os.environ), "files": files}}
(here / "asked.json").write_text(json.dumps(told))
sys.stdout.buffer.write((here / "stream").read_bytes())
sys.stderr.write("noted\\n")
sys.exit(int((here / "code").read_text()))
"""


class Stage(Desk):
    """A desk whose agent is a script that prints a stream."""

    def __init__(self, folder: Path, agent: str, stream: str, code: int = 0) -> None:
        self.folder = folder / "program"
        self.folder.mkdir()
        script = self.folder / "agent"
        script.write_text(SCRIPT.format(python=sys.executable, folder=str(self.folder)))
        script.chmod(0o755)
        self.print(stream, code)
        work = folder / "work"
        work.mkdir()
        super().__init__(work, agent=f"{agent} --program {script}")

    def print(self, stream: str, code: int = 0) -> None:
        """What the script prints from now on."""
        (self.folder / "stream").write_text(stream)
        (self.folder / "code").write_text(str(code))

    def asked(self) -> Mapping[str, Any]:
        """How the script was asked the last time."""
        told: Mapping[str, Any] = json.loads((self.folder / "asked.json").read_text())
        return told


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory of its own."""
    folder = tmp_path / "data"
    monkeypatch.setenv("INTERLOCK_DATA_DIR", str(folder))
    return folder


def test_a_run_becomes_events_and_a_result(tmp_path: Path) -> None:
    """And what the session is to remember; the stream itself is not kept twice."""
    stage = Stage(tmp_path, "claude-code", text_of("claude-code-partial"))
    result = stage.do(Prompt("--Write hello.txt"))
    assert (result.status, result.output, result.stderr) == ("ok", "Done.", "noted\n")
    assert result.stdout is None
    assert result.usage is not None
    assert result.usage["requests"] == 2
    kinds = [kind for kind, data in stage.events if data.get("stream") != "stderr"]
    assert kinds == ["conversation", "tool_use", "usage", "tool_result", "text", "usage"]
    assert stage.asked()["stdin"] == "--Write hello.txt"


def test_the_next_prompt_goes_on_with_the_conversation(tmp_path: Path) -> None:
    """With what the first run remembered."""
    stage = Stage(tmp_path, "codex", text_of("codex-reasoning"))
    first = stage.do(Prompt("begin"))
    stage.session = evolve(stage.session, state=first.remember)
    stage.print(text_of("codex-resumed"))
    second = stage.do(Prompt("go on", resume=True))
    assert stage.asked()["argv"][-2:] == [first.data["conversation_id"], "-"]
    assert second.usage is not None
    assert second.usage["input_tokens"] == 1000


def test_a_prompt_of_a_million_characters_arrives(tmp_path: Path) -> None:
    """Whole."""
    stage = Stage(tmp_path, "gemini", text_of("gemini-success"))
    text = "--" + "ü\n" * 500_000
    assert stage.do(Prompt(text)).ok
    assert stage.asked()["stdin"] == text


def test_its_files_are_private_and_gone_afterwards(tmp_path: Path, data_folder: Path) -> None:
    """They lie in the data directory, because some programs trust nothing below /tmp."""
    stage = Stage(tmp_path, "claude-code", text_of("claude-code-success"))
    servers = {"engine": {"command": "serve", "env": {"TOKEN": "hidden-1"}}}
    stage.do(Prompt("x", options={"mcp": servers}))
    text, mode = stage.asked()["files"]["mcp.json"]
    assert json.loads(text) == {"mcpServers": servers}
    assert mode == "0o40700"
    assert list((data_folder / "invocations").iterdir()) == []


def test_what_a_killed_run_left_is_removed(tmp_path: Path, data_folder: Path) -> None:
    """Before the next run of the session."""
    stage = Stage(tmp_path, "aider", text_of("aider-success"))
    left = data_folder / "invocations" / stage.session.id / "mcp.json"
    left.parent.mkdir(parents=True)
    left.write_text("{}")
    stage.do(Prompt("x"))
    assert not left.exists()
    assert stage.asked()["files"].keys() == {"prompt.md"}


def test_files_that_cannot_be_laid_out_are_an_error(tmp_path: Path, data_folder: Path) -> None:
    """In one line."""
    data_folder.write_text("in the way")
    stage = Stage(tmp_path, "aider", "")
    result = stage.do(Prompt("x"))
    assert result.status == "error"
    assert (result.error or "").startswith("the agent's files cannot be laid out in ")


def test_an_agent_gets_the_variables_it_may_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its vendor's and those that are named; a default only where nothing sets it."""
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "MY_KEY", "YOUR_KEY"):
        monkeypatch.setenv(name, f"a-{name}")
    monkeypatch.setenv("CLAUDE_CODE_MAX_RETRIES", "9")
    stage = Stage(tmp_path, "claude-code --env MY_KEY", text_of("claude-code-success"))
    stage.do(Prompt("x"))
    env = stage.asked()["env"]
    assert env["ANTHROPIC_API_KEY"] == "a-ANTHROPIC_API_KEY"
    assert env["MY_KEY"] == "a-MY_KEY"
    assert env.keys().isdisjoint({"OPENAI_API_KEY", "YOUR_KEY"})
    assert env["CLAUDE_CODE_MAX_RETRIES"] == "9"
    assert env["DISABLE_AUTOUPDATER"] == "1"


def test_what_only_reads_cannot_be_lifted_by_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the agent sets goes before what the engine has."""
    monkeypatch.setenv("OPENCODE_PERMISSION", '{"*":"allow"}')
    stage = Stage(tmp_path, "opencode", text_of("opencode-success"))
    stage.do(Prompt("x", options={"read_only": True}))
    assert json.loads(stage.asked()["env"]["OPENCODE_PERMISSION"])["*"] == "deny"


def test_options_that_cannot_be_used_are_an_error(tmp_path: Path) -> None:
    """Nothing is started."""
    stage = Stage(tmp_path, "codex --colour blue", "")
    result = stage.do(Prompt("x"))
    assert result.status == "error"
    assert "agent codex: codex has no option '--colour'" in (result.error or "")
    assert not (stage.folder / "asked.json").exists()


def test_a_program_that_is_not_installed_is_told(tmp_path: Path) -> None:
    """With what installs it."""
    desk = Desk(tmp_path, agent="gemini --program no-such-program-here")
    result = desk.do(Prompt("x"))
    assert result.data["kind"] == "not_installed"
    assert "`npm install -g @google/gemini-cli` installs it" in (result.error or "")


def test_an_exit_code_is_kept(tmp_path: Path) -> None:
    """As it was, with a cause in words."""
    stage = Stage(tmp_path, "gemini", text_of("gemini-error-401"), 145)
    result = stage.do(Prompt("x"))
    assert (result.status, result.code, result.data["kind"]) == ("error", 145, "not_logged_in")


class Notes:
    """A reader that keeps the lines it gets."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def feed(self, line: str) -> list[Event]:
        """One event a line."""
        if line == "raise":
            raise ValueError("no such line")
        self.lines.append(line)
        return [("line", {"length": len(line)})]

    def finish(self, result: Result) -> Result:
        """All lines."""
        return Result(output="|".join(self.lines))


class Noting:
    """An agent that prints what its prompt says and notes the lines."""

    def invoke(self, prompt: Prompt, session: Session, options: tuple[str, ...]) -> Invocation:
        """The words of the prompt as they are."""
        source = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
        return Invocation((sys.executable, "-I", "-c", source), prompt.text, structured=True)

    def reader(self, prompt: Prompt, session: Session, options: tuple[str, ...]) -> Notes:
        """Notes."""
        return Notes()

    def read(self, prompt: Prompt, result: Result) -> Result:
        """Is not asked."""
        raise AssertionError("it has a reader")


def note(folder: Path, text: str) -> tuple[Result, Desk]:
    """What comes of a text."""
    desk = Desk(folder, agent="noting")
    desk.local = Local(lambda name: Noting())
    return desk.do(Prompt(text)), desk


def test_lines_are_lines_whatever_is_in_them(tmp_path: Path) -> None:
    """Only a line feed ends one; the last one need not end."""
    text = "a\u2028b\rc\n\nü\0x\n  last"
    assert note(tmp_path, text)[0].output == "a\u2028b\rc||ü\ufffd\\x00x|  last"


def test_a_reader_that_raises_is_the_agents_fault(tmp_path: Path) -> None:
    """The run goes on to its end, and is an error that says so."""
    result, desk = note(tmp_path, "one\nraise\ntwo\n")
    assert result.status == "error"
    assert result.error == "agent noting: reading raised ValueError: no such line"
    assert [kind for kind, _ in desk.events] == ["line"]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_line_in_pieces_is_one(size: int) -> None:
    """However it comes."""
    notes = Notes()
    listener = Listener(notes, lambda kind, data: None)
    text = "one\ntwo\n\nthree"
    for start in range(0, len(text), size):
        listener.feed(text[start : start + size])
    listener.close()
    listener.close()
    assert notes.lines == ["one", "two", "", "three"]


def test_a_line_without_end_is_cut_and_the_next_one_is_whole() -> None:
    """So that memory stays bounded."""
    notes = Notes()
    listener = Listener(notes, lambda kind, data: None)
    for _ in range(70):
        listener.feed("x" * 100_000)
    listener.feed("\nnext\n")
    assert [len(line) for line in notes.lines] == [MAX_LINE, 4]
