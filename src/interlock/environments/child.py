"""A command that runs under its supervisor: its pipes, and what is known of its end so far."""

import fcntl
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from interlock.environments import command_group, control_group, supervisor
from interlock.environments.process_tree import TAG, end_strays

READ_BYTES = 32 * 1024
AFTERMATH_BYTES = 1024 * 1024  # read per stream after the end: as much as a pipe can hold
PATIENCE = 12.0  # seconds for the supervisor to end a tree; it needs less than 8
LOADER = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # some Python installations need them to start


class Child:
    """A started command; its output goes to `take(stream, data)`.

    Raises OSError if the supervisor cannot be started.
    """

    def __init__(
        self,
        argv: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        stdin: bytes | None,
        take: Callable[[str, bytes], None],
    ) -> None:
        self.began = self.heard = time.monotonic()  # heard: when its last byte came
        self.ended: float | None = None  # when the command itself ended
        self.code: int | None = None
        self.failure: int | None = None  # the errno, when it did not start
        self.left: int | None = None  # processes left, once its tree has been ended
        self.gone = False  # the supervisor has closed its side
        self._tag = env[TAG]
        self._take = take
        self._patience: float | None = None
        self._answers = b""
        self._control, inner = socket.socketpair()
        self._control.settimeout(PATIENCE)
        try:
            self._group = command_group.choose(self._tag)
            feed = stdin is not None
            self._supervisor = _start_supervisor(inner, cwd, env, feed, self._group)
        except OSError:
            self._control.close()
            raise
        finally:
            inner.close()
        # The system takes milliseconds for it: as long as the supervisor takes to start.
        if self._group and not command_group.hold(self._supervisor.pid, self._group):
            self._group = ""
        self._selector = selectors.DefaultSelector()
        self._watch(self._supervisor.stdout, "stdout")
        self._watch(self._supervisor.stderr, "stderr")
        self._input = memoryview(stdin or b"")
        self._watch(self._supervisor.stdin, "stdin")
        self._selector.register(self._control, selectors.EVENT_READ, "control")
        try:
            self._control.sendall(supervisor.encode_request(argv, env))
        except OSError:
            self.gone = True

    @property
    def overdue(self) -> bool:
        """Whether the supervisor has had more than enough time to end the tree."""
        return self._patience is not None and time.monotonic() > self._patience

    def poll(self, seconds: float) -> None:
        """Waits so long at most for output and news, and handles what came."""
        for key, _ in self._selector.select(seconds):
            if key.data == "control":
                self._hear()
            elif key.data == "stdin":
                self._write(key.fd)
            else:
                self._read(key.data, key.fd)

    def request_end(self) -> None:
        """Asks for the end of the whole tree; `left` tells when it is done."""
        self._patience = time.monotonic() + PATIENCE
        try:
            self._control.sendall(b"stop")
        except OSError:
            self.gone = True

    def settle(self) -> None:
        """Returns when the supervisor is gone and the tree has been ended, by tag and group if
        need be."""
        self._unwatch(self._control)
        self._control.close()  # asks for the end, if that was not done
        try:
            self._supervisor.wait(0 if self.overdue else PATIENCE)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()
        if self.failure is None and (self.left is None or self.left < 0):
            self.left = end_strays(self._tag)
        if self._group and (left := control_group.end(self._group)):
            self.left = max(left, self.left or 0)

    def drain(self) -> None:
        """Reads what the ended tree left in its pipes."""
        for key in list(self._selector.get_map().values()):
            # Bounded: a stranger may have been handed the pipe and write for ever.
            for _ in range(AFTERMATH_BYTES // READ_BYTES):
                if key.data == "stdin" or not self._read(key.data, key.fd):
                    break

    def close(self) -> None:
        """Leaves nothing behind, whatever happened before."""
        if self._supervisor.returncode is None:
            self.settle()
        self._selector.close()
        for pipe in (self._supervisor.stdin, self._supervisor.stdout, self._supervisor.stderr):
            if pipe:
                pipe.close()

    def _watch(self, pipe: IO[bytes] | None, name: str) -> None:
        if pipe:
            os.set_blocking(pipe.fileno(), False)
            if name == "stdout" and (resize := getattr(fcntl, "F_SETPIPE_SZ", None)):
                # Some programs drop what their pipe has not taken when they end.
                with suppress(OSError):
                    fcntl.fcntl(pipe.fileno(), resize, AFTERMATH_BYTES)
            event = selectors.EVENT_WRITE if name == "stdin" else selectors.EVENT_READ
            self._selector.register(pipe, event, name)

    def _unwatch(self, source: socket.socket | int) -> None:
        if source in self._selector.get_map():
            self._selector.unregister(source)

    def _read(self, name: str, descriptor: int) -> bool:
        """Whether there may be more to read now."""
        try:
            data = os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return False
        if data:
            self._take(name, data)
            self.heard = time.monotonic()
        else:
            self._selector.unregister(descriptor)
        return bool(data)

    def _write(self, descriptor: int) -> None:
        try:
            written = os.write(descriptor, self._input)
        except BlockingIOError:
            return
        except OSError:
            written = len(self._input)  # the command does not read it: that is its own affair
        self._input = self._input[written:]
        if not self._input and (pipe := self._supervisor.stdin):
            self._selector.unregister(pipe)
            pipe.close()

    def _hear(self) -> None:
        try:
            data = self._control.recv(4096)
        except OSError:
            data = b""
        if not data:
            self.gone = True
            self._unwatch(self._control)
        *lines, self._answers = (self._answers + data).split(b"\n")
        for line in lines:
            word, number = line.split()
            self._note(word, int(number))

    def _note(self, word: bytes, number: int) -> None:
        if word == b"failed":
            self.failure, self.left = number, 0
        elif word == b"exited":
            self.code, self.ended = number, time.monotonic()
            self._patience = self._patience or self.ended + PATIENCE
        elif word == b"ended":
            self.left = number


def _start_supervisor(
    control: socket.socket, cwd: Path, env: Mapping[str, str], feed: bool, group: str
) -> subprocess.Popen[bytes]:
    # The command's variables go through the socket: those of a process can be read by others.
    loader = {name: os.environ[name] for name in LOADER if name in os.environ}
    descriptor = control.fileno()
    return subprocess.Popen(
        [sys.executable, "-I", "-S", supervisor.__file__, str(descriptor), group, env[TAG]],
        bufsize=0,
        stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env={TAG: env[TAG], **loader},
        pass_fds=(descriptor,),
        start_new_session=True,
    )
