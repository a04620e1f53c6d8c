"""Handing sessions over at the command line, and a worker in this process."""

import pytest

from tests.cli.desk import Desk


def test_a_session_is_handed_over_when_it_starts(desk: Desk) -> None:
    """In the queue that is named, or in `default`; what is said leads to a worker."""
    told = desk("start", "greet", "--queue")
    assert told.status == 0
    assert "it is in the queue default; `interlock worker` takes it" in told.out
    made = desk.json("start", "greet", "--queue", "nightly", "--priority", "7")
    assert (made["queue"], made["priority"], made["execution_mode"]) == ("nightly", 7, "auto")


def test_the_current_session_is_handed_over_and_taken_back(desk: Desk) -> None:
    """What is not named stays as it is."""
    desk.start("greet")
    assert "is in the queue default with priority 0" in desk("queue").out
    assert (
        "is in the queue late with priority -3"
        in desk("queue", "--queue", "late", "--priority", "-3").out
    )
    back = desk.json("queue", "--take-back")
    assert (back["queue"], back["execution_mode"]) == (None, "manual")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("queue", "--take-back", "--priority", "1"), "--take-back goes with no --queue"),
        (("queue", "--priority", "101"), "a priority is -100 to 100, not 101"),
        (("queue", "--queue", " "), "a queue has a name of 1 to 100 printable characters"),
        (("start", "greet", "--queue", " "), "a queue has a name of 1 to 100 printable characters"),
        (("start", "greet", "--environment", "vscode", "--queue", "q"), "submitted by hand"),
        (("worker", "--drain", "--limit", "much"), "'much' is no limit; use account=N"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(desk: Desk, words: tuple[str, ...], said: str) -> None:
    """Exit status 2, and what can be said instead."""
    desk.start("greet")
    told = desk(*words)
    assert told.status == 2
    assert said in told.err
    assert told.out == ""


def test_limits_are_read_from_the_environment(desk: Desk) -> None:
    """Several in one variable; a wrong one is told."""
    desk.start("greet", "--queue", "default")
    desk.set("INTERLOCK_LIMITS", "account=1 type:greet=1")
    assert "is complete" in desk("worker", "--drain").out
    desk.set("INTERLOCK_LIMITS", "account=1 many=2")
    assert "'many=2' is no limit" in desk("worker", "--drain").err


def test_a_worker_for_a_type_that_is_not_there_is_refused(desk: Desk) -> None:
    """It would wait in vain, and a typing error would look like an empty queue."""
    told = desk("worker", "--drain", "--type", "gret")
    assert (told.status, told.out) == (6, "")
    assert "there is no session type 'gret'" in told.err
    desk.start("greet", "--queue", "default")
    assert "is complete" in desk("worker", "--drain", "--type", "greet").out
