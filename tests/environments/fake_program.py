"""A program that behaves as badly as asked: `fake_program.py MODE ARGUMENT...`, plain Python."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

GARBAGE = bytes(range(256)) + b"\xe2\x82" + "ünï€😀\u2028\ufeff".encode() + b"\xed\xa0\x80\x1b[31m"


def main(mode: str, *arguments: str) -> int:
    """Does what `mode` says; returns the exit status."""
    return MODES[mode](*arguments)


def ok(*_: str) -> int:
    """One line on each stream."""
    write(1, b"done\n")
    write(2, b"noted\n")
    return 0


def fail(code: str, *_: str) -> int:
    """Ends with that exit status."""
    return int(code)


def crash(*_: str) -> int:
    """Dies of a signal."""
    os.kill(os.getpid(), signal.SIGSEGV)
    return 0


def echo(*_: str) -> int:
    """Gives back standard input, piece by piece."""
    while data := os.read(0, 10_000):
        write(1, data)
    return 0


def slow(text: str, *_: str) -> int:
    """Prints the bytes of a text one by one, with pauses between the first of them."""
    for position, byte in enumerate(text.encode()):
        write(1, bytes([byte]))
        time.sleep(0.02 if position < 20 else 0)
    return 0


def garbage(*_: str) -> int:
    """Prints every byte value and more that is hard to read."""
    write(1, GARBAGE)
    return 0


def flood(mebibytes_out: str, mebibytes_err: str, *_: str) -> int:
    """Floods both streams at once, each with one endless line."""
    threads = [
        threading.Thread(target=pour, args=(stream, int(size)))
        for stream, size in ((1, mebibytes_out), (2, mebibytes_err))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 0


def pour(stream: int, mebibytes: int) -> None:
    """Writes so many MiB of the letter x."""
    for _ in range(mebibytes):
        write(stream, b"x" * 2**20)


def descriptors(*_: str) -> int:
    """Prints the numbers of the open files."""
    write(1, " ".join(str(n) for n in range(1024) if is_open(n)).encode())
    return 0


def hang(*_: str) -> int:
    """Says that it is ready and waits for ever."""
    write(1, b"ready\n")
    pause()
    return 0


def mute(mark: str, *_: str) -> int:
    """Leaves a mark, says nothing, and waits for ever."""
    rest(Path(mark))
    return 0


def deaf(*_: str) -> int:
    """Like hang, and a polite signal does not end it."""
    ignore_signals()
    return hang()


def polite(*_: str) -> int:
    """Like hang, and says goodbye for each polite signal."""
    count = 0

    def end(*_: object) -> None:
        nonlocal count
        count += 1

    signal.signal(signal.SIGTERM, end)
    write(1, b"ready\n")
    while not count:
        time.sleep(0.01)
    time.sleep(0.05)
    write(1, b"goodbye %d\n" % count)
    return 0


def tree(then: str, folder: str, token: str) -> int:
    """Starts a process of each kind, says ready when all run, then exits, hangs, or kills what
    started it and hangs."""
    for name, start in KINDS.items():
        start(Path(folder, name), token)
    while any(not Path(folder, name).exists() for name in KINDS):
        time.sleep(0.01)
    return {"exit": ok, "hang": hang, "kill_parent": kill_parent}[then]()


def storm(count: str, *_: str) -> int:
    """Starts so many processes, each in a session of its own, and hangs."""
    for _number in range(int(count)):
        if os.fork() == 0:
            os.setsid()
            pause()
    return hang()


def kill_parent(*_: str) -> int:
    """Kills what started it, and hangs."""
    os.kill(os.getppid(), signal.SIGKILL)
    return hang()


def freeze_parent(*_: str) -> int:
    """Freezes what started it, and hangs."""
    os.kill(os.getppid(), signal.SIGSTOP)
    return hang()


def burrow(where: str, above: str, *_: str) -> int:
    """Leaves its control group, if it has one: for one far below it, or for the one above."""
    with contextlib.suppress(OSError):
        own = Path("/proc/self/cgroup").read_text().rstrip().rpartition("/")[2]
        inner = Path(above, own, "a", "b") if where == "down" else Path(above)
        inner.mkdir(parents=True, exist_ok=True)
        Path(inner, "cgroup.procs").write_text("0")
    return deaf()


def fork_plain(mark: Path, _: str) -> None:
    """A child like any other."""
    if os.fork() == 0:
        rest(mark)


def fork_nohup(mark: Path, _: str) -> None:
    """A child that does not hear that the terminal is gone."""
    if os.fork() == 0:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        rest(mark)


def fork_setsid(mark: Path, _: str) -> None:
    """A child in a session of its own."""
    if os.fork() == 0:
        os.setsid()
        rest(mark)


def fork_daemon(mark: Path, _: str) -> None:
    """A grandchild in a session of its own, whose parent has ended."""
    if detach():
        rest(mark)


def fork_deaf(mark: Path, _: str) -> None:
    """A daemon that no polite signal ends."""
    if detach():
        ignore_signals()
        rest(mark)


def fork_untagged(mark: Path, token: str) -> None:
    """A daemon with an empty environment."""
    if detach():
        command = [sys.executable, "-I", __file__, "mute", str(mark), token]
        os.execve(command[0], command, {})  # noqa: S606 - no shell is what we want


def detach() -> bool:
    """Whether this is the daemon: forks twice and leaves the session."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return False
    os.setsid()
    if os.fork():
        os._exit(0)
    return True


def rest(mark: Path) -> None:
    """Leaves a mark and waits for ever."""
    mark.touch()
    pause()


def pause() -> None:
    """Waits for ever."""
    while True:
        time.sleep(60)


def ignore_signals() -> None:
    """Makes this process deaf to what can be ignored."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def is_open(number: int) -> bool:
    """Whether there is such a descriptor."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def write(stream: int, data: bytes) -> None:
    """Writes all of it."""
    view = memoryview(data)
    while view:
        view = view[os.write(stream, view) :]


KINDS = {
    "plain": fork_plain,
    "nohup": fork_nohup,
    "setsid": fork_setsid,
    "daemon": fork_daemon,
    "deaf": fork_deaf,
    "untagged": fork_untagged,
}
MODES: dict[str, Callable[..., int]] = {
    mode.__name__: mode
    for mode in (
        *(ok, fail, crash, echo, slow, garbage, flood, descriptors),
        *(hang, mute, deaf, polite),
        *(tree, storm, kill_parent, freeze_parent, burrow),
    )
}

if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
