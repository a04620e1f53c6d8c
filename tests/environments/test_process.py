"""A command runs with what it was given, and all that came back is told."""

import hashlib
import os
import signal
import sys
from pathlib import Path
from threading import Event

import pytest

from interlock.engine.escapes import restore
from interlock.environments.capture import decode
from interlock.environments.process import Finished
from tests.environments.conftest import Bench
from tests.environments.fake_program import GARBAGE


def test_a_command_gives_its_code_and_both_streams(bench: Bench) -> None:
    """All that a fine run is known by."""
    finished = bench.run(*bench.fake("ok"))
    assert (finished.code, finished.error) == (0, None)
    assert (finished.stdout, finished.stderr) == ("done\n", "noted\n")
    assert sorted(finished.output.splitlines()) == ["done", "noted"]
    assert (finished.stdout_bytes, finished.stderr_bytes) == (5, 6)
    assert finished.stdout_sha256 == hashlib.sha256(b"done\n").hexdigest()
    assert finished.stderr_sha256 == hashlib.sha256(b"noted\n").hexdigest()
    assert (finished.timed_out, finished.stopped, finished.survivors) == (False, False, 0)
    assert finished.duration_ms > 0
    assert sorted(bench.emitted) == [("stderr", "noted\n"), ("stdout", "done\n")]


def test_a_bad_end_is_a_code_not_an_exception(bench: Bench) -> None:
    """An exit status is a number; a signal has a name too."""
    failed = bench.run(*bench.fake("fail", "3"))
    assert (failed.code, failed.error) == (3, None)
    crashed = bench.run(*bench.fake("crash"))
    assert crashed.code == -signal.SIGSEGV
    assert crashed.error is not None
    assert crashed.error.startswith("killed by SIGSEGV (")


def test_input_and_output_flow_at_the_same_time(bench: Bench) -> None:
    """More than any pipe holds goes in and comes out, unchanged."""
    data = os.urandom(3_000_000)
    finished = bench.run(*bench.fake("echo"), stdin=data)
    assert finished.code == 0
    assert finished.stdout_bytes == len(data)
    assert finished.stdout_sha256 == hashlib.sha256(data).hexdigest()


def test_a_program_that_ends_without_waiting_loses_little(bench: Bench) -> None:
    """Some write what the pipe takes at once and end: on Linux it takes almost a megabyte."""
    script = "import os; os.set_blocking(1, False); os.write(1, b'x' * 900_000)"
    finished = bench.run(sys.executable, "-c", script)
    assert finished.code == 0
    assert finished.stdout_bytes >= (900_000 if sys.platform == "linux" else 1)


def test_input_ends(bench: Bench) -> None:
    """None and no bytes are an empty input, and a program that reads none is not waited for."""
    assert bench.run(*bench.fake("echo")).code == 0
    assert bench.run(*bench.fake("echo"), stdin=b"").code == 0
    assert bench.run(*bench.fake("ok"), stdin=b"x" * 3_000_000).code == 0


def test_garbage_is_shown_and_can_be_stored(bench: Bench) -> None:
    """Each byte that is not text is visible, and the rest is as it was."""
    finished = bench.run(*bench.fake("garbage"))
    assert finished.stdout == decode(GARBAGE)
    assert restore(finished.stdout) == GARBAGE
    assert bench.shown("stdout") == finished.output == finished.stdout
    assert finished.stdout_sha256 == hashlib.sha256(GARBAGE).hexdigest()


def test_a_character_that_comes_in_parts_is_whole(bench: Bench) -> None:
    """Bytes that come one by one make the same text."""
    finished = bench.run(*bench.fake("slow", "ü€😀 ünï"))
    assert bench.shown("stdout") == finished.stdout == "ü€😀 ünï"


def test_a_slow_listener_loses_nothing(bench: Bench) -> None:
    """The command waits for it."""
    texts: list[str] = []

    def listen(_: str, text: str) -> None:
        Event().wait(0.05)
        texts.append(text)

    finished = bench.run(*bench.fake("flood", "1", "0"), emit=listen)
    assert "".join(texts) == finished.stdout == "x" * 2**20
    assert finished.truncated_bytes == 0


def test_long_output_loses_its_middle(bench: Bench) -> None:
    """Start and end are kept, the count and the digest are of all of it."""
    data = b"".join(b"%06d\n" % n for n in range(30_000))
    finished = bench.run(*bench.fake("echo"), stdin=data, keep=1400)
    head, tail = data[:700].decode(), data[-700:].decode()
    left_out = len(data) - 1400
    assert finished.stdout == f"{head}\n[interlock: {left_out} bytes left out]\n{tail}"
    assert finished.output == finished.stdout
    assert (finished.stdout_bytes, finished.truncated_bytes) == (len(data), left_out)
    assert finished.stdout_sha256 == hashlib.sha256(data).hexdigest()
    assert bench.shown("stdout").startswith(data[:1400].decode() + "\n[interlock: more than 1400")
    assert len(bench.shown("stdout")) < 1500


def test_a_command_gets_exactly_its_variables(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the engine's environment, not even what Python adds to its own."""
    for name in ("LANG", "LC_ALL", "LC_CTYPE"):  # without these Python sets one
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CANARY", "canary")
    env = {"PATH": os.environ["PATH"], "EMPTY": "", "ÜN": "ï\n=x"}
    printed = bench.run("env", "-0", env=env).stdout.split("\ufffd\\x00")
    assert sorted(filter(None, printed)) == sorted(
        [*(f"{name}={value}" for name, value in env.items()), f"INTERLOCK_TAG={bench.tag}"]
    )


def test_a_command_cannot_read_secrets_of_the_process_above_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its parent carries the tag and no variable of the engine."""
    monkeypatch.setenv("CANARY", "canary")
    code = "import os, psutil; print(psutil.Process(os.getppid()).environ())"
    finished = bench.run(sys.executable, "-c", code)
    assert bench.tag in finished.stdout
    assert "canary" not in finished.stdout


def test_a_command_has_three_open_files(bench: Bench) -> None:
    """Not even what the engine left open for its children reaches it."""
    descriptor = os.open(os.devnull, os.O_RDONLY)
    try:
        os.set_inheritable(descriptor, True)
        assert bench.run(*bench.fake("descriptors")).stdout == "0 1 2"
    finally:
        os.close(descriptor)


def test_a_command_hears_the_signals_that_python_ignores(bench: Bench) -> None:
    """So `yes | head` ends, as it does in a shell."""
    assert bench.run("sh", "-c", "kill -PIPE $$; exit 7").code == -signal.SIGPIPE


def test_a_command_runs_where_it_was_told(bench: Bench) -> None:
    """In its working directory, in a session of its own."""
    (bench.folder / "sub").mkdir()
    code = "import os; print(os.getcwd(), os.getsid(0) == os.getpid())"
    finished = bench.run(sys.executable, "-c", code, cwd=bench.folder / "sub")
    assert finished.stdout == f"{Path(bench.folder, 'sub').resolve()} True\n"


def test_what_was_stopped_before_it_began_does_not_run(bench: Bench) -> None:
    """The command leaves no trace."""
    bench.stop.set()
    finished = bench.run("touch", "trace")
    assert (finished.stopped, finished.code) == (True, None)
    assert list(bench.folder.iterdir()) == []


@pytest.mark.parametrize("tag", ["", "a\0b"])
def test_a_run_needs_a_tag(bench: Bench, tag: str) -> None:
    """It could not be found again without one."""
    bench.tag = tag
    with pytest.raises(ValueError, match="tag"):
        bench.run("true")


def test_a_result_is_a_value() -> None:
    """Equal when all its parts are, and usable as a key."""
    assert Finished(code=1) == Finished(code=1) != Finished(code=2)
    assert len({Finished(), Finished()}) == 1
