"""A command that cannot start ends in one line that says what to do."""

import os
from pathlib import Path
from typing import Any

import pytest

from interlock.environments.launch import check_launch
from tests.environments.conftest import Bench


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ([], "the command is empty"),
        ([""], "the command is empty"),
        (["ls", "a\0b"], "argument 1 contains a NUL character"),
        (["l\0s"], "argument 0 contains a NUL character"),
        (["ls", "\ud800"], "argument 1 contains a lone surrogate"),
        (["no-such-program"], "no-such-program was not found: install it"),
        (["./missing"], "./missing does not exist"),
        (["./folder"], "./folder may not be run"),
        (["./plain.txt"], "chmod +x"),
        (["./no-interpreter"], "names an interpreter that does not exist"),
        (["./no-first-line"], "is its first line a #! line?"),
        (["./plain.txt/program"], "leads through a file"),
        (["./loop"], "could not be started: "),
        (["echo", "x" * 2**22], "too long"),
        (["x" * 5000], "too long"),
        (["a\nb\x1b"], "'a\\nb\\x1b' was not found"),
    ],
)
def test_a_command_that_cannot_start_says_why(bench: Bench, argv: list[str], says: str) -> None:
    """No exception: no code, and one line."""
    folder = bench.folder
    (folder / "folder").mkdir()
    (folder / "plain.txt").write_text("text")
    for name, text in (("no-interpreter", "#!/no/such\n"), ("no-first-line", "text")):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "loop").symlink_to("loop")
    finished = bench.run(*argv)
    assert finished.error is not None
    assert says in finished.error
    assert "\n" not in finished.error
    assert len(finished.error) < 300
    assert (finished.code, finished.output, bench.emitted) == (None, "", [])


@pytest.mark.parametrize(
    ("argv", "says"), [("ls -l", "give a list"), (["ls", 5], "argument 1 is int")]
)
def test_what_is_no_list_of_texts_is_refused(argv: Any, says: str, tmp_path: Path) -> None:
    """A type checker would have seen it; a session type may not have used one."""
    assert says in str(check_launch(argv, tmp_path, {}))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [("", "x", "cannot be the name"), ("A=B", "x", "cannot be the name"), ("A", "\0", "NUL")],
)
def test_a_variable_that_cannot_be_passed_is_named(
    bench: Bench, name: str, value: str, says: str
) -> None:
    """The environment is checked like the arguments."""
    error = bench.run("env", env={"PATH": os.environ["PATH"], name: value}).error
    assert error is not None
    assert says in error


@pytest.mark.parametrize(
    ("folder", "says"),
    [("missing", "does not exist"), ("file", "is not a directory"), ("a\0b", "NUL character")],
)
def test_a_working_directory_that_cannot_be_used_is_named(
    bench: Bench, folder: str, says: str
) -> None:
    """Missing, a file, or no name at all."""
    (bench.folder / "file").touch()
    error = bench.run("env", cwd=bench.folder / folder).error
    assert error is not None
    assert says in error
    assert error.startswith("the working directory")


def test_a_command_is_looked_up_on_its_own_path(bench: Bench) -> None:
    """Not on the engine's: the variables it gets decide."""
    (bench.folder / "only-here").write_text("#!/bin/sh\necho found\n")
    (bench.folder / "only-here").chmod(0o755)
    assert bench.run("only-here", env={"PATH": str(bench.folder)}).stdout == "found\n"
    assert bench.run("./only-here", env={}).stdout == "found\n"
    assert "was not found" in str(bench.run("only-here").error)
