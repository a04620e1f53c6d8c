"""The small process that stands between the engine and one command, and owns all it starts.

It runs as a script of its own and imports little, so that it starts fast. It is the command's
parent and, on Linux, takes in every orphan below it, so "no child is left" means "nothing that
the command started still runs", however it was started. It ends all of it when the command has
ended, when the engine asks, and when the engine is gone.

Its arguments are the number of a socket, the folder of a control group, and the tag of the run, by
which it can be found. The engine sends a request there, then perhaps `stop`; a closed socket means
the same. The answers are lines: `failed ERRNO`, or `exited CODE` and then `ended COUNT`, the number
of processes that could not be ended, -1 where the system cannot tell.

The engine has put it into the control group before it sends the request, so all that it starts is
born there. It leaves it only to end what is in it; else the engine removes the group.
"""

from __future__ import annotations

# `signal` puts enums around this, which takes as long as half of the start.
import _signal as signal  # type: ignore[import-not-found]
import ctypes
import os
import select
import sys
import time

TYPE_CHECKING = False  # as in `typing`, which takes long to import too
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
if TYPE_CHECKING or __name__ != "__main__":
    from interlock.environments import control_group
else:  # as a script it has no package
    sys.path.append(os.path.dirname(__file__))  # noqa: PTH120 - pathlib is slow to import
    import control_group

PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
TICK = 0.02  # seconds between two looks at a tree that is being ended

# When which signal is sent, in seconds after the reason to end the tree. After the command's own
# end, what it left may finish by itself first: the `tee` behind a pipe is about to.
Plan = tuple[tuple[float, int], ...]
AFTER_EXIT: Plan = ((1.0, signal.SIGTERM), (2.0, signal.SIGKILL))
ON_REQUEST: Plan = ((0.0, signal.SIGTERM), (2.0, signal.SIGKILL))
GIVE_UP = 5.0  # seconds after the last signal of the plan


def encode_request(argv: Sequence[str], environment: Mapping[str, str]) -> bytes:
    """What `read_request` reads: the length in 8 bytes, then fields between NUL bytes."""
    pairs = (f"{name}={value}" for name, value in environment.items())
    body = b"\0".join(os.fsencode(field) for field in (str(len(argv)), *argv, *pairs))
    return len(body).to_bytes(8) + body


def read_request(control: int) -> tuple[list[bytes], dict[bytes, bytes]]:
    """The arguments and the environment of the command to start."""
    size = int.from_bytes(_read_exactly(control, 8))
    count, *fields = _read_exactly(control, size).split(b"\0")
    pairs = (field.partition(b"=") for field in fields[int(count) :])
    return fields[: int(count)], {name: value for name, _, value in pairs}


def _read_exactly(control: int, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        chunk = os.read(control, size - len(data))
        if not chunk:
            raise EOFError("the engine closed the request")
        data += chunk
    return bytes(data)


def adopt_orphans() -> bool:
    """Whether the system now gives this process the orphans of all that it starts."""
    return _control_process(PR_SET_CHILD_SUBREAPER, 1)


def hide_memory() -> bool:
    """Whether the system now keeps this process's environment and memory from the other processes
    of its user, also those below it. A program that it starts is not hidden."""
    return _control_process(PR_SET_DUMPABLE, 0)


def _control_process(option: int, value: int) -> bool:
    try:
        answer: int = ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
    except (AttributeError, OSError):
        return False
    return answer == 0


def find_descendants(root: int) -> list[tuple[int, int]]:
    """Process id and start time, in clock ticks, of all that runs below `root`; Linux only."""
    children: dict[int, list[tuple[int, int]]] = {}
    for entry in os.scandir("/proc") if sys.platform == "linux" else ():
        if entry.name.isdigit() and (fields := read_stat(int(entry.name))):
            child = int(entry.name), int(fields[19])
            children.setdefault(int(fields[1]), []).append(child)
    found = children.get(root, [])
    for pid, _ in found:  # grows while it is walked: the children of children follow
        found += children.get(pid, [])
    return found


def read_stat(pid: int) -> list[bytes]:
    """The fields of /proc/PID/stat from the state on; empty when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - pathlib is slow to import
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return []


def send_signal(pid: int, started: int, number: int) -> None:
    """Signals the process only if it is the one that started at `started`, in clock ticks."""
    fields = read_stat(pid)
    if fields and int(fields[19]) == started:
        _send(os.kill, pid, number)


def _send(send: Callable[[int, int], None], target: int, number: int) -> None:
    try:
        send(target, number)
    except (ProcessLookupError, PermissionError):
        return  # it has ended; or it is another user's now, and is counted as left


class Supervisor:
    """One command and everything below it, from its start to the end of the last process."""

    def __init__(self, control: int, group: str, adopting: bool) -> None:
        self.control = control
        self.group = group  # empty where there is none
        self.outside = not group  # whether this process is not in it
        self.adopting = adopting
        self.main = 0
        self.running = False
        self.requested = False  # to end the tree, by the engine or by a signal
        self.deserted = False  # the engine is gone
        self.reason: Plan = ()
        self.watched = [control, self._catch_signals()]
        self.plan: list[tuple[float, int]] = []  # what is still to send, by monotonic time

    def start(self, argv: list[bytes], environment: dict[bytes, bytes]) -> None:
        """Starts the command in a session of its own, with clean signals; raises OSError."""
        # posix_spawnp looks in this process's PATH.
        os.environ["PATH"] = os.fsdecode(environment.get(b"PATH", os.fsencode(os.defpath)))
        defaults = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
        self.main = os.posix_spawnp(
            argv[0], argv, environment, setsid=True, setsigmask=(), setsigdef=defaults
        )
        self.running = True

    def watch(self) -> int:
        """Waits for the end of the tree, bringing it about; returns how many processes are left."""
        while self._reap():
            if self.requested:
                self._end(ON_REQUEST)
            if self.reason and self._signal_due(time.monotonic()):
                return len(find_descendants(os.getpid())) if self.adopting else -1
            self._wait(TICK if self.reason else None)
        return 0 if self.adopting else -1

    def report(self, line: str) -> None:
        """Tells the engine, if it is still there."""
        try:
            os.write(self.control, line.encode() + b"\n")
        except OSError:
            self.requested = self.deserted = True

    def clear(self) -> None:
        """Removes the group where nobody else will, with all that is in it."""
        if self.deserted and self._leave_group():
            control_group.end(self.group)

    def _end(self, reason: Plan) -> None:
        if self.reason not in (reason, ON_REQUEST):
            now = time.monotonic()
            self.reason = reason
            self.plan = [(now + after, number) for after, number in reason]

    def _signal_due(self, now: float) -> bool:
        """Sends what the plan says by now; whether to give up."""
        while self.plan[0][0] <= now:
            due, number = self.plan[0]
            self._signal_tree(number)
            if number == signal.SIGKILL:  # it stays due: what is born meanwhile must die too
                return now > due + GIVE_UP
            del self.plan[0]
        return False

    def _reap(self) -> bool:
        """Whether any child is left; those that have ended are taken away."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.main:
                self.running = False
                self._end(AFTER_EXIT)
                self.report(f"exited {os.waitstatus_to_exitcode(status)}")

    def _signal_tree(self, number: int) -> None:
        # While the command runs, its group's number is surely its own. Killing a group at once
        # stops it from growing; a TERM must reach each process once, so it goes one by one.
        if number == signal.SIGKILL and self._leave_group():
            control_group.kill(self.group)
        if self.running and (number == signal.SIGKILL or not self.adopting):
            _send(os.killpg, self.main, number)
        for pid, started in find_descendants(os.getpid()):
            send_signal(pid, started, number)

    def _leave_group(self) -> bool:
        """Whether there is a group, and this process is not in it any more."""
        self.outside = self.outside or control_group.leave(self.group)
        return bool(self.group) and self.outside

    def _wait(self, seconds: float | None) -> None:
        for ready in select.select(self.watched, [], [], seconds)[0]:
            data = os.read(ready, 512)
            if ready == self.control:
                self.requested = True
                if not data:
                    self.deserted = True
                    self.watched.remove(ready)

    def _catch_signals(self) -> int:
        """A descriptor that can be read after each signal: the end of a child, or a request."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._request)
        return reader

    def _request(self, *_: object) -> None:
        self.requested = True


def main(control: int, group: str) -> None:
    """Runs the command that the engine asks for on the socket `control`."""
    hide_memory()
    os.set_inheritable(control, False)
    supervisor = Supervisor(control, group, adopt_orphans())
    try:
        supervisor.start(*read_request(control))
    except EOFError:
        supervisor.deserted = True
    except OSError as fault:
        supervisor.report(f"failed {fault.errno}")
    else:
        supervisor.report(f"ended {supervisor.watch()}")
    supervisor.clear()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
