"""Why a run is not ok and when a limit passes, as found in what vendors say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.agents.faults import explain, find_http
from interlock.agents.waiting import LONGEST, find_wait, parse_span, tell_instant

WAITS: list[tuple[str, dict[str, object]]] = [
    ("Try again in 2 days 17 hours 14 minutes.", {"retry_after": 234840.0}),
    ("try again in 3 hours 2 minutes", {"retry_after": 10920.0}),
    ("Please retry in 34.074s.", {"retry_after": 34.074}),
    ("Your quota will reset after 15h4m20s.", {"retry_after": 54260.0}),
    ("Resets in 2h39m52s.", {"retry_after": 9592.0}),
    ('"retryDelay": "34s"', {"retry_after": 34.0}),
    ("retry-after: 17", {"retry_after": 17.0}),
    ('"resets_at":1777936568,"resets_in_seconds":13872', {"retry_after": 13872.0}),
    ("Claude AI usage limit reached|1778565600", {"until": "2026-05-12T06:00:00+00:00"}),
    ('"resetsAt":1778565600000', {"until": "2026-05-12T06:00:00+00:00"}),
    ("resets at 2026-11-28T12:00:00Z", {"until": "2026-11-28T12:00:00Z"}),
    ("You've hit your limit · resets 2pm (Asia/Shanghai)", {"resets": "2pm (Asia/Shanghai)"}),
    ("or try again at Jul 10, 2026, 11:52 PM.", {"resets": "Jul 10, 2026, 11:52 PM"}),
    ("in 999999999 days", {}),
    ("resets_in_seconds: 99999999999", {}),
    ("Too many requests", {}),
    ("", {}),
]


@pytest.mark.parametrize(("message", "wait"), WAITS)
def test_when_a_limit_passes_is_found_in_words(message: str, wait: dict[str, object]) -> None:
    """In seconds or as a time; else in the vendor's own words; nothing where they do not say."""
    assert find_wait(message) == wait


@given(st.text(max_size=300) | st.from_regex(r"(in|after|resets) ?[0-9]{1,20} ?[a-z]{1,5}"))
def test_any_words_are_searched(message: str) -> None:
    """And a wait is never longer than a year."""
    wait = find_wait(message)
    assert len(wait) <= 1
    assert 0 <= wait.get("retry_after", 0) <= LONGEST
    explain(message)


@given(st.integers(0, 3), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_a_span_is_read_however_it_is_written(days: int, hours: int, mins: int, secs: int) -> None:
    """Short, long, with blanks or without."""
    seconds = ((days * 24 + hours) * 60 + mins) * 60 + secs
    for text in (
        f"{days}d{hours}h{mins}m{secs}s",
        f"{days} days {hours} hours {mins} minutes {secs} seconds",
        f"{days}d {hours} hrs, {mins} min and {secs} secs",
    ):
        assert parse_span(text) == seconds, text


@pytest.mark.parametrize("epoch", [0, -1, 10**9 - 1, 4_102_444_801, 10**13 * 5, 10**400])
def test_a_time_beyond_all_reason_is_none(epoch: int) -> None:
    """A clock that is wrong must not stop a session for a century."""
    assert tell_instant(epoch) is None


def test_the_cause_is_one_line() -> None:
    """Of a length that can be read."""
    fault = explain("a\n  b\tc" + "x" * 10_000)
    assert fault.cause.startswith("a b cxxx")
    assert len(fault.cause) < 2100
    assert explain("").cause == "it said nothing about why"


def test_waiting_does_not_help_where_there_is_no_credit() -> None:
    """Unless the vendor says when."""
    assert explain("You exceeded your quota, check your billing").kind == "no_credit"
    limited = explain("You exceeded your quota, check your billing. Please retry in 20s")
    assert (limited.status, limited.data) == ("rate_limited", {"retry_after": 20.0})


@pytest.mark.parametrize(
    ("message", "http"),
    [
        ("unexpected status 401 Unauthorized", 401),
        ("last status: 429 Too Many", 429),
        ("API Error: 529 Overloaded", 529),
        ('{"error":{"code":503,"message":"x"}}', 503),
        ("statusCode: 404", 404),
        ("port 4010, 500 lines, code 200", None),
    ],
)
def test_a_status_is_found_in_words(message: str, http: int | None) -> None:
    """A number is one only where the words say so."""
    assert find_http(message) == http
