"""Every figure that is promised, each measured with its limit in the same run."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from threading import Event

from benchmarks import agents, ground, worker_figures
from benchmarks.bounds import Figure, bound
from interlock import Result, accounts, sessions
from interlock.environments import making
from interlock.environments.git import Git
from interlock.sessions import recent
from interlock.store import connection

STEPS = 1000
ROUNDS = 15
LONG = 10_000
MANY = 100_000


def linked_ratio() -> Figure:
    """Steps of `sessions.run` to raw SQLite with one linked commit a step."""
    return _ratio(ground.linked, commits=1)


def apart_ratio() -> Figure:
    """Steps of `next_command` and `handle_result` to raw SQLite with two commits a step."""
    return _ratio(ground.apart, commits=2)


def postgres_ratio() -> Figure:
    """Steps of `sessions.run` in PostgreSQL to raw psycopg with one commit a step."""
    from benchmarks import postgres  # its driver would be in the memory of every other figure

    with postgres.server() as url:
        pairs = [(postgres.linked(url, STEPS), postgres.raw(url, STEPS)) for _ in range(5)]
    ratio = statistics.median(ours / limit for ours, limit in pairs)
    ours, limit = (round(statistics.median(rate)) for rate in zip(*pairs, strict=True))
    return bound(ratio, at_least=0.4, per_s=ours, raw_per_s=limit)


def long_run() -> Figure:
    """Growth over 10,000 steps: a step of the last tenth to one of the first, median of rounds.

    The flushes of a shared disk are in it; `processor` is the same in processor time alone.
    """
    runs = [_subprocess("long", number) for number in range(3)]
    wall = [round(run["wall"], 2) for run in runs]
    processor = round(statistics.median(run["processor"] for run in runs), 2)
    return bound(statistics.median(wall), at_most=1.1, rounds=wall, processor=processor)


def disk() -> Figure:
    """KB on disk a step at 10,000 steps, the write-ahead log in it."""
    return bound(_subprocess("long")["kb_per_step"], at_most=6.5)


def memory() -> Figure:
    """Peak MB of the process that ran 10,000 steps."""
    return bound(_subprocess("long")["peak_mb"], at_most=80.0)


def ready() -> Figure:
    """Milliseconds until the next command of a session of 10,000 interactions is known."""
    return bound(_subprocess("ready")["ready_ms"], at_most=10.0)


def latest() -> Figure:
    """Milliseconds for the latest 20 of 100,000 sessions."""
    return bound(_subprocess("latest")["latest_ms"], at_most=2.0)


def start_up() -> Figure:
    """`interlock --version` to `python -c "import click"`, wall time."""
    command = Path(sys.executable).with_name("interlock")
    ours = [_seconds([str(command), "--version"]) for _ in range(15)]
    click = [_seconds([sys.executable, "-c", "import click"]) for _ in range(15)]
    ratio = statistics.median(ours) / statistics.median(click)
    return bound(ratio, at_most=2.0, ms=round(statistics.median(ours) * 1000, 1))


def clone() -> Figure:
    """Seconds to make the clone of a session from a repository of 100 MB, files and all."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        top = ground.repository(Path(folder, "repository"), megabytes=100)
        times = []
        for number in range(5):
            git = Git(top, source=os.environ, tag=f"bench-{number}", stop=Event(), timeout=None)
            began = time.perf_counter()
            making.clone(Path(folder, str(number)), git, "clone", "bench")
            times.append(time.perf_counter() - began)
    return bound(statistics.median(times), at_most=2.0, slowest=round(max(times), 2))


def agent_wall() -> Figure:
    """Milliseconds that Interlock adds to one prompt of Claude Code, in a session's work directory.

    `clone_ms` is the same in a clone, where the files are kept before and after; `session_ms` what
    it adds to a session of one prompt, its own start included.
    """
    found = agents.measure()
    return bound(
        found["local_wall"] * 1000,
        at_most=150.0,
        bare_ms=round(found["bare_wall"] * 1000),
        clone_ms=round(found["clone_wall"] * 1000),
        session_ms=round(found["local_session_wall"] * 1000),
    )


def agent_processor() -> Figure:
    """Processor time that Interlock takes for one prompt of Claude Code, to that of Claude Code."""
    found = agents.measure()
    bare = found["bare_agent"]
    return bound(
        found["local_own"] / bare,
        at_most=0.05,
        bare_ms=round(bare * 1000),
        own_ms=round(found["local_own"] * 1000, 1),
        clone_ms=round(found["clone_own"] * 1000, 1),
        session_ms=round(found["local_session_own"] * 1000),
    )


FIGURES: dict[str, Callable[[], Figure]] = {
    "run_to_raw_one_commit": linked_ratio,
    "apart_to_raw_two_commits": apart_ratio,
    "run_to_raw_postgres": postgres_ratio,
    "last_tenth_to_first": long_run,
    "disk_kb_per_step": disk,
    "peak_memory_mb": memory,
    "ready_ms": ready,
    "latest_20_of_100000_ms": latest,
    "version_to_import_click": start_up,
    "clone_100_mb_s": clone,
    "agent_added_ms": agent_wall,
    "agent_added_cpu": agent_processor,
    **worker_figures.FIGURES,
}

GROUPS = {
    "agents": ("agent_added_ms", "agent_added_cpu"),
    "workers": tuple(worker_figures.FIGURES),
}
"""Figures that are measured together."""


def long() -> Figure:
    """A run of 10,000 steps in this process, looked at from all sides."""
    marks: list[tuple[float, float]] = []

    def execute(command: object) -> Result:
        marks.append((time.perf_counter(), time.thread_time()))
        return ground.RESULT

    with ground.ground() as (scope, path):
        sessions.run(scope, ground.relay(scope, LONG), execute)
        size = sum(part.stat().st_size for part in path.parent.glob("bench.db*"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tenth = LONG // 10
    wall = [after[0] - before[0] for before, after in pairwise(marks)]
    return {
        "processor": (marks[-1][1] - marks[-tenth][1]) / (marks[tenth - 1][1] - marks[0][1]),
        "wall": statistics.median(wall[-tenth:]) / statistics.median(wall[:tenth]),
        "kb_per_step": size / LONG / 1024,
        "peak_mb": peak,
    }


def ready_after() -> Figure:
    """The time from opening the store to a known next command, of a long session."""
    with ground.ground() as (scope, path):
        session_id = ground.relay(scope, LONG + 2)
        for _ in range(LONG):
            row = sessions.next_command(scope, session_id)
            sessions.handle_result(scope, session_id, row.id, ground.RESULT)
        connection.disconnect()
        times = []
        for _ in range(9):
            began = time.perf_counter()
            connection.connect(f"sqlite:///{path}")
            recent.forget()
            sessions.next_command(accounts.enter("bench", "bench"), session_id)
            times.append(time.perf_counter() - began)
            connection.disconnect()
        return {"ready_ms": statistics.median(times) * 1000}


def latest_of_many() -> Figure:
    """The time of `sessions.find` over many sessions."""
    with ground.ground() as (scope, _):
        with connection.tx():
            for _ in range(MANY):
                ground.relay(scope, 2)
        times, found = [], 0
        for _ in range(21):
            began = time.perf_counter()
            found = len(sessions.find(scope, limit=20).sessions)
            times.append(time.perf_counter() - began)
        if found != 20:
            raise SystemExit("the list is not 20 long")
        return {"latest_ms": statistics.median(times) * 1000}


INNER = {"long": long, "ready": ready_after, "latest": latest_of_many}


def _ratio(measure: Callable[[int], float], *, commits: int) -> Figure:
    ours, limits, bare, ready = [], [], [], []
    for _ in range(ROUNDS):
        limits.append(ground.raw(STEPS, commits=commits))
        ours.append(measure(STEPS))
        bare.append(ground.raw(STEPS, commits=commits, indexes=False))
        ready.append(ground.raw(STEPS, commits=commits, encodes=False))
    ratio = statistics.median(a / b for a, b in zip(ours, limits, strict=True))
    to_ready = statistics.median(a / b for a, b in zip(ours, ready, strict=True))
    to_bare = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
    return bound(
        ratio,
        at_least=0.6,
        steps_per_s=round(statistics.median(ours)),
        raw_per_s=round(statistics.median(limits)),
        to_raw_without_indexes=round(to_bare, 2),
        to_raw_of_ready_text=round(to_ready, 2),
    )


def print_inner(name: str) -> None:
    """Measure in this process and print the finding as one JSON line."""
    print(json.dumps(INNER[name]()))


_done: dict[tuple[str, int], Figure] = {}


def _subprocess(name: str, number: int = 0) -> Figure:
    """What an inner measurement found, in a process of its own; each number is run once."""
    if (name, number) not in _done:
        code = f"from benchmarks.figures import print_inner; print_inner({name!r})"
        done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
        _done[name, number] = json.loads(done.stdout)
    return _done[name, number]


def _seconds(argv: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(argv, capture_output=True, check=True)
    return time.perf_counter() - began
