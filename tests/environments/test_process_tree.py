"""A run owns all that it starts: at its end nothing of it is left, and nothing else is touched."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from interlock.environments import child, supervisor
from interlock.environments.process_tree import TAG, end_strays
from interlock.environments.supervisor import find_descendants, send_signal
from tests.environments.conftest import BOUND, Bench, wait_until
from tests.ways import groups_of

MEASURED_RUN = Path(__file__).with_name("measured_run.py")
both_ways = pytest.mark.usefixtures("way")


@pytest.fixture(autouse=True)
def no_children_left() -> Iterator[None]:
    """A run leaves the engine no child, not even a dead one, and no empty group."""
    before = set(psutil.Process().children())
    yield
    assert set(psutil.Process().children()) <= before
    assert groups_of(os.getpid()) == []


@both_ways
def test_a_timeout_ends_the_whole_tree(bench: Bench) -> None:
    """It also finds who left the session, who ignores TERM, and who has no tag."""
    finished = bench.run(*bench.fake("tree", "hang", str(bench.folder)), timeout=3)
    assert bench.alive() == []
    assert finished.timed_out
    assert not finished.stopped
    assert (finished.error, finished.survivors) == ("timed out after 3 s", 0)
    assert finished.code == -signal.SIGTERM
    assert finished.stdout == bench.shown("stdout")


@both_ways
def test_a_stop_ends_the_whole_tree(bench: Bench) -> None:
    """The same when somebody asks for it."""
    running = bench.start(*bench.fake("tree", "hang", str(bench.folder)))
    wait_until(lambda: len(bench.alive()) == 7, "all seven are seen")
    bench.stop.set()
    finished = running.result(BOUND)
    assert bench.alive() == []
    assert finished.stopped
    assert not finished.timed_out
    assert (finished.code, finished.error) == (-signal.SIGTERM, "stopped on request")
    assert "ready\n" in finished.stdout


@both_ways
def test_the_end_of_a_command_ends_what_it_left(bench: Bench) -> None:
    """Children that hold its pipes open keep nobody waiting."""
    finished = bench.run(*bench.fake("tree", "exit", str(bench.folder)))
    assert bench.alive() == []
    assert len(list(bench.folder.iterdir())) == 6
    assert (finished.code, finished.error, finished.survivors) == (0, None, 0)


def test_a_child_that_is_about_to_end_may_finish(bench: Bench) -> None:
    """Output that a filter still holds when the command ends is not lost."""
    script = "(sleep 0.1; echo late) & echo early"
    # It has ten times what it needs; on a machine that stands still for so long, not every time.
    assert any(bench.run("sh", "-c", script).stdout == "early\nlate\n" for _ in range(5))


def test_a_command_may_say_goodbye(bench: Bench) -> None:
    """It is asked politely, once, and its last words count."""
    running = bench.start(*bench.fake("polite"))
    bench.stop.set()
    finished = running.result(BOUND)
    assert (finished.code, finished.stopped) == (0, True)
    assert finished.stdout == "ready\ngoodbye 1\n"


@both_ways
def test_a_command_that_ignores_a_polite_signal_is_killed(bench: Bench) -> None:
    """Nobody can refuse."""
    running = bench.start(*bench.fake("deaf"))
    bench.stop.set()
    assert running.result(BOUND).code == -signal.SIGKILL


@both_ways
def test_a_storm_of_processes_is_ended(bench: Bench) -> None:
    """200 processes, each in a session of its own."""
    running = bench.start(*bench.fake("storm", "200"))
    bench.stop.set()
    assert running.result(BOUND).survivors == 0
    assert bench.alive() == []


@both_ways
def test_runs_at_the_same_time_do_not_touch_each_other(tmp_path: Path) -> None:
    """One is stopped, the others end in their own time with their own output."""
    benches = [Bench(tmp_path) for _ in range(6)]
    stopped, *others = benches
    hanging = stopped.start(*stopped.fake("tree", "hang", str(tmp_path)))
    with ThreadPoolExecutor(len(others)) as pool:
        waiting = [pool.submit(b.run, *b.fake("slow", b.token)) for b in others]
        stopped.stop.set()
        results = [future.result(BOUND) for future in waiting]
    assert [(r.code, r.stdout) for r in results] == [(0, b.token) for b in others]
    assert hanging.result(BOUND).stopped
    assert [b.alive() for b in benches] == [[]] * 6
    for each in benches:
        each.pool.shutdown()


@both_ways
def test_a_listener_that_raises_ends_the_run(bench: Bench) -> None:
    """Its exception comes out, and the tree is ended all the same."""

    def listen(_: str, text: str) -> None:
        raise RuntimeError(text)

    with pytest.raises(RuntimeError, match="ready"):
        bench.run(*bench.fake("tree", "hang", str(bench.folder)), emit=listen)
    assert bench.alive() == []


@both_ways
def test_a_killed_engine_leaves_nothing_running(bench: Bench) -> None:
    """`kill -9` of the engine ends the tree at once, not at the next start."""
    tree = bench.fake("tree", "hang", str(bench.folder))
    command = [sys.executable, str(MEASURED_RUN), bench.tag, "[]", *tree]
    engine = subprocess.Popen(command, cwd=bench.folder, stdout=subprocess.DEVNULL)
    wait_until(lambda: len(list(bench.folder.iterdir())) == 6, "the tree has grown")
    engine.kill()
    engine.wait(BOUND)
    wait_until(lambda: not bench.alive(), "the tree has ended")
    wait_until(lambda: not groups_of(engine.pid), "its group is removed")


@both_ways
def test_a_command_that_kills_its_supervisor_is_found_by_its_tag(bench: Bench) -> None:
    """The run ends with an error that says so, and the command with it."""
    finished = bench.run(*bench.fake("kill_parent"))
    assert bench.alive() == []
    assert finished.code is None
    assert finished.error is not None
    assert "supervisor was killed" in finished.error


@both_ways
def test_a_command_that_freezes_its_supervisor_is_found_by_its_tag(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A supervisor that does not answer in time is given up."""
    monkeypatch.setattr(child, "PATIENCE", 2.0)
    finished = bench.run(*bench.fake("freeze_parent"), timeout=1)
    assert bench.alive() == []
    assert finished.timed_out


def test_strays_are_found_by_their_tag_alone(bench: Bench) -> None:
    """All that carry it end, polite or deaf; those with another tag or none are left alone."""

    def start(mode: str, tag: str | None) -> "subprocess.Popen[bytes]":
        env = {} if tag is None else {TAG: tag}
        return subprocess.Popen(bench.fake(mode), env=env, stdout=subprocess.PIPE)

    strays = [start("hang", bench.tag), start("deaf", bench.tag)]
    strangers = [start("hang", tag) for tag in (f"{bench.tag}0", bench.tag[:-1], "", None)]
    try:
        for process in strays + strangers:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        assert end_strays(bench.tag) == 0
        assert [process.wait(BOUND) for process in strays] == [-signal.SIGTERM, -signal.SIGKILL]
        assert [process.poll() for process in strangers] == [None] * 4
    finally:
        for process in strays + strangers:
            process.kill()
            process.communicate()


@both_ways
def test_strays_are_ended_with_their_supervisor(bench: Bench) -> None:
    """A tree that is still watched over ends whole, also what carries no tag."""
    running = bench.start(*bench.fake("tree", "hang", str(bench.folder)))
    assert end_strays(bench.tag) == 0
    assert bench.alive() == []
    assert running.result(BOUND).code == -signal.SIGTERM


def test_strays_are_ended_with_a_supervisor_that_hides(bench: Bench) -> None:
    """By who may not see its variables, as any user but root."""
    running = bench.start(*bench.fake("tree", "hang", str(bench.folder)))
    before = "import ctypes; [ctypes.CDLL(None).prctl(24, n, 0, 0, 0) for n in (19, 21, 38)]"
    find = (
        f"from {end_strays.__module__} import *; print([p.pid for p in find_tagged({bench.tag!r})])"
    )
    inner = f"import os, sys; os.execv(sys.executable, [sys.executable, '-c', {find!r}])"
    command = [sys.executable, "-c", f"{before}\n{inner}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (watcher,) = [one.pid for one in psutil.process_iter() if _is_supervisor(one, bench.tag)]
    assert watcher in json.loads(done.stdout)
    assert end_strays(bench.tag) == 0
    assert running.result(BOUND).code == -signal.SIGTERM


def _is_supervisor(process: psutil.Process, tag: str) -> bool:
    try:
        words = process.cmdline()
    except psutil.Error:
        return False
    return supervisor.__file__ in words and words[-1] == tag


def test_the_caller_is_no_stray(bench: Bench) -> None:
    """An engine that runs inside a session may look for that session's strays."""
    inner = f"from {end_strays.__module__} import end_strays; print(end_strays({bench.tag!r}))"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    env = {**os.environ, TAG: bench.tag}
    done = subprocess.run([sys.executable, "-c", outer], env=env, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "0\n")


def test_an_empty_tag_is_refused() -> None:
    """It would fit whoever has an empty variable."""
    with pytest.raises(ValueError, match="empty"):
        end_strays("")


def test_a_reused_process_id_is_not_signalled() -> None:
    """Only the process that started at that time is meant."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    found = dict(find_descendants(os.getpid()))
    send_signal(process.pid, found[process.pid] + 1, signal.SIGKILL)
    send_signal(process.pid, found[process.pid] - 1, signal.SIGKILL)
    process.communicate(b"\n", timeout=BOUND)
    assert process.returncode == 0
