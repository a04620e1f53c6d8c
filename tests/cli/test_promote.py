"""`interlock promote`: a session becomes a test that is green at once."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.cli.conftest import WORKFLOWS
from tests.cli.desk import Desk

OFF = ("-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:cov", "-p", "no:hypothesispytest")


def run_tests(desk: Desk, *words: str) -> tuple[int, str]:
    """What pytest says of tests in the project, and its exit status."""
    (desk.project / "pytest.ini").write_text("[pytest]\n")
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *OFF, *words],
        cwd=desk.project,
        env={**environment, "INTERLOCK_DATA_DIR": str(desk.home / "nothing")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=240,
    )
    return done.returncode, done.stdout.decode()


def test_a_session_becomes_a_test_that_is_green(desk: Desk) -> None:
    """It runs without the database and the trust; it names the session and its day."""
    session = desk.json("run", "greet", "-i", "name=you", "-i", "again:=true")
    said = desk("promote", "-o", "tests/test_greeting.py")
    assert said.status == 0, said.err
    assert said.out == (
        "wrote tests/test_greeting.py and test_greeting.json; "
        "`pytest tests/test_greeting.py` replays a session of type greet\n"
    )
    text = (desk.project / "tests" / "test_greeting.py").read_text()
    assert session["id"] in text
    assert session["inserted_at"][:10] in text
    assert "hello:ok again:ok\n        complete\n" in text
    assert f"{os.path.relpath(WORKFLOWS, desk.project / 'tests')}:greet" in text
    assert "# from workflows import Greet" in text
    assert max(map(len, text.splitlines())) <= 100 + len(str(WORKFLOWS))
    status, told = run_tests(desk, "tests")
    assert (status, told.split()[-4:-2]) == (0, ["1", "passed"]), told


def test_it_is_the_same_each_time(desk: Desk) -> None:
    """Byte by byte, so that promoting again changes nothing; and what is there is not overwritten
    by something else unless that is wanted."""
    first = desk.json("run", "greet")["id"]
    assert desk("promote", "-o", "test_it.py").status == 0
    before = [(desk.project / name).read_bytes() for name in ("test_it.py", "test_it.json")]
    assert desk("promote", "-o", "test_it.py").status == 0
    after = [(desk.project / name).read_bytes() for name in ("test_it.py", "test_it.json")]
    assert before == after
    desk("run", "greet", "-i", "name=other")
    refused = desk("promote", "-o", "test_it.py")
    assert refused.status == 2
    assert "test_it.json is there already; give --force, or another -o FILE" in refused.err
    assert desk("promote", "-o", "test_it.py", "--force").status == 0
    assert first not in (desk.project / "test_it.py").read_text()


def test_the_file_has_a_name_of_its_own(desk: Desk) -> None:
    """Of type and session, where none is given."""
    assert desk("run", "break").status == 1
    session = desk("current").out.strip()
    assert desk("promote", session).status == 0
    name = f"test_break_{session[:8]}"
    assert (desk.project / f"{name}.json").is_file()
    assert run_tests(desk, f"{name}.py")[0] == 0
    assert "(exit code 3)" in (desk.project / f"{name}.py").read_text()


def test_what_was_recorded_is_what_the_log_has(desk: Desk) -> None:
    """Input, commands and results, in order, and nothing of the state."""
    desk("run", "greet", "-i", "name=you")
    desk("promote", "-o", "test_it.py")
    (recorded,) = json.loads((desk.project / "test_it.json").read_text())["sessions"]
    assert recorded["input"] == {"name": "you"}
    (row,) = recorded["rows"]
    (logged,) = desk.json("log", "--full")
    assert row["command"]["argv"] == logged["command"]["argv"]
    assert row["result"]["stdout"] == logged["result"]["stdout"] == "hello you\n"
    assert row["read"] is True
    assert "state" not in recorded


def test_a_changed_type_is_told_with_a_diff(desk: Desk) -> None:
    """Which command it makes now, and which it made when that was recorded."""
    flow = desk.project / "flow.py"
    flow.write_text(WORKFLOWS.read_text())
    desk("types", "untrust", str(WORKFLOWS))
    assert desk("types", "trust", "flow.py").status == 0
    desk("run", "greet")
    desk("promote", "-o", "test_it.py")
    assert run_tests(desk, "test_it.py")[0] == 0
    flow.write_text(flow.read_text().replace('f"hello {session', 'f"good day {session'))
    status, told = run_tests(desk, "test_it.py")
    assert status == 1
    lines = [line.split(maxsplit=1)[1] for line in re.findall(r"^E .*", told, re.MULTILINE)]
    assert r'-argv: ["printf", "%s", "hello world\n"]' in lines
    assert r'+argv: ["printf", "%s", "good day world\n"]' in lines
    places = re.findall(r"^(\S+\.py):\d+:", told, re.MULTILINE)
    assert places == ["test_it.py"]


def test_children_are_tests_of_their_own(desk: Desk) -> None:
    """The parent's is handed what its children came to."""
    desk("run", "family", "--no-input")
    gate = next(one["id"] for one in desk.json("list") if one["type"] == "gate")
    assert desk("answer", gate, "approve").status == 0
    family = desk.json("run", "--no-input")
    assert family["status"] == "complete"
    said = desk("promote", family["id"], "-o", "test_it.py")
    assert "replays a session of type family and 2 children" in said.out
    text = (desk.project / "test_it.py").read_text()
    assert re.findall(r"^def (\w+)", text, re.MULTILINE) == [
        *("test_family", "test_gate", "test_greet")
    ]
    assert "children:ok\n        complete\n" in text
    status, told = run_tests(desk, "test_it.py")
    assert (status, "3 passed" in told) == (0, True), told


def test_what_was_done_to_a_session_is_replayed(desk: Desk) -> None:
    """A retry, a command that was issued again, a cancel."""
    session = desk.start("gate")
    desk("next")
    desk("next", "--reissue")
    desk("submit", "2", "--status", "revise")
    desk("cancel")
    desk("reopen")
    desk("answer", "approve")
    assert desk.json("run")["status"] == "complete"
    assert desk("promote", session, "-o", "test_it.py").status == 0
    status, told = run_tests(desk, "test_it.py")
    assert status == 0, told


def test_a_session_that_goes_on_is_replayed_so_far(desk: Desk) -> None:
    """To the command that is open; one that nobody has begun cannot be."""
    session = desk.start("gate")
    nothing = desk("promote")
    assert nothing.status == 2
    assert nothing.err == (
        f"interlock: session {session} has no interactions yet; `interlock run` begins\n"
    )
    desk("run", "--no-input")
    assert desk("promote", "-o", "test_it.py").status == 0
    assert run_tests(desk, "test_it.py")[0] == 0


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("-o", "it.txt"), 2, "-o it.txt is no Python file; name one like test_greet.py"),
        (("-o", "a/b/test_it.py"), 2, "the test cannot be written: "),
        (("0000",), 3, "there is no session 0000 here"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    desk: Desk, words: tuple[str, ...], status: int, said: str
) -> None:
    """And nothing is written."""
    desk("run", "greet")
    (desk.project / "a").write_text("a file")
    told = desk("promote", *words)
    assert told.status == status
    assert told.out == ""
    assert told.err.startswith(f"interlock: {said}")
    assert told.err.count("\n") == 1


def test_a_type_that_is_gone_is_told(desk: Desk) -> None:
    """Its sessions can be read and not replayed."""
    desk("run", "greet")
    desk("types", "untrust", str(WORKFLOWS))
    told = desk("promote")
    assert told.status == 6
    assert "there is no session type 'greet'" in told.err
    assert list(desk.project.glob("test_*")) == []
