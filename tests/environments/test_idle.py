"""A command that says nothing for too long is ended, and told apart from one that ran too long."""

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from interlock import Prompt
from interlock.environments.child import Child
from interlock.environments.process import Finished, _overrun, run_process
from interlock.environments.process_tree import TAG
from tests.environments.conftest import BOUND, Bench
from tests.environments.desk import Desk


def listen(bench: Bench, *argv: str, idle: float) -> Finished:
    """The command's run with this limit of silence."""
    return run_process(
        argv,
        cwd=bench.folder,
        env={"PATH": os.environ["PATH"]},
        stdin=None,
        timeout=600,
        idle=idle,
        emit=bench.emit,
        stop=bench.stop,
        tag=bench.tag,
    )


@pytest.mark.parametrize("mode", ["hang", "deaf"])
def test_a_silent_command_is_ended(bench: Bench, mode: str) -> None:
    """With all that it started, also where it hears no polite signal; what it said is kept."""
    finished = listen(bench, *bench.fake(mode), idle=1)
    assert (finished.error, finished.timed_out, finished.stopped) == ("silent for 1 s", True, False)
    assert finished.stdout in ("ready\n", "")
    assert bench.alive() == []


def test_a_command_that_ends_in_time_is_not_silent(bench: Bench) -> None:
    """Its own exit code is its end."""
    finished = listen(bench, *bench.fake("fail", "3"), idle=60)
    assert (finished.code, finished.error, finished.timed_out) == (3, None, False)


def test_each_byte_begins_the_silence_anew() -> None:
    """However long the command has run; the limit for all of it stays what it is."""
    now = time.monotonic()
    spoke: Any = SimpleNamespace(began=now - 1000, heard=now)
    silent: Any = SimpleNamespace(began=now - 1000, heard=now - 60)
    assert _overrun(spoke, None, 60) is None
    assert _overrun(silent, None, None) is None
    assert _overrun(silent, None, 60) == "silent for 60 s"
    assert _overrun(spoke, 1000, 60) == "timed out after 1000 s"


def test_what_a_command_says_is_heard(bench: Bench) -> None:
    """The time of its last byte is kept."""
    heard: list[bytes] = []
    env = {"PATH": os.environ["PATH"], TAG: bench.tag}
    child = Child(bench.fake("ok"), bench.folder, env, None, lambda _, data: heard.append(data))
    try:
        assert child.heard == child.began
        while not heard:
            assert time.monotonic() < child.began + BOUND, "it says nothing"
            child.poll(0.1)
        assert child.heard > child.began
    finally:
        child.close()


def test_an_agent_that_is_silent_times_out(tmp_path: Path) -> None:
    """Its result has the status `timeout` and says so."""
    desk = Desk(tmp_path, agent="program --idle 1 sh -c 'echo begun; sleep 600'")
    result = desk.do(Prompt("Do it."))
    assert (result.status, result.error) == ("timeout", "silent for 1 s")
    assert result.output in ("begun\n", "")
