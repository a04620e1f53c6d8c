"""The agents that a session or a prompt names in one line: `claude-code --model opus || codex`."""

from __future__ import annotations

import re
import shlex

from interlock.engine.errors import InvalidInput

EITHER = re.compile(
    r"""(?<!\S)\|\|(?!\S)        # the mark, with space on both sides
    | "(?:\\.|[^"\\])*"          # anything in quotes, or behind a backslash, is no mark
    | '[^']*'
    | \\.
    """,
    re.DOTALL | re.VERBOSE,
)


def split_choices(line: str) -> tuple[str, ...]:
    """Each agent with its options, in the order in which they are asked. Raises InvalidInput when
    one of them is empty."""
    marks = [found for found in EITHER.finditer(line) if found[0] == "||"]
    starts = [0, *(found.end() for found in marks)]
    ends = [*(found.start() for found in marks), len(line)]
    choices = tuple(line[start:end].strip() for start, end in zip(starts, ends, strict=True))
    if not all(choices):
        raise InvalidInput(
            "an agent is empty: name one, as in `program ruff check --fix .`, or several, as in "
            "`claude-code || codex`"
        )
    return choices


def name_of(choice: str) -> str:
    """The name of the agent, without its options. Raises InvalidInput for what has no words."""
    return split_words(choice)[0]


def split_words(choice: str) -> tuple[str, ...]:
    """An agent's name and its options. Raises InvalidInput for an open quote or no words."""
    try:
        words = tuple(shlex.split(choice))
    except ValueError as error:
        raise InvalidInput(f"the agent {choice!r} cannot be split into words: {error}") from None
    if not words or not words[0]:
        raise InvalidInput(f"the agent {choice!r} has no name")
    return words
