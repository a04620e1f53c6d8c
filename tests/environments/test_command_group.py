"""Where the engine may make a control group, each command has its own, and nothing outlives it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from interlock.environments import command_group, control_group, supervisor
from interlock.environments.process_tree import end_abandoned, end_strays
from tests.environments.conftest import BOUND, Bench, wait_until
from tests.environments.fake_program import KINDS
from tests.environments.test_process_tree import MEASURED_RUN
from tests.ways import GROUP, groups_of


def above() -> str:
    """The folder of the group that this process is in, if there is any."""
    return str(Path(command_group.choose("")).parent)


@pytest.fixture(autouse=True)
def no_groups_left() -> Iterator[None]:
    """No group is left behind, not even an empty one."""
    yield
    assert groups_of(os.getpid()) == []


def test_a_command_has_a_group_of_its_own(bench: Bench, way: str) -> None:
    """From its first instruction on, named by who started it and by the run."""
    finished = bench.run("cat", "/proc/self/cgroup", cwd=Path("/"))
    ours = Path("/proc/self/cgroup")
    if way == GROUP:
        (path,) = [line for line in finished.stdout.splitlines() if line.startswith("0::")]
        name = path.rpartition("/")[2]
        assert name.startswith(f"interlock-{os.getpid()}-")
        assert name.endswith(f"-{bench.tag}")
    elif ours.exists():
        assert finished.stdout == ours.read_text()
    assert finished.survivors == 0


def test_what_lost_its_supervisor_is_ended_with_its_group(bench: Bench, way: str) -> None:
    """Also what carries no tag, and has nobody above it any more: only a group tells of that."""
    finished = bench.run(*bench.fake("tree", "kill_parent", str(bench.folder)))
    assert "supervisor was killed" in (finished.error or "")
    assert len(bench.alive()) == (0 if way == GROUP else 1)


@pytest.mark.parametrize("where", ["down", "up"])
@pytest.mark.usefixtures("way")
def test_a_command_may_move_itself_and_is_ended(bench: Bench, where: str) -> None:
    """Into a group far below its own, or out of it; it is deaf, too."""
    running = bench.start(*bench.fake("burrow", where, above()))
    bench.stop.set()
    finished = running.result(BOUND)
    assert (finished.code, finished.survivors) == (-signal.SIGKILL, 0)
    assert bench.alive() == []


def test_what_lost_its_engine_and_its_supervisor_is_ended(bench: Bench, way: str) -> None:
    """Both are killed at once. The next engine ends all in the group, whatever the session: it
    takes no tag for it. By its tag the session's next command ends the rest."""
    tree = bench.fake("tree", "hang", str(bench.folder))
    command = [sys.executable, str(MEASURED_RUN), bench.tag, "[]", *tree]
    engine = subprocess.Popen(command, cwd=bench.folder, stdout=subprocess.DEVNULL)
    wait_until(lambda: len(list(bench.folder.iterdir())) == len(KINDS), "the tree has grown")
    (watcher,) = psutil.Process(engine.pid).children()
    assert supervisor.__file__ in watcher.cmdline()
    watcher.suspend()
    engine.kill()
    watcher.kill()
    engine.wait(BOUND)
    assert end_abandoned() == 0
    if way == GROUP:
        assert bench.alive() == []
        assert groups_of(engine.pid) == []
        return
    assert end_strays(bench.tag) == 0
    assert len(bench.alive()) == 1


def test_what_another_engine_runs_is_left_alone(bench: Bench, way: str) -> None:
    """Its group is no orphan: who made it is alive, though it does not answer."""
    mark = bench.folder / "mark"
    command = [sys.executable, str(MEASURED_RUN), bench.tag, "[]", *bench.fake("mute", str(mark))]
    engine = subprocess.Popen(command, cwd=bench.folder, stdout=subprocess.DEVNULL)
    wait_until(mark.exists, "it runs")
    engine.send_signal(signal.SIGSTOP)
    end_abandoned()
    assert len(bench.alive()) == 2  # the engine has the token, too
    assert len(groups_of(engine.pid)) == (way == GROUP)
    engine.kill()
    engine.wait(BOUND)
    wait_until(lambda: not bench.alive(), "it has ended")
    wait_until(lambda: not groups_of(engine.pid), "its group is removed")


def test_a_group_is_known_by_who_made_it(bench: Bench, way: str) -> None:
    """By process id and start time, in this namespace; any other number is somebody else's."""
    if way != GROUP:
        assert command_group.find_abandoned(bench.tag) == []
        return
    _, pid, start, namespace, *rest = Path(command_group.choose(bench.tag)).name.split("-")
    later, gone = str(int(start) + 1), str(2**22 + 1)  # there is no such process id
    elsewhere = str(int(namespace) + 1)
    kept, orphans = (
        [Path(above(), "-".join(("interlock", *owner, *rest))) for owner in owners]
        for owners in (
            ((pid, start, namespace), (pid, later, elsewhere), (gone, start, elsewhere)),
            ((pid, later, namespace), (gone, start, namespace)),
        )
    )
    for folder in kept + orphans:
        folder.mkdir()
    try:
        assert end_strays(bench.tag) == 0
        assert [folder.exists() for folder in kept] == [True] * 3
        assert [folder.exists() for folder in orphans] == [False] * 2
    finally:
        for folder in kept:
            folder.rmdir()


FROM_WITHIN = """
import sys
from interlock.environments import command_group, process_tree
command_group.find_abandoned = lambda tag: sys.argv[1:]
assert sys.stdin.readline()
process_tree.end_abandoned()
print("alive")
"""


def test_an_engine_in_an_orphan_is_left_alone(bench: Bench, way: str) -> None:
    """One that looks for orphans ends neither itself nor what started it."""
    group = command_group.choose(bench.tag)
    process = subprocess.Popen(
        ["sh", "-c", '"$@"; echo "$?"', "sh", sys.executable, "-c", FROM_WITHIN, group],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    wait_until(lambda: psutil.Process(process.pid).children(), "it runs")
    (inner,) = psutil.Process(process.pid).children()
    assert command_group.hold(process.pid, group) == (way == GROUP)
    assert control_group.put(inner.pid, group) == (way == GROUP)
    out, _ = process.communicate(b"\n", timeout=BOUND)
    assert out == b"alive\n0\n"
    assert control_group.end(group) == 0


def test_a_frozen_group_is_killed(bench: Bench, way: str) -> None:
    """As an older Linux needs it: whoever forks meanwhile cannot outrun it."""
    process = subprocess.Popen(bench.fake("storm", "50"), stdout=subprocess.PIPE)
    assert process.stdout is not None
    group = command_group.choose(bench.tag)
    held = command_group.hold(process.pid, group)
    assert held == (way == GROUP)
    assert process.stdout.readline() == b"ready\n"
    if held:
        assert len(control_group.members(group)) == len(bench.alive())
        control_group.kill_frozen(group)
        wait_until(lambda: not bench.alive(), "all have ended")
        assert process.wait(BOUND) == -signal.SIGKILL
        assert control_group.end(group) == 0
    for left in bench.alive():
        left.kill()
    process.stdout.close()
    process.wait(BOUND)
