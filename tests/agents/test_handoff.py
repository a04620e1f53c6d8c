"""What an agent is told of work that it has not seen."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from interlock import Ask, Call, Command, Interaction, Prompt, Result, Session, Shell
from interlock.agents.handoff import BEGIN, END, LEFT_OUT, LIMIT, write_handoff

SESSION = Session("change", "write", input={"request": "Say hello."}, title="Greeting")


def row(seq: int, command: Command, result: Result | None = None, **more: Any) -> Interaction:
    """A row of the step `write`."""
    facts: Mapping[str, Any] = {"step": "write", "attempt": 1, **more}
    return Interaction(seq=seq, command=command, result=result, **facts)


def test_it_tells_what_was_asked_and_what_came_of_it() -> None:
    """Oldest first, who did it, which files it changed, how the last check ended, what a person
    said; each quoted line is marked."""
    rows = [
        row(1, Prompt("Write it.\nAll of it."), Result(output="Done.", data={"agent": "codex"})),
        row(2, Shell(("make", "test")), Result("error", output="old"), step="check"),
        row(3, Prompt("Mend it."), attempt=2, status="unknown"),
        row(4, Call("commit"), Result()),
        row(
            5,
            Shell(("make", "a b")),
            Result("error", output="1 failed", error="exit code 2"),
            step="check",
        ),
        row(6, Ask("Good?", ("no",)), Result("no", output="Be kinder."), step="ask"),
    ]
    told = write_handoff(SESSION, rows[::-1], {1: ["a.py", "b.py"]})
    assert (
        told
        == f"""{BEGIN}

The work: change, Greeting
> {{"request": "Say hello."}}

Row 1, write: an agent was asked
> Write it.
> All of it.
and codex ended ok
> Done.
It changed a.py, b.py

Row 3, write, try 2: an agent was asked
> Mend it.
and nobody saw how it ended

Row 5, check: `make 'a b'` ended error (exit code 2)
> 1 failed

Row 6, ask: a person was asked
> Good?
and answered no
> Be kinder.

{END}"""
    )


def test_nothing_to_tell_is_no_text() -> None:
    """An agent that is alone needs no introduction."""
    assert write_handoff(SESSION, []) == ""
    assert write_handoff(SESSION, [row(1, Call("commit"), Result())]) == ""
    assert write_handoff(SESSION, [row(1, Shell(("make",)))]) == ""


def test_the_newest_are_kept() -> None:
    """What does not fit is left out, and that is said."""
    rows = [
        row(n, Prompt(f"Part {n}. " + "x" * 900), Result(output="y" * 900)) for n in range(1, 30)
    ]
    told = write_handoff(SESSION, rows[::-1])
    assert LEFT_OUT in told
    assert "Part 29." in told
    assert "Part 2." not in told
    assert told.index("Part 28.") < told.index("Part 29.")


def test_of_a_check_its_end_is_kept() -> None:
    """That is where it says what is wrong."""
    printed = "\n".join(f"line {n}" for n in range(10_000))
    told = write_handoff(SESSION, [row(1, Shell(("make",)), Result("error", output=printed))])
    assert "line 9999" in told
    assert "line 10\n" not in told


TEXT = st.text(max_size=50).map(lambda text: text * 100) | st.text(max_size=3000)
COMMANDS = st.one_of(
    TEXT.filter(str.strip).map(Prompt),
    TEXT.map(lambda text: Shell((f"x{text}",))),
    TEXT.filter(str.strip).map(Ask),
)
ROWS = st.lists(st.tuples(COMMANDS, TEXT, TEXT), max_size=8)


@given(ROWS, TEXT)
def test_it_is_never_longer_than_it_may_be_and_nothing_in_it_can_pass_for_ours(
    given_rows: list[tuple[Command, str, str]], title: str
) -> None:
    """Every line of what agents and programs wrote begins with a mark or stands inside our own."""
    rows = [
        row(n, command, Result("error", output=output, error=error, data={"agent": error}))
        for n, (command, output, error) in enumerate(given_rows, 1)
    ]
    session = Session("change", "write", title=title, input={"text": title})
    told = write_handoff(session, rows[::-1], {row.seq: [title] for row in rows})
    assert len(told) <= LIMIT
    for line in told.removesuffix(END).split("\n"):
        ours = ("> ", "Row ", "and ", "It changed ", "The work: ", BEGIN, LEFT_OUT)
        assert not line.strip() or line.startswith(ours) or line == ">", line
