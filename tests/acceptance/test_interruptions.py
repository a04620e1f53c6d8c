"""A run that is killed, interrupted, cancelled or watched, by real processes."""

import json
import signal
import subprocess
import sys

import psutil
import pytest

from tests.acceptance.user import User, wait_until
from tests.sessions.processes import ROOT
from tests.ways import GROUP


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """What a process prints up to the line that has this text."""
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if text in line:
            return seen
    raise AssertionError(f"{text!r} never came: {seen!r}")


def test_a_killed_run_goes_on_where_it_stood(user: User) -> None:
    """kill -9 in the middle of a command: its process ends too, the log has it as unknown, and
    `run` finishes the session."""
    running = user.begin("run", "held")
    program = user.wait_for_command()
    running.kill()
    running.communicate()
    wait_until(lambda: not program.is_running())
    assert user.json("show")["status"] == "active"
    told = user("run")
    assert told.returncode == 0, told.stderr
    rows = user.json("log")
    assert [(row["step"], row["status"]) for row in rows] == [
        ("hold", "unknown"),
        ("hold", "done"),
        ("finish", "done"),
    ]
    assert rows[1]["result"]["output"] == "not again"
    assert user.json("db", "check")["faults"] == []


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
def test_an_interrupted_run_goes_on_where_it_stood(
    user: User, number: signal.Signals, status: int
) -> None:
    """The command's process has ended when `run` has; what it was stopped in is no result."""
    running = user.begin("run", "held")
    program = user.wait_for_command()
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert running.returncode == status
    assert err == ""
    assert not program.is_running()
    made = user("current").stdout.strip()
    assert out.splitlines()[-1] == (f"interrupted at step hold; `interlock run {made}` goes on")
    (row,) = user.json("log")
    assert (row["status"], row["result"]) == ("open", None)
    assert user("run").returncode == 0
    assert [row["status"] for row in user.json("log")] == ["unknown", "done", "done"]


def test_a_run_that_ignores_the_keyboard_goes_on(user: User) -> None:
    """Started in the background of a script, where Ctrl-C is ignored, it stays so."""
    running = user.begin("run", "held", ignoring=True)
    user.wait_for_command()
    running.send_signal(signal.SIGINT)
    user.let_go()
    running.communicate(timeout=60)
    assert running.returncode == 0
    assert [row["status"] for row in user.json("log")] == ["done", "done"]


def test_an_interrupted_run_prints_the_session_as_json(user: User) -> None:
    """One document on standard output, the rest on standard error."""
    running = user.begin("run", "held", "--json")
    user.wait_for_command()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert json.loads(out)["status"] == "active"
    assert "goes on" in err


def test_a_session_is_run_by_one_at_a_time(user: User) -> None:
    """A second run is refused with exit status 4 and names who runs it; the first goes on."""
    running = user.begin("run", "held")
    user.wait_for_command()
    told = user("run")
    assert told.returncode == 4
    assert f"is being run by process {running.pid} on " in told.stderr
    assert told.stderr.count("\n") == 1
    user.let_go()
    running.communicate(timeout=60)
    assert running.returncode == 0
    assert [row["status"] for row in user.json("log")] == ["done", "done"]


def test_a_session_cancelled_by_another_process_stops(user: User) -> None:
    """The command is ended, and the run with it: exit status 1."""
    running = user.begin("run", "held")
    program = user.wait_for_command()
    assert user("cancel", "--reason", "enough").returncode == 0
    out, err = running.communicate(timeout=60)
    assert running.returncode == 1, (out, err)
    assert "is cancelled at step hold" in out
    assert "enough" in out
    assert not program.is_running()


def kill_all_above(user: User) -> psutil.Process:
    """The program of a session whose run was killed together with the program's supervisor."""
    running = user.begin("run", "held")
    program = user.wait_for_command()
    watcher = program.parent()
    assert watcher is not None
    watcher.suspend()
    running.kill()
    watcher.kill()
    running.communicate()
    return program


def has_ended(program: psutil.Process) -> bool:
    """Whether it runs no more, though whoever inherited it may not have noticed."""
    try:
        return program.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_next_start_ends_what_a_killed_run_left(user: User, way: str) -> None:
    """Also where nobody watched over it any more: by its control group when anything is run, else
    when its own session is."""
    program = kill_all_above(user)
    words = ("worker", "--drain") if way == GROUP else ("recover", "--run")
    assert user(*words).returncode == 0
    assert has_ended(program)


@pytest.mark.usefixtures("way")
def test_a_cancel_ends_what_a_killed_run_left(user: User) -> None:
    """When it has said so nothing of the session runs any more."""
    program = kill_all_above(user)
    assert user("cancel").returncode == 0
    assert has_ended(program)


def test_a_cancel_that_is_killed_leaves_nothing_running(user: User) -> None:
    """Whether its session is cancelled by then or not: what ran for it has ended before."""
    program = kill_all_above(user)
    point = ("interlock.sessions", "cancel", "before", "1")
    words = [sys.executable, "-m", "tests.chaos.mortal_process", *point, "cancel"]
    environ = user.environ | {"PYTHONPATH": str(ROOT)}
    killed = subprocess.run(words, capture_output=True, cwd=user.project, env=environ, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert has_ended(program)
    assert user("cancel").returncode == 0


def test_a_log_is_followed_from_another_process(user: User) -> None:
    """What runs elsewhere is printed as it comes, until the session ends."""
    running = user.begin("run", "held")
    user.wait_for_command()
    following = user.begin("log", "--follow")
    as_json = user.begin("log", "--follow", "--json")
    seen = read_until(following, "| working hard")
    assert "   1  hold" in seen
    told = read_until(as_json, '"event"')
    assert "working hard" in json.loads(told.splitlines()[-1])["event"]["data"]["text"]
    assert following.poll() is None
    user.let_go()
    out, err = following.communicate(timeout=60)
    assert (following.returncode, err) == (0, "")
    assert "      ok in " in out
    assert "   2  finish" in out
    assert out.index("   2  finish") < out.index("| finished")
    assert running.wait(timeout=60) == 0
    lines = [json.loads(line) for line in as_json.communicate(timeout=60)[0].splitlines()]
    rows = [line["interaction"] for line in lines if "interaction" in line]
    assert rows[-1] == user.json("log")[-1]
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    running.communicate()


def test_following_can_be_interrupted(user: User) -> None:
    """Ctrl-C ends the following, not the session: exit status 130."""
    user("start", "gate")
    user("run", "--no-input")
    following = user.begin("log", "--follow")
    read_until(following, "ask")
    following.send_signal(signal.SIGINT)
    _, err = following.communicate(timeout=60)
    assert following.returncode == 130
    assert err.strip() == "interlock: interrupted"
    assert user.json("show")["status"] == "active"


def test_a_session_is_driven_from_a_shell(user: User) -> None:
    """The loop that a script writes: next, execute, submit, until there is nothing to do."""
    user("start", "greet", "-i", "again:=true")
    told = user.shell("""
        while command=$(interlock next --json 2>/dev/null); do
            read -r interaction < <(python3 -c '
import json, sys
print(json.loads(sys.argv[1])["interaction_id"])' "$command")
            mapfile -d "" argv < <(python3 -c '
import json, sys
for word in json.loads(sys.argv[1])["command"]["argv"]: print(word, end="\\0")' "$command")
            "${argv[@]}" | interlock submit "$interaction" --status ok --output - || exit 9
        done
        interlock show --json
    """)
    assert told.returncode == 0, told.stderr
    assert user.json("show")["status"] == "complete"
    outputs = [row["result"]["output"] for row in user.json("log")]
    assert outputs == ["hello world\n", "hello again\n"]
