"""Commands that the editor's terminal runs, and the tasks that hand in their results."""

import json
from pathlib import Path

import pytest

from tests.cli.desk import Desk


def test_a_session_of_the_editor_executes_nothing(desk: Desk) -> None:
    """It waits with exit status 5 and says what to do, until the result is submitted."""
    told = desk("run", "greet", "--environment", "vscode")
    assert told.status == 5
    made = desk.json("current")["id"]
    assert "waits for a result at step hello" in told.out
    assert f"`interlock submit {made}.1 --status ok`" in told.out
    assert desk.json("log")[0]["status"] == "open"
    assert desk("run").status == 5
    assert desk("submit", "1", "--status", "ok", "--output", "hi").status == 0
    assert desk.json("show")["status"] == "complete"


def test_what_to_do_first_is_told(desk: Desk) -> None:
    """Where nothing is executed, `interlock run` is not offered."""
    told = desk("start", "greet", "--environment", "vscode").out
    assert told.endswith("\n`interlock next` says its first command\n")
    assert "`interlock run` drives it; " in desk("start", "greet").out


def test_children_wait_in_the_editor_too(desk: Desk) -> None:
    """The parent is driven, and each child waits for its result."""
    told = desk("run", "family", "--environment", "vscode")
    assert told.status == 5
    assert "child session" in told.out


def test_an_environment_that_is_gone_is_told(desk: Desk) -> None:
    """As for any session: it is no editor's."""
    desk.start("greet")
    desk.change("UPDATE session SET environment = 'gone'")
    assert desk("run").status == 6
    assert desk("show").status == 0


def tasks(desk: Desk) -> Path:
    """Where the editor looks."""
    return desk.project / ".vscode" / "tasks.json"


def test_tasks_are_written_once(desk: Desk) -> None:
    """A second time changes nothing."""
    assert desk("vscode").status == 0
    told = json.loads(tasks(desk).read_text())
    assert told["version"] == "2.0.0"
    assert [one["args"][0] for one in told["tasks"]] == ["next", "submit", "submit", "run"]
    asked = {word for one in told["tasks"] for word in one["args"] if "input:" in word}
    assert asked == {f"${{input:{one['id']}}}" for one in told["inputs"]}
    before = tasks(desk).stat().st_mtime_ns
    assert "already" in desk("vscode").out
    assert tasks(desk).stat().st_mtime_ns == before
    assert desk("vscode", "--print").json == told


def test_the_tasks_of_the_user_stay(desk: Desk) -> None:
    """In their order, with all that is in the file; ours are brought up to date."""
    tasks(desk).parent.mkdir()
    mine = {"label": "Build", "command": "make", "args": ["ä"]}
    old = {"label": "Interlock: what to do next", "command": "old"}
    before = {"tasks": [old, mine, 3], "inputs": [{"id": "mine"}], "version": "2.0.0", "x": None}
    tasks(desk).write_text(json.dumps(before))
    assert desk("vscode").status == 0
    told = json.loads(tasks(desk).read_text())
    assert told["tasks"][0]["command"] == "interlock"
    assert told["tasks"][1:3] == [mine, 3]
    assert (told["inputs"][0], told["x"]) == ({"id": "mine"}, None)
    assert len(told["tasks"]) == 6


@pytest.mark.parametrize(
    "text",
    [
        '{// mine\n"tasks": []}',
        "",
        "[]",
        '{"tasks": {}}',
        '{"version": "0.1.0"}',
        "\udcff",
        "[" * 99999,
    ],
)
def test_a_file_that_cannot_be_merged_is_left_alone(desk: Desk, text: str) -> None:
    """It is told in one line what to do."""
    tasks(desk).parent.mkdir()
    content = text.encode(errors="surrogateescape")
    tasks(desk).write_bytes(content)
    told = desk("vscode")
    assert (told.status, told.err.count("\n")) == (2, 1)
    assert "interlock vscode --print" in told.err
    assert tasks(desk).read_bytes() == content


def test_a_place_that_cannot_be_written_is_told(desk: Desk) -> None:
    """In one line."""
    (desk.project / ".vscode").write_text("in the way")
    told = desk("vscode")
    assert (told.status, told.err.count("\n")) == (2, 1)
