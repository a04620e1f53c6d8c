"""Machines of their own on this one: each has a network namespace, a name, and one wire."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

NETWORK = "169.254.{}.{}"
"""Addresses that no router passes on."""


def ip(*words: str) -> None:
    """Change the machine's networks. Raises where that is not allowed."""
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class Host:
    """A machine that reaches this one at `gateway`, until its wire is cut."""

    def __init__(self, number: int) -> None:
        self.name = f"interlock{number}"
        self.gateway = NETWORK.format(200 + number, 1)
        self._address = NETWORK.format(200 + number, 2)
        self._wire = f"ilwire{number}"

    @contextmanager
    def up(self) -> Iterator[None]:
        """It is there meanwhile."""
        self._clear()
        ip("netns", "add", self.name)
        try:
            inside = f"{self._wire}in"
            ip("link", "add", self._wire, "type", "veth", "peer", "name", inside)
            ip("link", "set", inside, "netns", self.name)
            ip("addr", "add", f"{self.gateway}/30", "dev", self._wire)
            ip("link", "set", self._wire, "up")
            ip("-n", self.name, "addr", "add", f"{self._address}/30", "dev", inside)
            ip("-n", self.name, "link", "set", inside, "up")
            ip("-n", self.name, "link", "set", "lo", "up")
            yield
        finally:
            self._clear()

    def cut(self) -> None:
        """Nothing gets through any more, and nobody is told."""
        ip("link", "set", self._wire, "down")

    def mend(self) -> None:
        """All is as before."""
        ip("link", "set", self._wire, "up")

    def words(self, *command: str) -> list[str]:
        """The command line that runs a command there."""
        named = 'hostname "$1"; shift; exec "$@"'
        there = ["ip", "netns", "exec", self.name, "unshare", "--uts"]
        return [*there, "sh", "-c", named, "sh", self.name, *command]

    def _clear(self) -> None:
        for words in (("link", "del", self._wire), ("netns", "del", self.name)):
            with suppress(subprocess.CalledProcessError):
                ip(*words)


def missing() -> str:
    """Why this machine cannot have others on it; empty where it can."""
    if not Path("/proc/self/ns/net").exists():
        return "there are no network namespaces here"
    try:
        with ExitStack() as stack:
            stack.enter_context(Host(10 + os.getpid() % 45).up())  # others ask at once
    except FileNotFoundError:
        return "there is no `ip` (iproute2) here"
    except subprocess.CalledProcessError as error:
        return f"network namespaces are not allowed here: {error.stderr.strip()}"
    return ""
