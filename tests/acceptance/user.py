"""A user of the installed command: every call is a process of its own."""

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

COMMAND = str(Path(sys.executable).parent / "interlock")
PATIENCE = 150.0
"""Seconds after which something that was waited for will not come any more."""


# A test that was itself started in the background would hand on that Ctrl-C is ignored.
WITH_SIGNALS = """
import os, signal, sys
signal.signal(signal.SIGINT, getattr(signal, sys.argv[1]))
os.execv(sys.argv[2], sys.argv[2:])
"""


def wait_until(true: Callable[[], bool]) -> None:
    """Return as soon as it is true. Fails when it takes far too long."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


class User:
    """Somebody at a shell, in a project, with data of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.project = home / "project"
        self.data = home / "data"
        self.project.mkdir()
        self.environ = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "INTERLOCK_DATA_DIR": str(self.data),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }

    def __call__(
        self, *words: str, input: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """How a command ended, and what it said."""
        return subprocess.run(
            [COMMAND, *words],
            input=input,
            capture_output=True,
            text=True,
            cwd=self.project,
            env=self.environ | variables,
            timeout=PATIENCE,
        )

    def json(self, *words: str, input: str = "") -> Any:
        """What a command prints with --json; it must be fine."""
        told = self(*words, "--json", input=input)
        assert told.returncode == 0, told.stderr
        return json.loads(told.stdout)

    def shell(self, script: str) -> subprocess.CompletedProcess[str]:
        """How a shell's script ended, and what it said."""
        return subprocess.run(
            ["bash", "-c", script],
            capture_output=True,
            text=True,
            cwd=self.project,
            env=self.environ,
            timeout=PATIENCE,
        )

    def begin(self, *words: str, ignoring: bool = False) -> subprocess.Popen[str]:
        """A command that runs on while others do; `ignoring` Ctrl-C from its start or not."""
        how = "SIG_IGN" if ignoring else "SIG_DFL"
        return subprocess.Popen(
            [sys.executable, "-c", WITH_SIGNALS, how, COMMAND, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.project,
            env=self.environ,
        )

    def wait_for_command(self) -> psutil.Process:
        """The program of the type `held`, once it runs."""
        began = self.project / "began"
        wait_until(began.exists)
        return psutil.Process(int(began.read_text()))

    def let_go(self) -> None:
        """Let the program of the type `held` go on."""
        (self.project / "go").touch()


# The keyboard's Ctrl-C goes to the processes that the terminal controls.
AT_TERMINAL = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGINT, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """A command on a terminal, and the person before it."""

    def __init__(self, user: User, *words: str, **variables: str) -> None:
        self.seen = ""
        self.screen, other = pty.openpty()
        fcntl.ioctl(self.screen, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", AT_TERMINAL, COMMAND, *words],
            stdin=other,
            stdout=other,
            stderr=other,
            cwd=user.project,
            env=user.environ | variables,
            start_new_session=True,
        )
        os.close(other)

    def type(self, text: str) -> None:
        """Press these keys."""
        os.write(self.screen, text.encode())

    def wait_for(self, text: str) -> None:
        """Return once this has been written on the screen since the last wait."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} never came: {self.seen!r}"
            assert self._read(), f"it ended without {text!r}: {self.seen!r}"
        self.seen = self.seen[self.seen.index(text) + len(text) :]

    def finish(self) -> tuple[int, str]:
        """The exit status, and what was written since the last wait."""
        while self._read():
            pass
        os.close(self.screen)
        return self.process.wait(timeout=PATIENCE), self.seen

    def _read(self) -> bool:
        ready, _, _ = select.select([self.screen], [], [], PATIENCE)
        if not ready:
            self.process.kill()
            raise AssertionError(f"nothing came any more: {self.seen!r}")
        try:
            data = os.read(self.screen, 65536)
        except OSError:  # the other side has closed it
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)
