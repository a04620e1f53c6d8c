"""A line names one agent or several, and what is quoted is never a mark between them."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.agents.choices import name_of, split_choices, split_words
from interlock.engine.errors import InvalidInput

WORD = st.text(st.sampled_from("ab'\"\\ |$\n"), min_size=1, max_size=6)
AGENT = st.lists(WORD, max_size=4).map(lambda words: shlex.join(["agent", *words]))


@given(st.lists(AGENT, min_size=1, max_size=4))
def test_agents_that_are_joined_are_split_again(agents: list[str]) -> None:
    """Whatever words they have, as long as a shell would read them as one word each."""
    assert split_choices(" || ".join(agents)) == tuple(agents)


@pytest.mark.parametrize(
    ("line", "choices"),
    [
        ("codex", ("codex",)),
        ("claude-code --model opus||x", ("claude-code --model opus||x",)),
        ("claude-code --model opus || codex", ("claude-code --model opus", "codex")),
        ("  a  ||\nb || c ", ("a", "b", "c")),
        ("program sh -c 'make || true' || codex", ("program sh -c 'make || true'", "codex")),
        (r"program a \|| b", (r"program a \|| b",)),
        ("program it's || codex", ("program it's", "codex")),
    ],
)
def test_only_a_bare_mark_divides(line: str, choices: tuple[str, ...]) -> None:
    """Inside a word, in quotes and behind a backslash it is text."""
    assert split_choices(line) == choices


@pytest.mark.parametrize("line", ["", " ", "||", "codex ||", "|| codex", "a || || b"])
def test_an_empty_agent_is_refused(line: str) -> None:
    """In words that say what to write."""
    with pytest.raises(InvalidInput, match="name one, as in `program ruff"):
        split_choices(line)


def test_a_name_is_the_first_word() -> None:
    """Read as a shell would read it; what it could not read is refused."""
    assert (name_of("'codex' --model x"), split_words("a 'b c'")) == ("codex", ("a", "b c"))
    for wrong, said in (("it's", "cannot be split"), ("''", "has no name"), ("", "has no name")):
        with pytest.raises(InvalidInput, match=said):
            name_of(wrong)
