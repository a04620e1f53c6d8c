"""What came back is told to the agent and to people within limits, the important part first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import Prompt, Result
from interlock.engine import handle_result, next_command, start
from interlock.engine.values import NONE
from interlock.session_types.prompts import (
    HANDS_OFF,
    brief,
    join_paragraphs,
    newest,
    quote,
    read_verdict,
    report,
    shorten,
)
from tests.session_types.driver import load


def test_blank_paragraphs_are_left_out() -> None:
    """What is left has one empty line between."""
    assert join_paragraphs("a\n", "", "  ", "b") == "a\n\nb"


def test_a_prompt_says_what_the_input_says() -> None:
    """Language, spec and instruction where they are given, and that nothing is to be committed."""
    assert brief({}) == HANDS_OFF
    said = brief({"language": "Python", "spec": "docs/cart.md", "instruction": "Be brief."})
    for word in ("Python", "docs/cart.md", "Be brief.", HANDS_OFF):
        assert word in said


@given(text=st.text(max_size=300), limit=st.integers(20, 100))
def test_a_long_text_keeps_its_two_ends(text: str, limit: int) -> None:
    """It loses its middle and says how much; a short one stays."""
    short = shorten(text, limit)
    if len(text) <= limit:
        assert short == text
    else:
        assert len(short) <= limit + 40
        assert short[: limit // 4] == text[: limit // 4]
        assert short[-limit // 2 :] == text[-limit // 2 :]
        assert f"[{len(text) - limit} characters left out]" in short


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (NONE, ""),
        (Result(), "It ended with status ok and printed nothing."),
        (Result("error", error="exit code 1"), "exit code 1"),
        (Result("error", error="exit code 1", stdout="2 != 3\n"), "exit code 1\n\n2 != 3"),
        (Result("error", error="2 != 3", stdout="it is 2 != 3"), "it is 2 != 3"),
    ],
)
def test_a_result_is_told_in_full_and_once(result: Result, told: str) -> None:
    """Error and output, but not the same words twice."""
    assert report(result) == told


def test_only_a_failure_is_quoted() -> None:
    """A result that is ok stays as it is; a failure gets the end of its output, once."""
    fine = Result(output="x")
    assert quote(fine) is fine
    assert quote(Result("error", error="exit code 1", output="2 != 3")).error == (
        "exit code 1; its last output:\n2 != 3"
    )
    assert quote(Result("timeout")).error == "timeout"
    assert quote(Result("error", error="it is 2 != 3", output="2 != 3")).error == "it is 2 != 3"
    crashed = quote(Result("error", error="exit code 1"), Result("error", error="no such program"))
    assert crashed.error == "exit code 1; the agent failed too: no such program"
    warned = quote(Result("error", error="exit code 1"), Result("warning", error="slow"))
    assert warned.error == "exit code 1"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("VERDICT: APPROVE", "approve"),
        ("Fine.\n\n**Verdict:** changes, see above", "changes"),
        ("- verdict - Approve.", "approve"),
        ("VERDICT: APPROVE\nVERDICT: CHANGES", "changes"),
        ("My verdict: approve", None),
        ("VERDICT: APPROVED", None),
        ("VERDICT:\nAPPROVE", None),
        ("", None),
    ],
)
def test_the_last_verdict_line_counts(text: str, verdict: str | None) -> None:
    """In any case and markup; a word in the middle of a line is no verdict."""
    assert read_verdict(text) == verdict


def test_the_newest_of_several_steps_counts() -> None:
    """The one that came last, whichever step it is of; nothing where there was none."""
    kind = load("mend")
    session = start(kind, input={"check": "ruff check"})
    assert newest(session, "check", "mend") is NONE
    for result in (Result("error"), Result(output="mended"), Result("error", output="again")):
        session = handle_result(kind, next_command(kind, session), result)
        assert newest(session, "mend", "check").output == result.output
    assert newest(session, "mend").output == "mended"


def test_a_prompt_holds_a_bounded_part_of_the_output() -> None:
    """A check that prints ten megabytes makes a prompt of some ten thousand characters."""
    kind = load("mend")
    session = next_command(kind, start(kind, input={"check": "ruff check"}))
    result = Result("error", stdout="first\n" + "x" * 10_000_000 + "\nlast")
    session = next_command(kind, handle_result(kind, session, result))
    assert session.open is not None
    assert isinstance(session.open.command, Prompt)
    text = session.open.command.text
    assert "first" in text
    assert "last" in text
    assert len(text) < 25_000
