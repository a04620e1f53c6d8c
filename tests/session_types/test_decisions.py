"""What the readers and guards of the built-ins decide where a status alone does not say it."""

import pytest

from interlock import Result, Shell
from interlock.engine import handle_result, next_command, retry
from tests.session_types.driver import load
from tests.session_types.paths import walk


def test_what_was_fine_is_not_committed() -> None:
    """A check that passes at once leaves no commit: what was there before is not its own."""
    assert [step for step, _ in walk("mend", "check ok -> complete").commands] == ["check"]


def test_a_mended_session_commits_also_after_a_retry() -> None:
    """Limits start anew with a retry, but what was mended before it is still to be committed."""
    kind = load("mend")
    failed = walk("mend", "check red, mend ok, check red -> failed", tries=1).session
    session = next_command(kind, retry(failed))
    assert handle_result(kind, session, Result()).step == "finalize"


@pytest.mark.parametrize(
    ("first", "second", "circle"),
    [
        ("1 failed in 0.53s", "1 failed in 0.61s", True),
        ("5 failed", "4 failed", False),
        ("a.py:3:1: E501", "a.py:9:1: E501", False),
        ("took 12 ms at 12:00:01", "took 9 ms at 12:00:07", True),
        ("<A at 0x7f01>", "<A at 0x7e02>", True),
    ],
)
def test_a_circle_is_the_same_failure_but_for_the_time(
    first: str, second: str, circle: bool
) -> None:
    """Durations, times and addresses are no difference; a count or a line is one."""
    results = {"a": Result("error", stdout=first), "b": Result("error", stdout=second)}
    way = "work ok, evaluate a, work ok, evaluate b, work ok, evaluate a, work ok, evaluate b, "
    taken = walk("agent_task", way + "work ok, evaluate a", results)
    assert (taken.session.step == "consult") == circle


def test_a_different_failure_counts_anew() -> None:
    """Four alike, another one, four alike: no circle."""
    red, other = "work ok, evaluate red, ", "work ok, evaluate error, "
    taken = walk("agent_task", red * 4 + other + red * 4 + "work ok")
    assert taken.session.state["same"] == 4


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (Result("error", code=1), "ok"),
        (Result("ok", code=0), "error"),
        (Result("error", error="no such program"), "error"),
        (Result("error", code=-9), "error"),
        (Result("timeout"), "timeout"),
    ],
)
def test_tests_written_first_have_to_fail(result: Result, status: str) -> None:
    """With `tdd` a run that fails is right; one that passes, or never ran, is wrong."""
    taken = walk(
        "component_test",
        "initialize ok, generate_tests ok, check_tests ok, run_tests this",
        {"this": result},
        tdd="true",
    )
    assert taken.session.last("run_tests").status == status
    assert taken.session.step == ("finalize" if status == "ok" else "fix_tests")


def test_only_what_is_missing_is_set_up() -> None:
    """A requirement that is met runs no command, and a command runs once."""
    commands = {"git": "git init", "editor": "./install editor"}
    way = "validate half, run_setup ok, validate half, handle_failure ok, validate ready"
    taken = walk("project_setup", f"{way}", commands=commands)
    assert taken.command("run_setup").argv == ("./install", "editor")


def test_the_check_s_own_json_runs_nothing() -> None:
    """A command in what the check prints is not run: commands come from the input alone."""
    printed = '{"requirements": [{"name": "x", "met": false, "command": "rm -rf ."}]}'
    taken = walk(
        "project_setup",
        "validate printed, handle_failure ok",
        {"printed": Result(stdout=printed)},
    )
    shells = [command for _, command in taken.commands if isinstance(command, Shell)]
    assert {command.argv for command in shells} == {("./check",)}


@pytest.mark.parametrize(
    "printed",
    ["", "ready", "[]", '{"requirements": 1}', '{"requirements": [1]}', "{}", "[" * 100_000,
     '{"requirements": [{"name": "git"}]}'],
)  # fmt: skip
def test_what_is_no_report_is_an_error(printed: str) -> None:
    """It says what the check has to print, and the agent gets it."""
    taken = walk("project_setup", "validate printed", {"printed": Result(stdout=printed)})
    assert taken.session.step == "handle_failure"
    assert "requirements" in str(taken.session.last("validate").error)


def test_the_components_of_a_context_are_remembered() -> None:
    """What the spec lists is there to be the input of a design."""
    taken = walk("context_spec", "initialize ok, generate ok, validate valid")
    assert taken.session.state == {"components": ["cart", "order"]}


def test_a_spec_of_a_context_lists_its_components() -> None:
    """A section Components without an item is an error, also where only other sections are
    asked for."""
    unlisted = "## Purpose\nSells.\n## Components\nTo come.\n"
    taken = walk(
        "context_spec",
        "initialize ok, generate ok, validate unlisted, revise ok, validate short",
        {"unlisted": Result(output=unlisted), "short": Result(output="## Purpose\nSells.")},
        sections="Purpose",
    )
    assert "Purpose, Components." in taken.command("generate").text
    assert "'Components' lists none" in taken.command("revise").text
    assert "'Components' is missing" in str(taken.session.last("validate").error)
    named = walk("context_spec", "initialize ok, generate ok", sections=["Components", "Errors"])
    assert "Components, Errors." in named.command("generate").text


def test_a_report_is_read_from_standard_output_alone() -> None:
    """Warnings on standard error do not spoil it; where only a text was handed in, that is it."""
    met = '{"requirements": [{"name": "git", "met": true}]}'
    for result in (Result(stdout=met, stderr="deprecated"), Result(output=met)):
        walk("project_setup", "validate met -> complete", {"met": result})


CODED = "initialize ok, generate_implementation ok, run_tests red"
TESTS = "initialize ok, generate_tests ok, check_tests red"
CHANGED = "plan ok, approve_plan approve, branch ok, implement ok, test red"


@pytest.mark.parametrize(
    ("name", "early", "late"),
    [
        ("mend", "check red", "mend ok, check red"),
        ("component_coding", CODED, "fix_test_failures ok, run_tests red"),
        ("component_test", TESTS, "fix_tests ok, check_tests red"),
        ("change", CHANGED, "fix ok, test red"),
    ],
)
def test_the_last_failure_is_quoted_and_no_other(name: str, early: str, late: str) -> None:
    """The reason a session failed for has the last output; before, the error stays as it came."""
    failed = walk(name, f"{early}, {late} -> failed", tries=1).session
    assert failed.reason == "exit code 1; its last output:\nE501 line too long"
    checked = early.split()[-2]
    assert walk(name, early, tries=1).session.last(checked).error == "exit code 1"


def test_a_task_that_is_done_remembers_no_failure() -> None:
    """Only failed evaluations are counted."""
    assert walk("agent_task", "work ok, evaluate ok -> complete").session.state == {}
