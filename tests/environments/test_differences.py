"""Which snapshots the rows of a log have."""

import pytest

from interlock.engine import Interaction, Result, Shell
from interlock.environments.differences import Span, span

ONE, TWO, THREE = "1" * 40, "2" * 40, "3" * 64


def row(seq: int, before: object, after: object) -> Interaction:
    """A row whose result says so."""
    data = {"before": before, "after": after}
    command = Shell(("true",))
    return Interaction(
        seq=seq, step="s", attempt=1, command=command, result=Result(data=data), status="done"
    )


def test_rows_go_from_the_first_before_to_the_last_after() -> None:
    """Rows without snapshots in between are passed over."""
    open_row = Interaction(seq=3, step="s", attempt=1, command=Shell(("true",)))
    rows = [row(1, ONE, ONE), row(2, None, ONE), open_row, row(4, TWO, THREE)]
    assert span(rows) == Span(ONE, THREE, (1, 4))
    assert span(rows[1:3]) is None


@pytest.mark.parametrize(
    "bad", ["--output=/tmp/x", "HEAD", "", ONE[1:], ONE + "\n", f"{ONE}..{TWO}", 1, None, [ONE]]
)
def test_only_what_can_be_a_commit_is_one(bad: object) -> None:
    """A result may come from anybody, and git must not take it for an option."""
    assert span([row(1, bad, TWO)]) is None
    assert span([row(1, TWO, bad)]) is None
