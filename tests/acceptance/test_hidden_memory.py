"""A command cannot read the engine's memory or variables, where keys of the user may be."""

import subprocess
import sys

from tests.acceptance.user import COMMAND, User

# As root it first gives up what lets root look into every process (PR_CAPBSET_DROP of
# CAP_SYS_PTRACE, CAP_SYS_ADMIN and CAP_PERFMON): then it is as any user is among his own processes.
AS_USER = """
import ctypes, os, sys
for capability in (19, 21, 38):
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
LOOK = """
import sys
for pid in sys.argv[1:]:
    for name in ("environ", "mem"):
        try:
            with open(f"/proc/{pid}/{name}", "rb", buffering=0) as file:
                print("open" if name == "mem" or file.read(1) else "empty")
        except PermissionError:
            print("denied")
"""
HIDE = "from interlock.environments.supervisor import hide_memory; print(hide_memory())"


def as_user(*words: str) -> list[str]:
    """The words that run a command without root's power over other processes."""
    return [sys.executable, "-c", AS_USER, *words]


def look(*processes: int) -> list[str]:
    """What another process of the same user may read: environ and mem of each."""
    words = as_user(sys.executable, "-c", LOOK, *map(str, processes))
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.split()


def test_the_engine_and_the_supervisor_are_closed(user: User) -> None:
    """The command itself is not: that shows that the look is a true one."""
    if sys.platform != "linux":  # elsewhere the system has no such files, and nothing is promised
        done = subprocess.run([sys.executable, "-c", HIDE], capture_output=True, check=True)
        assert done.stdout.strip() == b"False"
        return
    engine = subprocess.Popen(
        as_user(COMMAND, "run", "held"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=user.project,
        env=user.environ,
    )
    try:
        command = user.wait_for_command()
        supervisor = command.parent()
        assert supervisor is not None
        assert supervisor.ppid() == engine.pid
        assert look(command.pid)[0] == "open"
        assert look(engine.pid, supervisor.pid) == ["denied"] * 4
    finally:
        user.let_go()
        told, _ = engine.communicate(timeout=60)
    assert engine.returncode == 0, told
