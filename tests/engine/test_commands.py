"""Commands, results and scopes are values that cannot be wrong, and say so in one line."""

from datetime import UTC, datetime
from typing import Any

import pytest
from attrs.exceptions import FrozenInstanceError

from interlock.engine import (
    Ask,
    Call,
    Child,
    Interaction,
    Log,
    Prompt,
    Result,
    Scope,
    Session,
    Shell,
    Spawn,
    Wait,
)
from interlock.engine.commands import COMMANDS
from interlock.engine.errors import InvalidInput, NotFound, SessionNotFound
from interlock.engine.validators import MAX_SECONDS, MAX_YEAR
from interlock.engine.values import NONE

BOTH = {"for_": 1, "until": datetime(2026, 1, 1, tzinfo=UTC)}
NAIVE = {"until": datetime(2026, 1, 1)}  # noqa: DTZ001
SECONDS = f"0 to {MAX_SECONDS} seconds"

# what is made, from what, and what is said of it
WRONG: list[tuple[Any, dict[str, Any], str]] = [
    (Shell, {"argv": "pytest -q"}, "argv is a list of strings, not one string: 'pytest -q'; use"),
    (Shell, {"argv": ()}, "argv is a list of at least one string, not ()"),
    (Shell, {"argv": ["a", 5]}, "argv is a list of at least one string, not ('a', 5)"),
    (Shell, {"argv": ["a"], "env": {"A": 1}}, "env maps strings to strings, not ('A', 1)"),
    (Shell, {"argv": ["a"], "env": ["A=1"]}, "env maps names to values, not ['A=1']"),
    (Shell, {"argv": ["a"], "cwd": 5}, "cwd is a string, not 5"),
    (Shell, {"argv": ["a"], "input": b"x"}, "input is a string, not b'x'"),
    (Shell, {"argv": ["a"], "timeout": -1}, f"timeout is {SECONDS}, not -1"),
    (Shell, {"argv": ["a"], "timeout": "60"}, f"timeout is {SECONDS}, not '60'"),
    (Prompt, {"text": ""}, "text is a non-empty string, not ''"),
    (Prompt, {"text": None}, "text is a non-empty string, not None"),
    (Prompt, {"text": "x", "timeout": True}, f"timeout is {SECONDS}, not True"),
    (Prompt, {"text": "x", "agent": ["x"]}, "agent is a string, not ['x']"),
    (Ask, {"question": ""}, "question is a non-empty string, not ''"),
    (Ask, {"question": "x", "choices": ()}, "choices is a list of at least one status, not ()"),
    (Ask, {"question": "x", "choices": "ok"}, "choices is a list of at least one status, not 'ok'"),
    (Ask, {"question": "x", "timeout": float("nan")}, f"timeout is {SECONDS}, not nan"),
    (Wait, {}, "a Wait has either for_ (seconds) or until (a time)"),
    (Wait, BOTH, "a Wait has either for_ (seconds) or until (a time)"),
    (Wait, NAIVE, "until needs a time with a time zone, not datetime.datetime(2026, 1, 1, 0, 0)"),
    (Wait, {"until": "2026-01-01T00:00:00Z"}, "until needs a time with a time zone, not '2026-01"),
    (Wait, {"until": datetime.max.replace(tzinfo=UTC)}, f"until is between 1970 and {MAX_YEAR}"),
    (Wait, {"until": datetime.min.replace(tzinfo=UTC)}, f"until is between 1970 and {MAX_YEAR}"),
    (Wait, {"for_": float("inf")}, f"for_ is {SECONDS}, not inf"),
    (Wait, {"for_": MAX_SECONDS + 1}, f"for_ is {SECONDS}, not 1000000001"),
    (Child, {"type": ""}, "type is a non-empty string, not ''"),
    (Child, {"type": "a", "input": ["x"]}, "input maps names to values, not ['x']"),
    (Child, {"type": "a", "key": 5}, "key is a string, not 5"),
    (Child, {"type": "a", "title": 5}, "title is a string, not 5"),
    (Child, {"type": "a", "environment": 5}, "environment is a string, not 5"),
    (Spawn, {"children": ["chat"]}, "children is a list of Child, not ('chat',)"),
    (Spawn, {"children": (), "policy": "most"}, "policy is one of all, any, ignore_failed, not 'm"),
    (Spawn, {"children": (), "timeout": -0.1}, f"timeout is {SECONDS}, not -0.1"),
    (Prompt, {"text": "x", "options": ["read_only"]}, "options maps names to values, not ['r"),
    (Call, {"function": ""}, "function is a non-empty string, not ''"),
    (Call, {"function": "x", "arguments": 5}, "arguments maps names to values, not 5"),
    (Scope, {"account_id": ""}, "account_id is a non-empty string, not ''"),
    (Result, {"status": "Not OK"}, "a status is a word like ok, error or approve, not 'Not OK'"),
    (Result, {"status": ""}, "a status is a word like ok, error or approve, not ''"),
    (Result, {"status": "ok\n"}, "a status is a word like ok, error or approve, not 'ok\\n'"),
    (Result, {"status": None}, "a status is a word like ok, error or approve, not None"),
    (Result, {"status": 0}, "a status is a word like ok, error or approve, not 0"),
]


@pytest.mark.parametrize(("make", "given", "said"), WRONG)
def test_a_wrong_value_is_refused_in_one_line(make: Any, given: dict[str, Any], said: str) -> None:
    """The message names the attribute, what it may be, and what was given."""
    with pytest.raises(InvalidInput) as raised:
        make(**given)
    assert str(raised.value).startswith(said)
    assert "\n" not in str(raised.value)


def test_the_widest_values_are_taken() -> None:
    """What stands at the edge of what is allowed is allowed."""
    assert Shell(["true"], timeout=0).argv == ("true",)
    assert Prompt("x", timeout=MAX_SECONDS).timeout == MAX_SECONDS
    assert Wait(0).for_ == 0
    assert Wait(until=datetime(2026, 1, 1, tzinfo=UTC)).timeout is None
    assert Spawn(()).children == ()
    assert Ask("Which?").choices == ("ok",)


def test_a_line_is_split_as_a_shell_would() -> None:
    """Quotes and escapes count, nothing is expanded, and no shell runs."""
    assert Shell.parse("pytest -q 'a b.py' $HOME *", timeout=5) == Shell(
        ("pytest", "-q", "a b.py", "$HOME", "*"), timeout=5
    )
    assert Shell.parse(["pytest", "a b.py"]) == Shell(("pytest", "a b.py"))


def test_a_line_that_cannot_be_split_is_refused() -> None:
    """An open quote and an empty line are told."""
    with pytest.raises(InvalidInput, match='cannot split the command "echo \'a": No closing'):
        Shell.parse("echo 'a")
    with pytest.raises(InvalidInput, match="argv is a list of at least one string"):
        Shell.parse("  ")


def test_one_child_for_every_input() -> None:
    """`Spawn.each` makes children of one type and keeps the policy."""
    spawn = Spawn.each("chat", [{"a": 1}, {"a": 2}], policy="any")
    assert spawn == Spawn((Child("chat", {"a": 1}), Child("chat", {"a": 2})), "any")


def test_each_kind_of_command_has_its_own_word() -> None:
    """The words that tell stored commands apart are all different."""
    kinds = [command.kind for command in COMMANDS]
    assert kinds == ["shell", "prompt", "ask", "wait", "spawn", "call"]


@pytest.mark.parametrize("value", [Shell(("a",)), Result(), Scope("a")])
def test_values_do_not_change(value: Any) -> None:
    """An attribute cannot be set on what was made."""
    name = next(iter(type(value).__attrs_attrs__)).name
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, getattr(value, name))


def test_output_is_what_came_out_unless_something_better_is_given() -> None:
    """stdout and then stderr; an output of its own wins, an empty one too."""
    assert Result(stdout="out\n", stderr="err\n").output == "out\nerr\n"
    assert Result(stdout="out").output == "out"
    assert Result(stdout="out", output="").output == ""
    assert Result().output == ""


def test_a_result_is_made_into_another() -> None:
    """Failed, warned and remembering change what they say and keep the rest."""
    result = Result(stdout="x", code=1, remember={"a": 1, "b": 1})
    assert result.failed("no") == Result(
        "error", stdout="x", code=1, error="no", remember={"a": 1, "b": 1}
    )
    assert result.warned("hm") == Result(
        "warning", stdout="x", code=1, error="hm", remember={"a": 1, "b": 1}
    )
    assert result.remembering(b=2, c=3).remember == {"a": 1, "b": 2, "c": 3}
    assert [Result(word).ok for word in ("ok", "warning", "error", "approve")] == [
        True,
        True,
        False,
        False,
    ]


def test_an_account_wide_scope_keeps_who_asks() -> None:
    """It only leaves the project out."""
    assert Scope("a", "p", "u").account_wide == Scope("a", None, "u")


ROWS = (
    Interaction(1, "run", 1, Shell(("a",)), "done", Result(output="one")),
    Interaction(2, "fix", 1, Prompt("x"), "done", Result(output="two")),
    Interaction(3, "run", 2, Shell(("a",)), "superseded"),
    Interaction(4, "run", 2, Shell(("a",))),
)


def test_a_log_is_asked_by_step() -> None:
    """The newest row of a step, its newest result, and how often it was tried."""
    session = Session("sample", "run", seq=4, log=Log(ROWS))
    log = Log(ROWS)
    assert log.newest("run") == ROWS[3]
    assert log.last("run") == ROWS[0]
    assert tuple(log) == ROWS
    assert log.newest("none") is None
    assert (session.last("run").output, session.last("fix").output) == ("one", "two")
    assert session.last("none") == NONE == Result("none")
    assert [session.visits(name) for name in ("run", "fix", "none")] == [2, 1, 0]


def test_an_interaction_is_named_by_its_session_and_number() -> None:
    """The id is the session's, a dot and the number."""
    assert Interaction(3, "run", 1, Shell(("a",)), session_id="s").id == "s.3"


def test_visits_count_from_the_last_retry_or_reopen() -> None:
    """What came before does not count."""
    session = Session("sample", "run", seq=4, since=2, log=Log(ROWS))
    assert [session.visits(name) for name in ("run", "fix")] == [2, 0]


def test_the_newest_row_of_a_log_is_rewritten_in_its_place() -> None:
    """Another row is added at the end; the log that was there stays as it was."""
    log = Log(ROWS[:3])
    done = Interaction(3, "run", 2, Shell(("a",)), "done", Result())
    assert log.add(done).rows == (*ROWS[:2], done)
    assert log.add(ROWS[3]).rows == ROWS
    assert log.rows == ROWS[:3]


def test_an_error_says_something_by_itself() -> None:
    """Without a message the class's own words are used; the code is stable."""
    assert "there is no such session here" in str(SessionNotFound()).lower()
    assert str(SessionNotFound("gone")) == "gone"
    assert SessionNotFound.code == "session_not_found"
    assert issubclass(SessionNotFound, NotFound)
