"""Agent `program`: any command-line program is asked, and its exit code is the answer."""

import json
import shlex
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.agents.invocation import Invocation
from interlock.agents.program import Program
from interlock.engine import Prompt, Result, Session
from interlock.engine.errors import InvalidInput
from tests.environments.desk import Desk

SESSION = Session(type="mend", step="fix", id="s-1", workdir="/work/tree", attempt=3)


def invoke(text: str, *options: str) -> Invocation:
    """How the program is asked."""
    return Program().invoke(Prompt(text), SESSION, options)


def test_the_prompt_goes_to_standard_input() -> None:
    """Where no argument has a place for it."""
    assert invoke("Mend it.", "ruff", "check") == Invocation(("ruff", "check"), stdin="Mend it.")


def test_the_prompt_goes_into_the_arguments_that_have_a_place_for_it() -> None:
    """Then standard input is empty."""
    asked = invoke("Mend it.", "tool", "--ask={prompt}", "{prompt}")
    assert asked == Invocation(("tool", "--ask=Mend it.", "Mend it."), stdin=None)


def test_where_it_works_can_be_told_too() -> None:
    """Work directory, session, step and attempt."""
    asked = invoke("x", "tool", "{workdir}/{step}", "{session}-{attempt}", "{other}")
    assert asked.argv == ("tool", "/work/tree/fix", "s-1-3", "{other}")
    assert asked.stdin == "x"


@given(text=st.text(min_size=1))
def test_a_prompt_is_data(text: str) -> None:
    """Whatever it looks like: an option, a placeholder, quotes, a line end."""
    assert invoke(text, "tool", "{prompt}").argv == ("tool", text)
    assert invoke(text, "tool").stdin == text


def test_its_own_options_come_before_the_program() -> None:
    """And are not taken from the program's."""
    asked = invoke("x", "--ok-codes", "0,1", "ruff", "--ok-codes", "7")
    assert (asked.argv, asked.ok_codes) == (("ruff", "--ok-codes", "7"), (0, 1))
    assert invoke("--ok-codes 5", "ruff").ok_codes == (0,)
    assert invoke("x", "--", "--program").argv == ("--program",)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "name the program to run, as in `program ruff check --fix .`"),
        (("",), "name the program"),
        (("--ok-codes", "0,1"), "name the program"),
        (("--ok-codes", "0,,1", "x"), "--ok-codes takes exit codes from 0 to 255"),
        (("--ok-codes", "-1", "x"), "--ok-codes takes exit codes"),
        (("--ok-codes", "256", "x"), "--ok-codes takes exit codes"),
        (("--ok-codes", "²", "x"), "--ok-codes takes exit codes"),
        (("--ok-codes",), "--ok-codes needs a value"),
        (("--fix", "ruff"), "there is no option --fix; use --ok-codes"),
    ],
)
def test_options_that_cannot_be_used_are_refused(options: tuple[str, ...], said: str) -> None:
    """In words that say what to write."""
    with pytest.raises(InvalidInput, match=said):
        invoke("x", *options)


def test_the_result_is_the_answer() -> None:
    """Nothing is read into it."""
    result = Result("error", output="no", code=1)
    assert Program().read(Prompt("x"), result) is result


def test_a_real_program_gets_all_that_it_needs(tmp_path: Path) -> None:
    """A prompt as long as a book by standard input, in the work directory, told its session."""
    source = (
        "import json, os, sys; text = sys.stdin.read();"
        "open('out.txt', 'w').write(text.upper());"
        "print(json.dumps([sys.argv[1:], os.environ['INTERLOCK_SESSION_ID'],"
        " os.environ['INTERLOCK_STEP']]))"
    )
    agent = shlex.join(("program", sys.executable, "-c", source, "--step={step}"))
    desk = Desk(tmp_path, agent=agent)
    result = desk.do(Prompt("mend\n" * 100_000))
    assert result.ok, result
    assert json.loads(result.output) == [["--step=work"], desk.session.id, "work"]
    assert (tmp_path / "out.txt").read_text() == "MEND\n" * 100_000


def test_a_real_program_that_mends_may_end_with_another_code(tmp_path: Path) -> None:
    """Linters end with 1 after they have mended something; anything else is still an error."""
    source = "import sys; sys.exit(int(sys.stdin.read()))"
    program = shlex.join((sys.executable, "-c", source))
    desk = Desk(tmp_path, agent=f"program --ok-codes 0,1 {program}")
    assert [desk.do(Prompt(code)).status for code in "012"] == ["ok", "ok", "error"]


def test_a_prompt_that_looks_like_an_option_arrives_as_it_is(tmp_path: Path) -> None:
    """As one argument, behind `--` where the program knows that."""
    source = "import sys; print(sys.argv[1:])"
    agent = shlex.join(("program", sys.executable, "-c", source, "--", "{prompt}"))
    result = Desk(tmp_path, agent=agent).do(Prompt("--ok-codes 3\n$(id)"))
    assert result.output == "['--', '--ok-codes 3\\n$(id)']\n"
