"""The command line as a process that kills itself at one point of its work.

    python -m tests.chaos.mortal_process MODULE NAME WHEN NUMBER WORD...

It kills itself WHEN (`before` or `after`) the function NAME of MODULE is called for the NUMBERth
time; a method is `Class.method`. WORDs are those of `interlock`. Leases are renewed at once.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from interlock.cli import main
from interlock.sessions import lease

SOON = 0.05


def die() -> None:
    """The end, without a chance to clean up."""
    os.kill(os.getpid(), signal.SIGKILL)


def mortal(function: Callable[..., Any], when: str, number: int) -> Callable[..., Any]:
    """The same function, at one call of which the process ends."""
    calls = 0

    def call(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number and when == "before":
            die()
        result = function(*given, **named)
        if calls == number and when == "after":
            die()
        return result

    return call


def place_trap(module: str, name: str, when: str, number: int) -> None:
    """Have the process end there."""
    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    setattr(owner, last, mortal(getattr(owner, last), when, number))


if __name__ == "__main__":
    module, name, when, number, *words = sys.argv[1:]
    place_trap(module, name, when, int(number))
    lease.WATCH_SECONDS = lease.RENEW_SECONDS = SOON
    main(words)
