"""Checking a file says what is wrong with it and where; it trusts nothing."""

import os
from pathlib import Path

import pytest

from interlock.engine.errors import BrokenType, DefinitionError, InterlockError, UnknownType
from interlock.plugins import check_file, load_type, trust
from interlock.plugins.source import MAX_BYTES
from tests.plugins.site_packages import session_type

GOOD = session_type("Deploy")

# the file's bytes, the line that is named (0: none), what is said
BROKEN = [
    (b"x = (\n", 1, "SyntaxError: '(' was never closed"),
    (b"\n\nimport not_there_at_all\n", 3, "ModuleNotFoundError: No module named 'not_there"),
    (b"def f():\n    raise SystemExit(2)\n\nf()\n", 2, "SystemExit: 2"),
    (b"import json\njson.loads('')\n", 2, "JSONDecodeError: Expecting value"),
    (b"x = '\xff'\n", 0, "not UTF-8 at byte 5; save it as UTF-8"),
    (b"x = 1\0\n", 0, "null bytes"),
    (b"x = 1\n", 0, "no session type in it; write a subclass of interlock.SessionType"),
    (b"", 0, "no session type in it"),
    (b"from interlock.session_types.mend import Mend\n", 0, "no session type in it"),
    (b"x = " + b"(" * 500 + b")" * 500, 0, "too many nested parentheses"),
    (b"#" * (MAX_BYTES + 1), 0, f"larger than {MAX_BYTES} bytes"),
    ((GOOD + GOOD.replace("Deploy", "A") + "    name = 'deploy'\n").encode(), 0, "two classes"),
    ((GOOD + "    def __init__(self, x): ...\n").encode(), 0, "Deploy() raised TypeError"),
]


@pytest.mark.parametrize(("content", "line", "said"), BROKEN)
def test_a_file_that_does_not_load_is_one_line(
    tmp_path: Path, content: bytes, line: int, said: str
) -> None:
    """The line begins with the file, and the line in it where it is known; trust says the same."""
    path = tmp_path / "broken.py"
    path.write_bytes(content)
    for ask in (check_file, trust):
        with pytest.raises(BrokenType) as caught:
            ask(path)
        message = str(caught.value)
        assert message.startswith(f"{path}:{line}: " if line else f"{path}")
        assert said in message
        assert message.isprintable()


def test_a_wrong_table_is_a_definition_error_with_its_line(tmp_path: Path) -> None:
    """It names the file, the line of the class, the class and the row."""
    path = tmp_path / "deploy.py"
    path.write_text(GOOD.replace('"work", COMPLETE', '"wrok", COMPLETE'))
    line = GOOD.splitlines().index("class Deploy(SessionType):") + 1
    with pytest.raises(DefinitionError) as caught:
        check_file(path)
    assert str(caught.value).startswith(f"{path}:{line}: Deploy: row 1 ")
    assert "unknown step 'wrok'" in str(caught.value)


def test_a_wrong_step_option_is_named_with_its_line(tmp_path: Path) -> None:
    """The line is the decorator's."""
    path = tmp_path / "deploy.py"
    path.write_text(GOOD.replace("@step", "@step(attempts=0)"))
    line = GOOD.splitlines().index("    @step") + 1
    with pytest.raises(DefinitionError, match=rf"^{path}:{line}: step work: attempts=0"):
        check_file(path)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """Missing files, directories, pipes and impossible paths are told apart, and nothing hangs."""
    pipe, loop = tmp_path / "pipe.py", tmp_path / "loop.py"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    (tmp_path / "plain").touch()
    for path, said in (
        (tmp_path / "gone.py", "there is no such file"),
        (tmp_path, "not a regular file"),
        (pipe, "not a regular file"),
        (Path("/dev/zero"), "not a regular file"),
        (loop, "cannot be read: Too many levels of symbolic links"),
        (tmp_path / "plain" / "below.py", "cannot be read: Not a directory"),
        (tmp_path / ("x" * 300), "cannot be read: File name too long"),
        (tmp_path / "nul\0.py", "cannot be read: ValueError: "),
    ):
        with pytest.raises(BrokenType) as caught:
            check_file(path)
        assert said in str(caught.value)
        assert str(caught.value).isprintable()


def test_a_good_file_gives_its_classes_and_is_not_trusted(data_dir: Path, tmp_path: Path) -> None:
    """The classes come back, and nothing is written down."""
    path = tmp_path / "deploy.py"
    path.write_text(GOOD + GOOD.replace("Deploy", "Release"))
    assert [kind.name for kind in check_file(path)] == ["deploy", "release"]
    assert not data_dir.exists()
    with pytest.raises(UnknownType):
        load_type("deploy")


def test_what_a_reader_sees_is_what_runs(tmp_path: Path) -> None:
    """A file is UTF-8 whatever its first line claims, so no code hides in another encoding."""
    path = tmp_path / "hidden.py"
    # Read as UTF-7 the second line is no comment but a line break and a statement.
    hidden = "# coding: utf-7\n# +AAo-raise SystemExit\n"
    path.write_text(hidden + GOOD)
    assert [kind.name for kind in check_file(path)] == ["deploy"]
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert [kind.name for kind in check_file(path)] == ["deploy"]


def test_a_file_may_use_dataclasses_and_annotations(tmp_path: Path) -> None:
    """They look for the module they are in, so it is there while the file runs."""
    path = tmp_path / "typed.py"
    path.write_text(
        "from __future__ import annotations\n"
        "from dataclasses import KW_ONLY, dataclass\n"
        "@dataclass\n"
        "class Place:\n"
        "    x: int\n"
        "    _: KW_ONLY\n"
        "    y: int = Ellipsis\n"
        "assert Place(1, y=2).y == 2\n" + GOOD
    )
    assert [kind.name for kind in check_file(path)] == ["deploy"]


def test_every_error_is_interlocks_own(tmp_path: Path) -> None:
    """Whatever single character of a good file is lost, there are classes or there is one line."""
    path = tmp_path / "deploy.py"
    said = []
    for index in range(len(GOOD)):
        path.write_text(GOOD[:index] + GOOD[index + 1 :])
        try:
            assert check_file(path)
        except InterlockError as error:
            said.append(str(error))
    assert len(said) > len(GOOD) / 2
    assert all(line.startswith(str(path)) and line.isprintable() for line in said)
