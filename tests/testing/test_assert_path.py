"""A path is compared word by word; what differs is told with the rows that were taken."""

import pytest

from interlock.testing import DrivenSession, assert_path, drive
from tests.testing.types_under_test import Release


@pytest.fixture
def driven() -> DrivenSession:
    """A session that was checked twice."""
    return drive(Release).run({"write": "ok", "check": ["error", "ok"]})


@pytest.mark.parametrize(
    "path",
    [
        "write check write check complete",
        "write check:error write:ok check",
        ["write", "check", "write", "check:ok", "complete"],
        " write\n check write\tcheck ",
    ],
)
def test_the_path_that_it_went_is_fine(driven: DrivenSession, path: str | list[str]) -> None:
    """Statuses and the end may be left out."""
    assert_path(driven, path)


DIFFERENCES = [
    (
        "write check:ok complete",
        [
            "the session went another way at 2: check:error, and not check:ok",
            "      1 write            ok           row 1 [ok, write, check]",
            "  -   2 check:ok",
            "  +   2 check            error        row 4 [error, check, write]",
            "  +   3 write            ok           row 1 [ok, write, check]",
            "  +   4 check            ok           row 2 [ok, check, complete]",
            "  = complete at check",
        ],
    ),
    ("write write", ["the session went another way at 2: check, and not write"]),
    ("write check write", ["the session went another way at 4: check, and not nothing more"]),
    ("", ["the session went another way at 1: write, and not nothing more"]),
    (
        "write check write check publish",
        ["the path ends before publish: the session is complete", "  -   5 publish"],
    ),
    (
        "write check write check failed",
        ["the session is complete, and not failed",
         "      1 write            ok           row 1 [ok, write, check]"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("path", "said"), DIFFERENCES)
def test_another_path_is_told_line_by_line(
    driven: DrivenSession, path: str, said: list[str]
) -> None:
    """Where it went another way, what was expected from there on, and what came."""
    with pytest.raises(AssertionError) as caught:
        assert_path(driven, path)
    lines = str(caught.value).splitlines()
    assert lines[0] == said[0]
    assert [line for line in said if line not in lines] == []


def test_a_result_that_no_row_takes_says_so_and_why_it_failed() -> None:
    """The reason is the session's own."""
    driven = drive(Release).run({"write": "timeout"})
    with pytest.raises(AssertionError) as caught:
        assert_path(driven, "write check")
    assert str(caught.value).splitlines()[:2] == [
        "the path ends before check: the session is failed (no row takes 'timeout' at write)",
        "      1 write            timeout      no row",
    ]
