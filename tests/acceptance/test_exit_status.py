"""The installed command: each exit status, one line for each error, never a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.user import COMMAND, User

STATUSES = [
    (("list",), 0),
    (("run", "break"), 1),
    (("start", "greet", "-i", "name"), 2),
    (("no-such-command",), 2),
    (("show", "0123"), 3),
    (("run", "gate"), 5),
    (("run", "nap"), 5),
    (("start", "no_such_type"), 6),
    (("types", "check", "nowhere.py"), 6),
]


@pytest.mark.parametrize(("words", "status"), STATUSES, ids=str)
def test_each_exit_status(user: User, words: tuple[str, ...], status: int) -> None:
    """As the help says; what is wrong is one line on standard error, and nothing else is there."""
    told = user(*words)
    assert told.returncode == status
    assert "Traceback" not in told.stderr
    if status in (2, 3, 6):
        assert told.stdout == ""
        assert told.stderr.startswith("interlock: ")
        assert told.stderr.count("\n") == 1
    else:
        assert told.stderr == ""


def test_what_is_refused_is_status_4(user: User) -> None:
    """The session has ended."""
    user("run", "greet")
    told = user("next")
    assert told.returncode == 4
    assert "is complete; `interlock reopen` makes it active again" in told.stderr
    assert told.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [("list",), ("run", "greet"), ("db", "check"), ("init",)])
def test_a_file_that_is_no_database_is_status_7(user: User, words: tuple[str, ...]) -> None:
    """One line that names the file and says what to do."""
    (user.data / "interlock.db").write_text("something else entirely " * 100)
    told = user(*words)
    assert told.returncode == 7
    assert "interlock.db is not a database Interlock can read" in told.stderr
    assert told.stderr.count("\n") == 1


# Root may write where nobody may; the command is run without that privilege.
UNPRIVILEGED = """
import ctypes, os, sys
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.parametrize("words", [("list",), ("run", "greet"), ("init",), ("doctor",)])
@pytest.mark.parametrize("new", [True, False], ids=["new", "there"])
def test_a_read_only_directory_is_told(user: User, words: tuple[str, ...], new: bool) -> None:
    """Exit status 7, or 1 from doctor, whether the database is there or would have to be made."""
    folder = user.home / "sealed"
    folder.mkdir()
    if not new:
        user.data.rename(folder / "data")
        for file in (folder / "data").iterdir():
            file.chmod(0o400)
        (folder / "data").chmod(0o500)
    folder.chmod(0o500)
    try:
        told = subprocess.run(
            [sys.executable, "-c", UNPRIVILEGED, COMMAND, *words],
            env=user.environ | {"INTERLOCK_DATA_DIR": str(folder / "data")},
            cwd=user.project,
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        folder.chmod(0o700)
        if not new:
            (folder / "data").chmod(0o700)
    assert told.returncode == (1 if words == ("doctor",) else 7), told
    said = told.stdout if words == ("doctor",) else told.stderr
    assert str(folder) in said
    assert "BAD" in said or said.count("\n") == 1


LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_a_full_disk_is_told_and_loses_nothing(user: User) -> None:
    """Nothing more can be written: exit status 7, and the session goes on when there is room."""
    made = user.json("start", "talk", "-i", f"text={'x' * 100_000}", "--agent", "program cat")
    room = str((user.data / "interlock.db").stat().st_size + 8192)
    told = subprocess.run(
        [sys.executable, "-c", LIMITED, room, COMMAND, "run"],
        env=user.environ,
        cwd=user.project,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode == 7, told
    assert told.stderr.startswith("interlock: ")
    assert told.stderr.count("\n") == 1
    assert user.json("show")["status"] == "active"
    assert user("run", made["id"]).returncode == 0
    assert user.json("db", "check")["sound"] is True


def test_output_that_cannot_be_written_is_status_74(user: User) -> None:
    """A full disk behind standard output."""
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            [COMMAND, "list"], stdout=full, stderr=subprocess.PIPE, env=user.environ, text=True,
            cwd=user.project, timeout=60,
        )  # fmt: skip
    assert told.returncode == 74
    assert told.stderr == "interlock: the output cannot be written: No space left on device\n"


def test_a_reader_that_leaves_is_no_error(user: User) -> None:
    """`interlock log | head -1`: nothing is said about the pipe that broke."""
    assert user("run", "flood").returncode == 0
    told = user.shell("interlock log --full | head -c 10 > /dev/null; echo ${PIPESTATUS[0]}")
    assert told.stderr == ""
    assert told.stdout in ("0\n", "141\n")
    told = user.shell("set -o pipefail; interlock log --full --json | true")
    assert told.stderr == ""


def test_a_reader_that_leaves_stops_no_session(user: User) -> None:
    """`interlock run | true`: the run goes on to its end, and no step fails for it."""
    told = user.shell("interlock run counting | true; interlock run counting | head -1")
    assert told.stderr == ""
    assert [one["status"] for one in user.json("list")] == ["complete", "complete"]
    assert {row["result"]["status"] for row in user.json("log")} == {"ok"}


def test_closed_streams_are_no_error(user: User) -> None:
    """Standard input, output and error closed: the exit status is all there is."""
    assert user.shell("interlock list <&- >&- 2>&-").returncode == 0
    assert user.shell("interlock run greet <&- >&- 2>&-").returncode == 0
    assert user.shell("interlock show 0123 >&- 2>&-").returncode == 3


def test_an_output_that_knows_few_letters_gets_escapes(user: User) -> None:
    """Whatever the encoding of the terminal, it is printed."""
    user("start", "greet", "--title", "the 世界")
    told = user("list", PYTHONIOENCODING="latin-1")
    assert told.returncode == 0
    assert "the \\u4e16\\u754c" in told.stdout
    assert "the 世界" in user("list").stdout


def test_the_package_is_the_command(user: User) -> None:
    """`python -m interlock` is the same."""
    told = subprocess.run(
        [sys.executable, "-m", "interlock", "list", "--json"],
        env=user.environ, cwd=user.project, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (told.returncode, told.stdout) == (0, "[]\n")


def test_a_fault_of_interlock_leaves_a_report_and_no_traceback(user: User) -> None:
    """Exit status 70, one line, and a file that tells the rest."""
    (user.project / "sitecustomize.py").write_text(
        "import interlock.sessions\n"
        "def fail(*_, **__): raise ZeroDivisionError('of all things')\n"
        "interlock.sessions.find = fail\n"
    )
    told = user("list", PYTHONPATH=str(user.project))
    assert told.returncode == 70
    assert told.stderr.count("\n") == 1
    assert "a fault in Interlock: ZeroDivisionError; please report it with" in told.stderr
    (report,) = (user.data / "reports").iterdir()
    assert "of all things" in report.read_text()
