"""Agent `playback`: what a recorded session's agent answered is answered once more."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import asdict, evolve

from interlock.agents.playback import Playback
from interlock.engine import Prompt, Result, Session
from interlock.engine.errors import InvalidInput
from tests.environments.desk import Desk

FIRST = Result(
    "error", stdout="out ü😀\n", stderr="err\n", error="exit code 2", code=2, duration_ms=5
)
SECOND = Result(
    "ok",
    output="said",
    data={"deep": {"list": [1, 2.5, None, True]}},
    duration_ms=1234,
    usage={"tokens": 7},
    remember={"name": "x"},
)
OTHER = Result("warning", output="other", error="careful", duration_ms=6)


def row(seq: int, step: str, result: object, **changes: Any) -> Mapping[str, Any]:
    """One interaction as the log prints it."""
    recorded = asdict(result) if isinstance(result, Result) else result
    return {
        "id": f"i-{seq}",
        "seq": seq,
        "step": step,
        "attempt": 1,
        "status": "done" if result else "superseded",
        "command": {"kind": "prompt", "text": "Do it."},
        "result": recorded,
        **changes,
    }


RECORD = [
    row(1, "work", Result(output="too late"), status="superseded"),
    row(2, "work", FIRST),
    row(3, "work", Result(output="a check"), command={"kind": "shell", "argv": ["true"]}),
    row(4, "other", OTHER),
    row(5, "work", SECOND),
]


class Player:
    """A session whose agent plays a record back."""

    def __init__(self, folder: Path, record: object = RECORD, *options: str) -> None:
        (folder / "recorded.json").write_text(
            record if isinstance(record, str) else json.dumps(record)
        )
        self.desk = Desk(folder, agent=shlex.join(("playback", *options, "recorded.json")))

    def ask(self, step: str = "work", attempt: int = 1, since: int = 0) -> Result:
        """What is answered at a place."""
        self.desk.session = evolve(self.desk.session, step=step, attempt=attempt, since=since)
        return self.desk.do(Prompt("Do it."))


def test_the_nth_try_of_a_step_gets_its_nth_result(tmp_path: Path) -> None:
    """Every field of it, as often as it is asked; a result that came too late is none."""
    player = Player(tmp_path)
    for _ in range(2):
        assert player.ask("work", 1) == FIRST
        assert player.ask("work", 2) == SECOND
        assert player.ask("other", 1) == OTHER


def test_past_the_end_is_an_error(tmp_path: Path) -> None:
    """It says how many there are."""
    player = Player(tmp_path)
    said = "the record has 2 results of a prompt of step work, and this asks for number 3"
    assert (player.ask("work", 3).status, player.ask("work", 3).error) == ("error", said)
    assert "0 results of a prompt of step unknown" in (player.ask("unknown").error or "")


def test_what_came_before_a_retry_is_used_up(tmp_path: Path) -> None:
    """Attempts count from the retry on, and so do the results."""
    player = Player(tmp_path)
    assert player.ask("work", 1, since=3) == SECOND
    assert "number 3" in (player.ask("work", 2, since=3).error or "")


def test_any_step_may_take_the_results(tmp_path: Path) -> None:
    """Then all prompts of the record count, whatever their step is called."""
    player = Player(tmp_path, RECORD, "--any-step")
    outputs = [player.ask("renamed", attempt).output for attempt in (1, 2, 3)]
    assert outputs == [FIRST.output, "other", "said"]
    assert "3 results of a prompt, and this asks for number 4" in (player.ask("x", 4).error or "")


def test_nothing_of_the_answer_is_shown_as_it_is_looked_up(tmp_path: Path) -> None:
    """It is data on the way, not something a program printed."""
    player = Player(tmp_path)
    assert player.ask() == FIRST
    assert player.desk.events == []


def test_a_large_result_comes_back_whole(tmp_path: Path) -> None:
    """As large as an environment can have kept it, in the widest writing."""
    large = Result(stdout="ü\x1b" * 400_000, stderr="😀" * 250_000, duration_ms=7)
    player = Player(tmp_path, [row(1, "work", large)])
    assert player.ask() == large


MALFORMED: list[tuple[object, str]] = [
    ("", "is not JSON"),
    ("[1, 2", "is not JSON"),
    ("[" * 100_000, "is not JSON"),
    ('[{"command": {"kind": NaN}}]', "is not JSON (NaN is no JSON value)"),
    ({"interactions": []}, "is not a list of interactions"),
    ([1], "entry 1 of the record"),
    ([{"command": "prompt"}], "entry 1 of the record"),
    ([row(1, "work", None, status="done")], "the record has 0 results"),
    ([row(1, "work", {"status": "no word"})], "a status is a word"),
    ([row(1, "work", {"status": 5})], "has the status 5"),
    ([row(1, "work", {"code": True})], "has the code True"),
    ([row(1, "work", {"data": []})], "has the data []"),
    ([row(1, "work", {"output": None})], "has the output None"),
]


@pytest.mark.parametrize(("record", "said"), MALFORMED, ids=[said for _, said in MALFORMED])
def test_a_malformed_record_is_told(tmp_path: Path, record: object, said: str) -> None:
    """In one line, with the command that writes a good one."""
    result = Player(tmp_path, record).ask()
    assert result.status == "error"
    assert said in (result.error or "")
    assert "\n" not in (result.error or "")


def test_a_record_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Missing, a directory, or a name with a NUL."""
    for name in ("missing.json", ".", "a\0b"):
        desk = Desk(tmp_path, agent=shlex.join(("playback", name)))
        result = desk.do(Prompt("x"))
        assert result.status == "error"
        assert ("does not exist or is no file" in str(result.error)) or ("NUL" in str(result.error))


def test_what_a_newer_log_adds_is_left_alone(tmp_path: Path) -> None:
    """Fields of a row or of a result that are not known here."""
    added = row(1, "work", {**asdict(OTHER), "colour": "blue"}, colour="blue")
    assert Player(tmp_path, [added]).ask().output == "other"


def test_a_module_in_the_work_directory_is_not_run(tmp_path: Path) -> None:
    """A repository may bring a module with the name of one of Python's."""
    for name in ("json.py", "pathlib.py", "interlock.py", "sitecustomize.py"):
        (tmp_path / name).write_text("open('mark', 'w')\nraise SystemExit(5)\n")
    assert Player(tmp_path).ask() == FIRST
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    "options", [(), ("a.json", "b.json"), ("--any-step",), ("--some-step", "a.json"), ("",)]
)
def test_options_that_cannot_be_used_are_refused(options: tuple[str, ...]) -> None:
    """In words that say what to write."""
    with pytest.raises(InvalidInput, match=r"as in `playback recorded\.json`"):
        Playback().invoke(Prompt("x"), Session(type="mend", step="work"), options)
