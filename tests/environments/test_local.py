"""The environment `local` runs commands, and what goes wrong with one is its result."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from attrs import evolve

from interlock.agents.invocation import Invocation
from interlock.engine import Call, Interaction, Prompt, Result, Session, Shell, Wait
from interlock.engine.errors import InvalidInput
from interlock.environments.local import Local
from tests.environments.conftest import Bench, wait_until
from tests.environments.desk import Desk
from tests.environments.fake_program import KINDS


@pytest.fixture
def desk(bench: Bench) -> Iterator[Desk]:
    """A desk in an empty folder; what a failed test left running is ended by its bench."""
    desk = Desk(bench.folder)
    bench.token = desk.session.id
    yield desk
    desk.stop.set()


def test_a_program_that_ends_well_is_ok(desk: Desk) -> None:
    """Status, code, both streams and a duration are told, and the output came as events."""
    result = desk.shell(*desk.fake("ok"))
    assert (result.status, result.code, result.error) == ("ok", 0, None)
    assert (result.stdout, result.stderr) == ("done\n", "noted\n")
    assert sorted(result.output.splitlines()) == ["done", "noted"]
    assert result.duration_ms is not None
    assert result.data == {}
    assert (desk.shown("stdout"), desk.shown("stderr")) == ("done\n", "noted\n")
    assert {kind for kind, _ in desk.events} == {"output"}


@pytest.mark.parametrize("code", [1, 3, 255])
def test_a_non_zero_exit_is_an_error(desk: Desk, code: int) -> None:
    """It is never taken for ok, and the code is told in words too."""
    result = desk.shell(*desk.fake("fail", str(code)))
    assert (result.status, result.code, result.error) == ("error", code, f"exit code {code}")


def test_a_crash_is_an_error(desk: Desk) -> None:
    """A signal is told by its name."""
    result = desk.shell(*desk.fake("crash"))
    assert result.status == "error"
    assert "SIGSEGV" in (result.error or "")


def test_the_command_sees_the_directory_and_the_variables_it_was_given(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`cwd`, `env`, `input` and the session's names are there; the engine's secrets are not."""
    monkeypatch.setenv("CANARY_TOKEN", "secret")
    (desk.workdir / "sub").mkdir()
    source = "import json, os, sys; print(json.dumps([os.getcwd(), dict(os.environ), input()]))"
    result = desk.python(source, cwd="sub", env={"COLOUR": "blue"}, input="hello\n")
    cwd, variables, said = json.loads(result.output)
    assert Path(cwd) == (desk.workdir / "sub").resolve()
    assert variables["COLOUR"] == "blue"
    assert variables["INTERLOCK_SESSION_ID"] == desk.session.id
    assert variables["INTERLOCK_STEP"] == "work"
    assert "CANARY_TOKEN" not in variables
    assert said == "hello"


def test_a_directory_outside_is_refused(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Neither `..`, nor an absolute path, nor a link leads out of the work directory."""
    outside = tmp_path_factory.mktemp("outside")
    (desk.workdir / "link").symlink_to(outside)
    for cwd in ("..", "a/../..", str(outside), "link", "a\0b"):
        result = desk.shell("pwd", cwd=cwd)
        assert result.status == "error", cwd
        assert "directory" in (result.error or "")
        assert result.stdout is None
    (desk.workdir / "inside").mkdir()
    assert desk.shell("pwd", cwd="inside/..").ok


BAD: list[tuple[Any, str]] = [
    (Shell(("no-such-program-here",)), "was not found: install it"),
    (Shell(("./no-such-file",)), "does not exist"),
    (Shell(("echo", "a\0b")), "NUL"),
    (Shell(("echo", "\udcff\ud800")), "lone surrogate"),
    (Shell(("cat",), input="\ud800"), "lone surrogate"),
    (Shell(("echo", "x" * 200_000)), "too long"),
    (Shell(("echo",), env={"A=B": "1"}), "rename"),
    (Shell(("echo",), env={"A": "\0"}), "NUL"),
    (Shell(("echo",), cwd="missing"), "does not exist"),
    (Wait(5), "local runs Shell, Prompt and Call"),
    (Prompt("hello"), "has no agent"),
    (Prompt("hello", agent="program 'ruff"), "cannot be split"),
    (Prompt("hello", agent="no_such_agent x"), "no_such_agent"),
    (Prompt("hello", agent="program"), "name the program to run"),
    (Prompt("hello", agent="program no-such-program-here"), "was not found"),
    (Prompt("h\0", agent="program echo {prompt}"), "NUL"),
    (Prompt("\ud800", agent="program cat"), "lone surrogate"),
    (Prompt("x" * 200_000, agent="program echo {prompt}"), "pass big input on stdin"),
    (Call("fly"), "read_file, write_file, delete_file, list_directory, branch, commit, merge"),
    (Call("read_file"), "read_file takes path"),
    (Call("read_file", {"path": "a", "mode": "r"}), "read_file takes path"),
    (Call("read_file", {"path": 5}), "path is text"),
    (Call("write_file", {"path": "a", "content": None}), "content is text"),
    (Call("read_file", {"path": "missing"}), "read_file missing: No such file"),
    (Call("read_file", {"path": "../x"}), "stays inside the work directory"),
]


@pytest.mark.parametrize(("command", "words"), BAD, ids=[words[:30] for _, words in BAD])
def test_what_cannot_be_executed_is_an_error_that_says_why(
    desk: Desk, command: Any, words: str
) -> None:
    """No exception: a result with one line that says what to do."""
    result = desk.do(command)
    assert result.status == "error"
    assert words in (result.error or "")
    assert "\n" not in (result.error or "")
    assert result.duration_ms is not None


@pytest.mark.parametrize("workdir", [None, "", "relative", "/no/such/directory", "/a\0b"])
def test_a_work_directory_that_is_not_there_is_an_error(desk: Desk, workdir: str | None) -> None:
    """Whatever the command is, it says so."""
    desk.session = evolve(desk.session, workdir=workdir)
    for command in (
        Shell(("pwd",)),
        Prompt("x", agent="program pwd"),
        Call("branch", {"name": "x"}),
    ):
        result = desk.do(command)
        assert result.status == "error"
        assert "work directory" in (result.error or "")


def test_output_that_is_no_text_is_shown_as_bytes(desk: Desk) -> None:
    """An invalid byte and a NUL are readable, so that they can be stored."""
    result = desk.python(r"import os; os.write(1, b'a\xff\0b')")
    assert result.ok
    assert result.stdout == desk.shown("stdout") == "a\ufffd\\xff\ufffd\\x00b"


def test_a_large_output_keeps_both_ends_and_says_what_is_missing(desk: Desk) -> None:
    """The facts are in `data`: how much is left out, and size and digest of all that came."""
    result = desk.shell(*desk.fake("flood", "3", "0"))
    facts = result.data["truncated"]
    assert facts["bytes"] == 2 * 2**20
    assert facts["stdout"]["bytes"] == 3 * 2**20
    assert len(facts["stdout"]["sha256"]) == 64
    assert f"{2 * 2**20} bytes left out" in (result.stdout or "")


@pytest.mark.parametrize("mode", ["deaf", "tree"])
def test_a_command_that_hangs_is_ended_with_all_it_started(
    desk: Desk, bench: Bench, mode: str
) -> None:
    """At its time limit: also what ignores TERM, and what is in a session of its own."""
    arguments = ("hang", str(bench.folder)) if mode == "tree" else ()
    result = desk.shell(*desk.fake(mode, *arguments), timeout=1.0)
    assert (result.status, result.error) == ("timeout", "timed out after 1 s")
    assert not bench.alive()


@pytest.mark.parametrize(("kind", "mode"), [("shell", "tree"), ("prompt", "deaf")])
def test_a_command_ends_when_it_is_stopped(desk: Desk, bench: Bench, kind: str, mode: str) -> None:
    """With all it started; the result says so."""
    argv = desk.fake(mode, *(("hang", str(bench.folder)) if mode == "tree" else ()))
    agent = f"program {' '.join(argv)}"
    future = desk.start(Shell(argv) if kind == "shell" else Prompt("x", agent=agent))
    desk.stop.set()
    result = future.result(60)
    assert (result.status, result.error) == ("error", "stopped on request")
    assert result.data["stopped"] is True
    assert not bench.alive()


ENGINE = """
import sys
from threading import Event
from interlock.engine import Interaction, Session, Shell
from interlock.environments.local import Local

id, workdir, *argv = sys.argv[1:]
session = Session(type="mend", step="work", id=id, workdir=workdir)
row = Interaction(seq=1, step="work", attempt=1, command=Shell(tuple(argv)))
print(Local().execute(session, row, emit=lambda *event: None, stop=Event()))
"""


@pytest.mark.usefixtures("way")
def test_what_a_killed_engine_left_running_is_ended_first(desk: Desk, bench: Bench) -> None:
    """kill -9 of an engine; the session's next command starts with nothing of it left."""
    argv = desk.fake("tree", "hang", str(bench.folder))
    engine = subprocess.Popen(
        [sys.executable, "-c", ENGINE, desk.session.id, str(bench.folder), *argv]
    )
    marks = [bench.folder / name for name in KINDS]
    wait_until(lambda: all(mark.exists() for mark in marks), "its tree runs")
    engine.kill()
    engine.wait()
    assert desk.shell(*desk.fake("ok")).ok
    assert not bench.alive()


def test_a_stray_of_the_session_is_ended_before_a_call(desk: Desk, bench: Bench) -> None:
    """Also one whose supervisor died with the engine: it would change files behind our back."""
    variables = {**os.environ, "INTERLOCK_TAG": desk.session.id}
    stray = subprocess.Popen(desk.fake("hang"), env=variables, stdout=subprocess.PIPE)
    assert stray.stdout is not None
    assert stray.stdout.readline() == b"ready\n"
    assert desk.call("write_file", path="a", content="x").ok
    assert stray.wait(30) < 0
    stray.stdout.close()
    assert not bench.alive()


MEASURED = """
import json, sys
from threading import Event
from interlock.engine import Interaction, Prompt, Session, Shell
from interlock.environments.local import Local
from tests.environments.measured_run import peak_kib

workdir, *argv = sys.argv[1:]

def execute(command):
    session = Session(type="mend", step="work", id=argv[-1], workdir=workdir)
    row = Interaction(seq=1, step="work", attempt=1, command=command)
    return Local().execute(session, row, emit=lambda *event: None, stop=Event())

execute(Shell(("true",)))
execute(Prompt("x", agent="program true"))
before = peak_kib()
shell = execute(Shell(tuple(argv)))
prompt = execute(Prompt("x", agent="program " + " ".join(argv)))
sizes = [result.data["truncated"]["stdout"]["bytes"] for result in (shell, prompt)]
print(json.dumps([sizes, peak_kib() - before]))
"""


def test_a_flood_does_not_fill_the_memory(desk: Desk) -> None:
    """300 MiB of output from a Shell and from an agent, in at most 64 MiB more memory."""
    flood = desk.fake("flood", "300", "0")
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(desk.workdir), *flood],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    sizes, grown_kib = json.loads(done.stdout)
    assert sizes == [300 * 2**20, 300 * 2**20]
    assert grown_kib <= 64 * 1024


class Broken:
    """An agent of a plugin that has faults."""

    def __init__(self, **faults: Any) -> None:
        self.faults = faults

    def invoke(self, prompt: Prompt, session: Session, options: tuple[str, ...]) -> Invocation:
        """The fault, or a fine invocation."""
        fault = self.faults.get("invoke", Invocation(("true",)))
        if isinstance(fault, Exception):
            raise fault
        return fault  # type: ignore[no-any-return]

    def read(self, prompt: Prompt, result: Result) -> Result:
        """The fault, or the result."""
        fault = self.faults.get("read", result)
        if isinstance(fault, Exception):
            raise fault
        return fault  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({"invoke": InvalidInput("say more")}, "agent odd: say more"),
        ({"invoke": KeyError("x")}, "agent odd raised KeyError: 'x'"),
        ({"invoke": ["true"]}, "which is no Invocation"),
        ({"invoke": Invocation(("",))}, "the command is empty"),
        ({"read": KeyError("x")}, "agent odd: reading raised KeyError: 'x'"),
        ({"read": None}, "agent odd read None, which is no Result"),
    ],
)
def test_a_fault_of_an_agent_is_an_error(desk: Desk, faults: dict[str, Any], words: str) -> None:
    """A plugin cannot bring the engine down, and its name is told."""
    desk.local = Local(lambda name: Broken(**faults))
    result = desk.do(Prompt("x", agent="odd"))
    assert result.status == "error"
    assert words in (result.error or "")


def test_exit_codes_that_an_agent_calls_ok_are_ok(desk: Desk) -> None:
    """Those and no others."""
    asked = Invocation(desk.fake("fail", "3"), ok_codes=(1, 3))
    desk.local = Local(lambda name: Broken(invoke=asked))
    result = desk.do(Prompt("x", agent="odd"))
    assert (result.status, result.code, result.error) == ("ok", 3, None)
    desk.local = Local(lambda name: Broken(invoke=evolve(asked, ok_codes=(1,))))
    assert desk.do(Prompt("x", agent="odd")).error == "exit code 3"


def test_structured_output_is_kept_whole_and_not_shown(desk: Desk) -> None:
    """It is for the agent to read; the standard error is for a person, and is shown."""
    source = "import sys; print('x' * 3_000_000); print('busy', file=sys.stderr)"
    asked = Invocation(("{python}", "-c", source), structured=True)
    desk.local = Local(lambda name: Broken(invoke=asked))
    result = desk.do(Prompt("x", agent="odd"))
    assert result.stdout == "x" * 3_000_000 + "\n"
    assert (desk.shown("stdout"), desk.shown("stderr")) == ("", "busy\n")


def test_a_prompt_has_its_own_agent_or_the_sessions(desk: Desk) -> None:
    """The prompt's agent wins."""
    desk.session = evolve(desk.session, agent="program echo session")
    assert desk.do(Prompt("x")).output == "session\n"
    assert desk.do(Prompt("x", agent="program echo 'its own'")).output == "its own\n"


def test_files_and_git_are_at_hand(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each function by its name, in the session's work directory."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    desk.shell("git", "init", "--quiet", ".")
    assert desk.call("write_file", path="a/b.txt", content="one\n").ok
    assert desk.call("read_file", path="a/b.txt").output == "one\n"
    assert desk.call("list_directory", path="a").output == "b.txt"
    assert "+one" in desk.call("diff").output
    done = desk.call("commit", message="Begin", branch="main")
    assert (done.status, done.data["branch"], done.data["files"]) == ("ok", "main", ["a/b.txt"])
    assert desk.call("branch", name="side").data == {"branch": "side", "created": True}
    assert desk.call("delete_file", path="a/b.txt").data["deleted"] is True
    assert desk.call("commit", message="Remove it").data["branch"] == "side"
    assert desk.call("merge", branch="side", into="main").data["merged"] is True
    assert desk.call("read_file", path="a/b.txt").status == "error"
    assert done.duration_ms is not None


def test_a_call_has_a_time_limit_too(desk: Desk) -> None:
    """A git that takes too long is a timeout."""
    result = desk.do(Call("commit", {"message": "x"}, timeout=0.0))
    assert result.status == "timeout"
    assert "timed out after 0 s" in (result.error or "")


def test_a_call_ends_when_it_is_stopped(desk: Desk) -> None:
    """Nothing is begun after the stop."""
    desk.stop.set()
    result = desk.call("commit", message="x")
    assert result.status == "error"
    assert result.data["stopped"] is True


def test_commands_of_two_sessions_do_not_disturb_each_other(desk: Desk, bench: Bench) -> None:
    """What one session has running is left alone when another begins a command."""
    future = desk.start(Shell(desk.fake("hang")))
    other = Desk(bench.folder)
    row = Interaction(seq=1, step="work", attempt=1, command=Shell(("true",)))
    result = other.local.execute(other.session, row, emit=other.emit, stop=Event())
    assert result.ok
    assert bench.alive()
    assert not future.done()
    desk.stop.set()
    assert future.result(60).data["stopped"] is True
