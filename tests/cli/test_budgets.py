"""What `interlock budget` says, and what it does not take."""

import pytest

from tests.cli.desk import Desk


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("budget", "--money", "five"), 2, "money: 'five' is no amount; give it as in 5 or 0.50"),
        (("budget", "--tokens", "+5"), 2, "there is no limit tokens to add to"),
        (("budget", "--tokens", "0"), 2, "the limit tokens is a whole number from 1"),
        (("budget", "--per", "day"), 2, "only a project or an account"),
        (("budget", "project", "--per", "day"), 2, "a budget needs a limit"),
        (("budget", "project", "--step", "work", "--tokens", "5"), 2, "a step is one of a session"),
        (("budget", "--step", "fly", "--tokens", "5"), 2, "talk has no step 'fly'; it has work"),
        (("budget", "--step", "work"), 2, "--step needs a limit"),
        (("budget", "0000", "--tokens", "5"), 3, "there is no session 0000 here"),
        (("start", "talk", "-i", "text=x", "--budget", "5"), 2, "as in money=5, not '5'"),
    ],
)
def test_what_is_no_budget_is_refused(
    desk: Desk, words: tuple[str, ...], status: int, said: str
) -> None:
    """In one line that says what to do."""
    desk.json("start", "talk", "-i", "text=x")
    told = desk(*words)
    assert (told.status, told.out) == (status, "")
    assert said in told.err
    assert len(told.err.splitlines()) == 1


def test_a_project_and_an_account_have_budgets_too(desk: Desk) -> None:
    """They are shown with the session that they bound."""
    desk.json("start", "greet")
    assert "for the day is $2.50" in desk("budget", "project", "--money", "2.5", "--per", "day").out
    assert "the account for the month is 5,000 tokens" in (
        desk("budget", "account", "--tokens", "5k", "--per", "month").out
    )
    shown = desk("budget").out.splitlines()
    assert [line.split("  ")[0] for line in shown] == [
        "BUDGET",
        "the project per day",
        "the account per month",
    ]
    assert "no budget of its own" in desk("budget", "project", "--clear").out
    assert len(desk.json("budget")["budgets"]) == 1


def test_a_budget_is_told_as_json(desk: Desk) -> None:
    """Each there is, with what was spent and what is left; and who need not wait any more."""
    made = desk.start("counting", "--budget", "steps=2", "--budget", "time=1h,tokens=5")
    assert desk("run", made, "--no-input").status == 5
    shown = desk.json("budget", made)
    (only,) = shown["budgets"]
    assert (only["session_id"], only["project_id"], only["step"], only["per"]) == (
        *(made, None, None),
        None,
    )
    assert only["limits"] == {"seconds": 3600, "steps": 2, "tokens": 5}
    assert (only["spent"]["steps"], only["left"]["steps"], only["spent"]["tokens"]) == (2, 0, 0)
    assert shown["going_on"] == []
    assert desk.json("budget", made, "--steps", "+10")["going_on"] == [made]
    assert desk("run", made).status == 0


def test_a_waiting_session_says_why(desk: Desk) -> None:
    """`show` has the budget, the question and how to raise it; the run says so as well."""
    made = desk.start("counting", "--budget", "steps=2")
    ran = desk("run", made, "--no-input")
    for told in (ran.out, desk("show", made).out):
        assert "Step line: the budget of this session is used up: 2 steps of 2 steps." in told
        assert f"`interlock budget {made} --steps +2`" in told
    assert "budget  this session: 2 steps of 2 steps" in desk("show", made).out


def test_there_may_be_no_budget(desk: Desk) -> None:
    """Then it says how to set one."""
    made = desk.start("greet")
    assert "no budget; `interlock budget --help` shows how" in desk("budget", made).out
    assert desk.json("budget", made) == {"budgets": [], "going_on": []}


def test_only_who_starts_a_session_gives_it_a_budget_so(desk: Desk) -> None:
    """`run ID --budget` is refused: there is a command for it."""
    made = desk.start("greet")
    told = desk("run", made, "--budget", "steps=1")
    assert told.status == 2
    assert "need a TYPE" in told.err
