"""A fake agent program is asked, heard and ends as the real one does: shown on recorded streams."""

import re
import subprocess
from pathlib import Path

import pytest

from interlock import Prompt
from interlock.engine.errors import InvalidInput
from interlock.testing import FakeAgent, Fault, Turn
from interlock.testing.fake_agent.__main__ import main
from interlock.testing.fake_agent.script import FAULTS, dump_script, load_script
from interlock.testing.turn import ToolCall
from tests.agents.streams import EXITS, hear_recorded
from tests.testing.fake_runs import CACHED, KINDS, Run, play

WRITE = Turn.tool(
    "write", {"path": "hello.txt", "content": "hi\n"}, said="I write it.", usage=CACHED
)
DONE = Turn.text("Done.")
READ_ONLY = Prompt("Write hello.txt", options={"read_only": True})


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of an agent lie in the test's own data directory."""
    monkeypatch.setenv("INTERLOCK_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Where it works."""
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def make(tmp_path: Path, kind: str, *turns: Turn | Fault) -> FakeAgent:
    """An installed fake."""
    return FakeAgent(kind, *turns).install(tmp_path / "bin")


def shape(run: Run | str) -> dict[str, object]:
    """What a run comes to, without what is another in each."""
    heard = hear_recorded(run) if isinstance(run, str) else run.heard
    result = heard.result
    usage = dict(result.usage or {})
    return {
        "status": result.status,
        "kind": heard.kind,
        "code": result.code,
        "data": sorted(result.data),
        "tools": result.data.get("tools"),
        "turns": result.data.get("turns"),
        "remembered": sorted(result.remember),
        "events": [kind for kind, _ in heard.events if kind not in ("usage", "raw", "error")],
        "input": usage.get("input_tokens"),
        "output": usage.get("output_tokens"),
        "cache": usage.get("cache_read_tokens"),
        "cost": usage.get("vendor_cost_usd"),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_comes_to_what_the_recorded_one_did(tmp_path: Path, work: Path, kind: str) -> None:
    """The same task: the file is written, and status, events, tools and usage are the same. No
    event has a key that a real one has not."""
    agent = make(tmp_path, kind, WRITE, DONE)
    run = play(agent, work)
    assert (work / "hello.txt").read_text() == "hi\n"
    assert (agent.left, agent.runs[0].prompt) == (0, "Write hello.txt")
    assert run.unknown(kind) == set()
    fake, real = shape(run), shape(f"{kind}-success")
    if kind == "opencode":  # the API behind the recorded one counts no writing into a cache
        fake["cost"] = real["cost"]
    if kind == "aider":  # it counts tokens itself, and an edit ends it
        for name in ("input", "output", "cost", "events"):
            fake[name] = real[name]
    assert fake == real


RECORDED_ENDS = [
    ("denied", [Turn.tool("write", {"path": "hello.txt", "content": "hi\n", "denied": True}),
                Turn.text("I could not.")]),
    ("error-401", [Turn.error(401)]),
    ("cut", [WRITE, Turn.cut()]),
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("case", "turns"), RECORDED_ENDS, ids=lambda case: str(case)[:9])
def test_what_goes_wrong_is_told_as_it_was(
    tmp_path: Path, work: Path, kind: str, case: str, turns: list[Turn]
) -> None:
    """The same status, kind and exit code as the recorded run, where there is one."""
    stream = f"{kind}-{case}"
    if stream not in EXITS:
        stream = {"aider-denied": "aider-success", "aider-cut": "", "opencode-cut": ""}[stream]
    run = play(make(tmp_path, kind, *turns), work)
    assert run.unknown(kind) == set()
    if not stream:
        assert (run.heard.result.status, run.heard.kind) == ("overloaded", "network")
        return
    real = shape(stream)
    names = ("status", "kind", "code")
    assert [shape(run)[name] for name in names] == [real[name] for name in names], run.out


@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_tells_when_it_passes(tmp_path: Path, work: Path, kind: str) -> None:
    """In the vendor's own way; an overload and a limit without a time likewise."""
    agent = make(tmp_path, kind, Turn.error(429, retry_after=90), Turn.error(429), Turn.error(529))
    runs = [play(agent, work) for _ in range(3)]
    assert [run.unknown(kind) for run in runs[1:]] == [set(), set()]
    limited, plain, overloaded = (run.heard.result for run in runs)
    assert limited.status == "rate_limited"
    assert limited.data.get("retry_after") == 90 or "until" in limited.data
    assert plain.status == "rate_limited"
    assert (overloaded.status, overloaded.data["kind"]) == ("overloaded", "server")


@pytest.mark.parametrize("kind", KINDS)
def test_who_may_only_read_changes_nothing(tmp_path: Path, work: Path, kind: str) -> None:
    """The program honours what its driver asked for, whatever the script wants."""
    run_it = [] if kind == "aider" else [Turn.tool("run", {"argv": ["touch", "ran"]})]
    agent = make(tmp_path, kind, WRITE, *run_it, DONE)
    run = play(agent, work, READ_ONLY)
    assert list(work.iterdir()) == []
    assert agent.runs[0].read_only
    assert run.heard.result.ok, run.heard.result


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "aider"])
def test_what_it_reads_and_runs_is_real(tmp_path: Path, work: Path, kind: str) -> None:
    """Its tools do what they say, and tell what came of it."""
    (work / "a.txt").write_text("from the file")
    agent = make(
        tmp_path,
        kind,
        Turn.tools(
            ToolCall("read", {"path": "a.txt"}),
            ToolCall("run", {"argv": ["sh", "-c", "echo from the program; exit 3"]}),
        ),
        DONE,
    )
    results = play(agent, work).heard.of("tool_result")
    assert [one["ok"] for one in results] == [True, False]
    assert "from the file" in results[0]["output"]
    assert "from the program" in results[1]["output"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "aider"])
def test_a_conversation_goes_on_and_can_be_gone(tmp_path: Path, work: Path, kind: str) -> None:
    """By the id that the program itself told; no other is known, and it may forget one. What a
    run used is told once, also where the program counts over the whole conversation."""
    agent = make(tmp_path, kind, DONE, DONE, Fault("gone"))
    first = play(agent, work).heard.result
    more = Prompt("Go on", resume=True)
    second = play(agent, work, more, first.remember).heard.result
    assert second.data["conversation_id"] == first.data["conversation_id"]
    assert agent.runs[1].conversation == first.data["conversation_id"]
    assert first.usage is not None
    assert second.usage is not None
    assert first.usage["input_tokens"] == second.usage["input_tokens"] == 1000
    gone = play(agent, work, more, second.remember)
    assert gone.heard.kind == "gone", gone
    unknown = {"conversations": {kind: "0" * 8}}
    assert play(agent, work, more, unknown).heard.kind == "gone"


@pytest.mark.parametrize("kind", ["claude-code", "gemini"])
def test_a_limit_of_turns_is_kept(tmp_path: Path, work: Path, kind: str) -> None:
    """The one that it was asked for, and one that the script wants."""
    agent = make(tmp_path, kind, WRITE, WRITE, DONE, Fault("max_turns"))
    limited = play(agent, work, Prompt("x", options={"max_turns": 1}))
    assert limited.heard.kind == "max_turns"
    assert limited.code == EXITS[f"{kind}-max-turns"]
    assert play(agent, work).heard.result.ok
    assert play(agent, work).heard.kind == "max_turns"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("fault", "kinds"),
    [("garbage", ("cut", "silent")), ("silent", ("silent", "cut")), ("crash", ("failed",))],
)
def test_a_program_that_goes_wrong_is_an_error(
    tmp_path: Path, work: Path, kind: str, fault: str, kinds: tuple[str, ...]
) -> None:
    """What it prints is not readable, says nothing, or ends in the middle."""
    run = play(make(tmp_path, kind, Fault(fault)), work)
    assert run.heard.result.status == "error"
    assert run.heard.kind in kinds, run
    assert (run.code < 0) is (fault == "crash")


@pytest.mark.parametrize("kind", KINDS)
def test_past_its_script_it_says_so(tmp_path: Path, work: Path, kind: str) -> None:
    """That is an error, and no success by silence."""
    run = play(make(tmp_path, kind), work)
    assert run.heard.result.status == "error"
    assert "the script of the fake agent has no turn left" in str(run.heard.result.error)


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_its_version(tmp_path: Path, work: Path, kind: str) -> None:
    """As the program does, so that what looks for programs finds it."""
    agent = make(tmp_path, kind)
    said = subprocess.run([agent.program, "--version"], capture_output=True, text=True, timeout=60)
    assert re.search(r"\d+\.\d+", said.stdout)
    assert agent.runs == []


def test_a_script_is_the_same_as_json() -> None:
    """Every kind of line comes back as it was."""
    lines: list[Turn | Fault] = [
        WRITE,
        Turn.text("x", reasoning="y", delay=0.1, pause=0.2, stop="length"),
        Turn.error(429, "slow down", retry_after=3),
        Turn.cut(),
        *map(Fault, FAULTS),
    ]
    assert load_script(dump_script(lines)) == lines


BAD_SCRIPTS = [
    ("{", "the script is not JSON"),
    ("{}", "the script is a list of turns"),
    ("[1]", "entry 1 of the script: it is not an object"),
    ('[{"said": "x"}, {"fault": "fire"}]', "entry 2 of the script: there is no fault 'fire'"),
    ('[{"says": "x"}]', "entry 1 of the script: there is no 'says'; a turn has fault, calls"),
    ('[{"calls": [{"name": "fly", "arguments": {}}]}]', "a fake agent has no tool 'fly'"),
    ('[{"calls": [{"name": "write", "arguments": {"path": "x"}}]}]', "takes path, content"),
    ('[{"calls": [{"name": "run", "arguments": {"argv": "ls"}}]}]', "argv of the tool run is a"),
    ('[{"usage": {"input": -1}}]', "usage input is a number of tokens"),
]


@pytest.mark.parametrize(("text", "said"), BAD_SCRIPTS)
def test_a_script_that_is_wrong_is_one_line(text: str, said: str) -> None:
    """With the number of the entry."""
    with pytest.raises(InvalidInput) as caught:
        load_script(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("claude", "no.json"), "there is no fake of 'claude'; use claude-code, codex"),
        (("codex", "no.json"), "fake codex: there is no /"),
    ],
)
def test_a_fake_that_is_asked_wrongly_is_one_line(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    """The line names what there is not."""
    assert main(words) == 2
    told = capsys.readouterr().err
    assert told.startswith(said)
    assert told.count("\n") == 1


def test_what_a_fake_cannot_do_is_refused() -> None:
    """Before it runs."""
    with pytest.raises(InvalidInput, match="there is no fake 'program'; use claude-code"):
        FakeAgent("program")
    with pytest.raises(InvalidInput, match="a fake aider can only write"):
        FakeAgent("aider", Turn.tool("run", {"argv": ["ls"]}))
    with pytest.raises(InvalidInput, match="codex has no limit of turns"):
        FakeAgent("codex", Fault("max_turns"))
    with pytest.raises(InvalidInput, match="a fake gemini knows no other stop than end"):
        FakeAgent("gemini", Turn.text("no", stop="refusal"))
    with pytest.raises(InvalidInput, match="the fake agent is not installed"):
        str(FakeAgent("codex"))


@pytest.mark.parametrize("kind", ["claude-code", "codex", "opencode"])
def test_a_copy_of_a_conversation_has_a_name_of_its_own(
    tmp_path: Path, work: Path, kind: str
) -> None:
    """And can be gone on with, as the one that it is a copy of."""
    agent = make(tmp_path, kind, *[DONE] * 3)
    first = play(agent, work).heard.result
    fork = Prompt("Go on", resume=True, options={"fork": True})
    copy = play(agent, work, fork, first.remember).heard.result
    assert copy.data["conversation_id"] != first.data["conversation_id"]
    assert agent.runs[1].conversation == first.data["conversation_id"]
    again = play(agent, work, Prompt("On", resume=True), copy.remember).heard.result
    assert again.data["conversation_id"] == copy.data["conversation_id"]


def test_claude_code_asks_its_user(tmp_path: Path, work: Path) -> None:
    """That ends its turn; where it may not ask, it has no tool for it and goes on."""
    ask = Turn.tool("ask", {"question": "Which colour?"})
    agent = make(tmp_path, "claude-code", ask, ask, DONE)
    asked = play(agent, work, Prompt("Paint", options={"ask": True})).heard.result
    assert (asked.status, asked.output) == ("needs_input", "Which colour?")
    assert agent.left == 2
    assert "No such tool available: AskUserQuestion" in play(agent, work).out
    assert agent.left == 0
    with pytest.raises(InvalidInput, match="codex does not ask its user; claude-code does"):
        FakeAgent("codex", ask)


@pytest.mark.parametrize(("kind", "words"), [("claude-code", "auth"), ("codex", "login")])
def test_it_is_logged_in(tmp_path: Path, work: Path, kind: str, words: str) -> None:
    """To be asked for that is no run."""
    agent = make(tmp_path, kind, DONE)
    done = subprocess.run([agent.program, words, "status"], capture_output=True, timeout=60)
    assert (done.returncode, agent.left) == (0, 1)
