"""The real agent programs, each against a scripted model server on the loopback.

They show what Interlock builds on: the flags, the exit codes and the streams of these versions.
"""

import json
import subprocess

import pytest

from interlock.testing import ModelRequest, ModelServer, Turn
from tests.real_agents.cases import CASES, TEXT, Case
from tests.real_agents.conftest import choose
from tests.real_agents.desk import Desk
from tests.real_agents.programs import KEY, Program, Task

pytestmark = pytest.mark.real_agents
SUCCESS, *OTHERS = CASES
TROUBLES = [
    pytest.param(*program.values, case, id=f"{program.id}-{case.name}")
    for case in OTHERS
    for program in choose(*case.codes)
]


def conversation(request: ModelRequest) -> str:
    """All that the request tells the model."""
    return json.dumps(request.body)


def test_its_own_tool_writes_the_file(program: Program, desk: Desk) -> None:
    """It asks the model, writes the file with its own tool, and counts the tokens as told."""
    run, server = SUCCESS.play(program, desk)
    assert run.code == 0, run.story
    assert desk.path.read_text() == TEXT
    changed = subprocess.run(
        ("git", "status", "--porcelain"), cwd=desk.repo, capture_output=True, text=True, check=True
    )
    assert changed.stdout == f"?? {desk.path.name}\n"
    assert [request.turn for request in server.turns] == [0, 1]
    assert program.write(desk.path, TEXT).name in server.turns[0].tools
    assert program.tokens(run.events) == (10_750, 120), run.story
    assert KEY not in str(server.requests)


def test_it_goes_on_with_its_conversation(program: Program, desk: Desk) -> None:
    """Resumed by its id, it tells the model what was said before."""
    begun, _ = SUCCESS.play(program, desk)
    task = Task(prompt="Which file was it?", resume=program.conversation(begun.events))
    with ModelServer(Turn.text("hello.txt")) as server:
        resumed = desk.run(program, server.url, task)
    assert resumed.code == 0, resumed.story
    assert program.conversation(resumed.events) == task.resume
    (request,) = server.turns
    assert "Write hello.txt" in conversation(request)
    assert "Which file was it?" in conversation(request)


@pytest.mark.parametrize(("program", "case"), TROUBLES, indirect=["program"])
def test_it_ends_as_we_expect(program: Program, desk: Desk, case: Case) -> None:
    """Each trouble ends with the known exit code, a stream that parses, and the file or no file."""
    run, _ = case.play(program, desk)
    assert run.code == case.codes[program.slug], run.story
    assert run.events, run.story
    assert desk.path.exists() is case.writes, run.story
