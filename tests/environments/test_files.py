"""Files beneath a work directory are read and written, and nothing outside it."""

import os
import resource
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.engine import Result
from interlock.environments import files
from interlock.environments.files import delete_file, list_directory, read_file, write_file
from interlock.environments.results import Refusal

HIDDEN = "nothing to see here"
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))

FUNCTIONS: dict[str, Callable[[Path, str], Result]] = {
    "read": read_file,
    "write": partial(write_file, content="overwritten"),
    "delete": delete_file,
    "list": list_directory,
}


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder beside the work directory, with a secret in it."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "secret").write_text(HIDDEN)
    return folder


@given(text=TEXT)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Any text comes back as it was, line ends too."""
    folder = tmp_path_factory.getbasetemp()
    written = write_file(folder, "round/trip.txt", text)
    read = read_file(folder, "round/trip.txt")
    assert read.output == text
    assert read.data["bytes"] == written.data["bytes"] == len(text.encode())
    assert (folder / "round/trip.txt").read_bytes() == text.encode()


def test_missing_directories_are_made(tmp_path: Path) -> None:
    """All that are on the way; whether the file is new is told."""
    assert write_file(tmp_path, "a/./b//c.txt", "x").data["created"] is True
    assert (tmp_path / "a/b/c.txt").read_text() == "x"
    assert write_file(tmp_path, "a/b/c.txt", "y").data["created"] is False


def test_a_file_is_replaced_at_once_and_keeps_its_permissions(tmp_path: Path) -> None:
    """Another link to the old file still has the old text, and nothing else is left over."""
    script = tmp_path / "run.sh"
    script.write_text("old")
    script.chmod(0o750)
    (tmp_path / "link").hardlink_to(script)
    write_file(tmp_path, "run.sh", "new")
    assert stat.S_IMODE(script.stat().st_mode) == 0o750
    assert (script.read_text(), (tmp_path / "link").read_text()) == ("new", "old")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "run.sh"]


def test_a_write_that_fails_changes_nothing(tmp_path: Path) -> None:
    """The old text is still there, and no half of the new one."""
    write_file(tmp_path, "a", "old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, hard))  # as if the disk were full
    try:
        with pytest.raises(OSError, match="File too large"):
            write_file(tmp_path, "a", "x" * 2**21)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert read_file(tmp_path, "a").output == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../outside",
        "a/../../outside/secret",
        "a/..",
        "/etc/passwd",
        "",
        "a\0b",
        ".git/config",
        ".GIT/hooks/post-commit",
        "a/.git",
        "link",
        "folder/secret",
        "folder/new",
        "loop/x",
        "within/x",
    ],
)
def test_no_path_leads_out(tmp_path: Path, outside: Path, name: str, path: str) -> None:
    """Not by dots, not from the root, not by a link, and not into git's own files."""
    (tmp_path / "a").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "link").symlink_to(outside / "secret")
    (tmp_path / "folder").symlink_to(outside)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "within").symlink_to("a")
    function = FUNCTIONS[name]
    with pytest.raises((Refusal, NotADirectoryError)):
        function(tmp_path, path.replace("outside", outside.name))
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_text() == HIDDEN
    assert not any((tmp_path / ".git").iterdir())
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_link_put_in_place_of_a_directory_is_not_followed(
    tmp_path: Path, outside: Path, name: str
) -> None:
    """A thousand tries while another thread swaps the two: nothing outside is touched."""
    place, over = tmp_path / "place", Event()

    def swap() -> None:
        while not over.is_set():
            with suppress(OSError):
                place.symlink_to(outside)
            with suppress(OSError):
                place.unlink()
            with suppress(OSError):
                place.mkdir()
                (place / "secret").write_text("inside")
            shutil.rmtree(place, ignore_errors=True)

    swapper = Thread(target=swap)
    swapper.start()
    try:
        for _ in range(1000):
            with suppress(Refusal, OSError):
                result = FUNCTIONS[name](tmp_path, "place" if name == "list" else "place/secret")
                assert HIDDEN not in result.output
    finally:
        over.set()
        swapper.join()
    assert (outside / "secret").read_text() == HIDDEN
    assert [path.name for path in outside.iterdir()] == ["secret"]


@pytest.mark.parametrize("name", ["read", "write", "delete"])
def test_only_regular_files_are_touched(tmp_path: Path, name: str) -> None:
    """A pipe without a writer does not make anybody wait, and a directory stays."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for path in ("pipe", "folder", "folder/", "."):
        with pytest.raises(Refusal, match=r"regular file|names a directory"):
            FUNCTIONS[name](tmp_path, path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "pipe"]


def test_a_file_that_is_no_directory_is_told(tmp_path: Path) -> None:
    """As the system tells it."""
    (tmp_path / "file").write_text("x")
    for function in FUNCTIONS.values():
        with pytest.raises(NotADirectoryError):
            function(tmp_path, "file/inner/deep")


def test_what_is_too_large_is_refused(tmp_path: Path) -> None:
    """A file of a TiB is not read into memory, and no such text is written."""
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(Refusal, match="larger than 10485760 bytes"):
        read_file(tmp_path, "huge")
    with pytest.raises(Refusal, match="at most 10485760"):
        write_file(tmp_path, "new", "é" * (files.MAX_BYTES // 2 + 1))
    assert not (tmp_path / "new").exists()
    write_file(tmp_path, "fits", "é" * (files.MAX_BYTES // 2))
    assert len(read_file(tmp_path, "fits").output) == files.MAX_BYTES // 2


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    """It says which byte it is, and where; so nobody writes back what was lost in reading."""
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    (tmp_path / "zero").write_bytes(b"a\0b")
    with pytest.raises(Refusal, match="latin is not UTF-8 text: byte 0xe9 at 3"):
        read_file(tmp_path, "latin")
    with pytest.raises(Refusal, match="zero is not text: NUL at 1"):
        read_file(tmp_path, "zero")
    with pytest.raises(Refusal, match="lone surrogate"):
        write_file(tmp_path, "new", "\ud800")


def test_what_is_deleted_is_gone_and_may_be_missing(tmp_path: Path) -> None:
    """Twice is as good as once; so is a file in a directory that is not there."""
    write_file(tmp_path, "a", "x")
    assert delete_file(tmp_path, "a").data["deleted"] is True
    assert not (tmp_path / "a").exists()
    assert delete_file(tmp_path, "a").data["deleted"] is False
    assert delete_file(tmp_path, "no/such/a").data["deleted"] is False


def test_a_directory_is_listed(tmp_path: Path, outside: Path) -> None:
    """In order, with kinds and sizes; a link is shown as a link, an odd name readably."""
    write_file(tmp_path, "b.txt", "four")
    (tmp_path / "a").mkdir()
    (tmp_path / "c").symlink_to(outside)
    os.mkfifo(tmp_path / "d")
    (tmp_path / os.fsdecode(b"e\xff")).touch()
    listed = list_directory(tmp_path)
    assert listed.output == "a/\nb.txt\nc\nd\ne\\xff"
    kinds = [entry["kind"] for entry in listed.data["entries"]]
    assert kinds == ["directory", "file", "symbolic link", "special file", "file"]
    assert listed.data["entries"][1] == {"name": "b.txt", "kind": "file", "bytes": 4}
    assert list_directory(tmp_path, "a").output == ""
    with pytest.raises(FileNotFoundError):
        list_directory(tmp_path, "missing")


def test_a_long_list_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the number of names that are left out."""
    monkeypatch.setattr(files, "MAX_ENTRIES", 2)
    for name in "abcde":
        (tmp_path / name).touch()
    listed = list_directory(tmp_path)
    assert (listed.output, listed.data["left_out"]) == ("a\nb", 3)


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    """Whether it works or is refused, all that was opened is closed."""
    os.mkfifo(tmp_path / "pipe")
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208 - a Path lists it with one more open
    for number in range(100):
        for function in FUNCTIONS.values():
            for path in (f"a/b/{number}", "pipe", "a/b", "missing/x"):
                with suppress(Refusal, OSError):
                    function(tmp_path, path)
    assert len(os.listdir("/dev/fd")) < before + 50  # noqa: PTH208
