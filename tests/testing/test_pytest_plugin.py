"""The plugin in a pytest of its own: fixtures, failures that are read at a glance, coverage."""

import re
import subprocess
import sys
from pathlib import Path

from tests.testing.inner_pytest import run_pytest

IMPORTS = "from types_under_test import Gate, Release\n"
PASS = f"""{IMPORTS}
def test_one(session_of, assert_path):
    driven = session_of(Release, version="2.0").run({{"write": "ok", "check": "ok"}})
    assert_path(driven, "write check complete")
"""
MORE = """
def test_two(session_of):
    session_of(Gate).run({"ask": "yes", "sum_up": "ok"})

def test_three(session_of):
    session_of(Release).run({"write": "ok", "check": ["error", "ok"]})
"""
TITLE = "transitions that sessions took"


def test_a_wrong_path_points_at_the_line_of_the_test(tmp_path: Path) -> None:
    """No line of the kit is in the traceback, and none of its sources."""
    ran = run_pytest(tmp_path, PASS.replace('"write check', '"write publish'))
    assert ran.status == 1
    assert "E       AssertionError: the session went another way at 2: check, and not publish" in (
        ran.out
    )
    places = re.findall(r"^(\S+\.py):\d+:", ran.out, re.MULTILINE)
    assert places == ["test_inner.py"]


def test_a_result_that_does_not_fit_points_there_too(tmp_path: Path) -> None:
    """With one line."""
    ran = run_pytest(tmp_path, PASS.replace('"check": "ok"', '"check": "maybe"'))
    (line,) = re.findall(r"^E .*", ran.out, re.MULTILINE)
    assert line.endswith("ScriptError: step check takes no status 'maybe'; use ok, error")
    assert re.findall(r"^(\S+\.py):\d+:", ran.out, re.MULTILINE) == ["test_inner.py"]


def test_every_gap_is_told(tmp_path: Path) -> None:
    """Rows that were never taken as they are written, guards that never said one of the two."""
    ran = run_pytest(tmp_path, PASS + MORE, "--interlock-cov")
    assert ran.status == 0
    assert ran.section(TITLE) == [
        "gate: 3 of 6 rows, 50 %",
        "  never taken: row 3 [no, ask, broken]",
        "  never taken: row 5 [error, sum_up, failed]",
        "  never taken: row 6 [ok, broken, complete]",
        "release: 3 of 4 rows, 75 %",
        "  never taken: row 3 [error, check, failed, tired]",
        "  guard tired: never true",
        "in all: 6 of 10 rows, 60 %",
    ]


def test_a_guard_that_nobody_asked_is_told(tmp_path: Path) -> None:
    """That is another gap than one that never held."""
    ran = run_pytest(tmp_path, PASS, "--interlock-cov=release")
    assert "  guard tired: never asked" in ran.section(TITLE)


def test_enough_is_fine(tmp_path: Path) -> None:
    """The bound alone asks for the report too."""
    ran = run_pytest(tmp_path, PASS + MORE, "--interlock-cov-fail-under=60")
    assert ran.status == 0, ran.out
    assert ran.section(TITLE)[-1] == "in all: 6 of 10 rows, 60 %"


def test_too_little_in_all_workers_together_fails_the_run(tmp_path: Path) -> None:
    """What each worker of xdist saw, also of the same type, counts once; a line says how much."""
    words = ("-n", "2", "--interlock-cov=release,gate", "--interlock-cov-fail-under=60.5")
    ran = run_pytest(tmp_path, PASS + MORE, *words)
    assert ran.status == 1
    assert ran.section(TITLE)[-2:] == [
        "in all: 6 of 10 rows, 60 %",
        "FAILED: 60.0 % of the rows is less than 60.5 %",
    ]


def test_a_type_that_was_named_counts_when_no_test_used_it(tmp_path: Path) -> None:
    """With no row taken; one that there is not is an error of the run."""
    ran = run_pytest(tmp_path, PASS, "--interlock-cov=chat,release")
    lines = ran.section(TITLE)
    assert lines[0].startswith("chat: 0 of ")
    assert [line.partition(":")[0] for line in lines if line[0] != " "] == [
        *("chat", "release", "in all")
    ]
    unknown = run_pytest(tmp_path, PASS, "--interlock-cov=relaese")
    assert unknown.status == 1
    assert "FAILED: there is no session type 'relaese'" in unknown.out


def test_a_path_that_is_taken_for_a_type_is_told(tmp_path: Path) -> None:
    """An option with a value that may be left out swallows the word behind it."""
    (tmp_path / "tests").mkdir()
    for word in ("test_inner.py", "tests"):
        ran = run_pytest(tmp_path, PASS, "--interlock-cov", word)
        assert ran.status == 4
        assert f"--interlock-cov takes {word} for a session type" in ran.out


def test_sessions_of_the_context_count_too(tmp_path: Path) -> None:
    """Those that a test drives through `interlock.sessions`, in a database."""
    tests = (
        IMPORTS
        + """
from interlock import Result, accounts, database, plugins, sessions

def test_it(tmp_path):
    database.open_database(f"sqlite:///{tmp_path}/x.db")
    plugins.trust("types_under_test.py")
    scope = accounts.enter("acme", "site")
    made = sessions.create(scope, "release")
    assert sessions.run(scope, made.id, lambda command: Result()).status == "complete"
"""
    )
    ran = run_pytest(tmp_path, tests, "--interlock-cov")
    assert ran.section(TITLE)[0] == "release: 2 of 4 rows, 50 %", ran.out


def test_without_a_session_the_report_says_so(tmp_path: Path) -> None:
    """And nothing is watched without the option."""
    ran = run_pytest(tmp_path, "def test_it():\n    pass\n", "--interlock-cov")
    assert ran.section(TITLE) == ["no session took any in this process"]
    bound = run_pytest(tmp_path, "def test_it():\n    pass\n", "--interlock-cov-fail-under=1")
    assert bound.status == 1
    tests = f"""{PASS}
from interlock.engine import Definition
from interlock.testing import observation

def test_nobody_watches():
    assert Definition.fire is observation._fire
"""
    assert run_pytest(tmp_path, tests).status == 0
    assert run_pytest(tmp_path, tests, "--interlock-cov").status == 1


def test_the_plugin_loads_nothing_until_it_is_used() -> None:
    """It is loaded in every run of pytest, whatever is tested."""
    code = "import sys, interlock.testing.pytest_plugin; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    loaded = set(done.stdout.split())
    own = {name for name in loaded if name.split(".")[0] == "interlock"}
    assert own == {"interlock", "interlock.testing", "interlock.testing.pytest_plugin"}
    assert loaded.isdisjoint({"transitions", "peewee", "http.server", "orjson"})
