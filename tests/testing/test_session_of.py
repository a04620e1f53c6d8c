"""A session is driven in memory or in a database of its own, by results that a test scripts."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from interlock import Child, Command, Prompt, Result, Session, Shell, Spawn, sessions, step
from interlock.engine.errors import InvalidInput, SessionEnded, UnknownType
from interlock.store.connection import location
from interlock.testing import DrivenSession, drive
from interlock.testing.result_script import Scripted, ScriptError
from tests.testing.types_under_test import Gate, Release, Releases

Make = Callable[..., Any]


@pytest.mark.parametrize("stored", [False, True])
def test_a_session_goes_the_way_of_its_results(session_of: Make, stored: bool) -> None:
    """In memory and in a database alike: the same path, rows, commands and end."""
    driven = session_of(Release, version="2.0", stored=stored)
    driven.run({"write": "ok", "check": ["error", Result("ok", output="fine")]})
    assert driven.path == [("write", "ok"), ("check", "error"), ("write", "ok"), ("check", "ok")]
    assert [row.number for row in driven.rows] == [1, 4, 1, 2]
    assert driven.session.status == "complete"
    assert driven.session.last("check").output == "fine"
    assert driven.command("check") == Shell(("grep", "-q", "2.0", "CHANGES"))
    assert [name for name, _ in driven.commands] == ["write", "check", "write", "check"]


@pytest.mark.parametrize("stored", [False, True])
def test_a_session_stops_where_it_is_wanted(session_of: Make, stored: bool) -> None:
    """With the step's command open; the test hands its result in and goes on."""
    driven = session_of(Release, stored=stored).run({"write": "ok"}, until="check")
    assert driven.next() == driven.next() == Shell(("grep", "-q", "1.0", "CHANGES"))
    driven.submit(Result("error", output="line 7"))
    assert driven.next().text == "Write CHANGES.\nline 7"
    driven.submit("ok").submit("ok")
    assert driven.session.status == "complete"
    with pytest.raises(SessionEnded):
        driven.next()


def test_a_result_may_be_made_of_the_command() -> None:
    """By a function, for all tries or for one of them."""

    def check(session: Any, command: Any) -> str:
        assert command.argv[0] == "grep"
        return "error" if session.attempt < 2 else "ok"

    assert drive(Release).run({"write": ["ok", "ok"], "check": check}).session.visits("check") == 2
    made = drive(Release).run({"write": lambda session, command: Result(), "check": ["ok"]})
    assert made.session.status == "complete"


NONE_LEFT = "step check was reached and no result is scripted for it; its command is Shell"
FAILED = "; the session is failed at write (no row takes 'timeout' at write)"
COMPLETE = "; the session is complete at check"
FAULTS: list[tuple[Mapping[str, Scripted], str]] = [
    ({"wirte": "ok"}, "release has no step 'wirte'; it has write, check"),
    ({"write": "ok"}, NONE_LEFT),
    ({"write": "maybe"}, "step write takes no status 'maybe'; use ok, error"),
    ({"write": "No!"}, "step write: a status is a word like ok, error or approve, not 'No!'"),
    ({"write": "ok", "check": ["error"]},
     "step check was reached 2 times, and 1 result is scripted for it"),
    ({"write": "ok", "check": ["ok", "ok"]},
     f"step check was reached 1 time, and 2 results are scripted for it{COMPLETE}"),
    ({"write": "timeout", "check": "ok"},
     f"step check was never reached, and 1 result is scripted for it{FAILED}"),
]  # fmt: skip


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize(("results", "said"), FAULTS)
def test_results_that_do_not_fit_are_one_line(
    session_of: Make, results: Mapping[str, Scripted], said: str, stored: bool
) -> None:
    """That names the step: an unknown step, none for a step, a status it cannot take, too few, too
    many, never reached."""
    with pytest.raises(ScriptError) as caught:
        session_of(Release, stored=stored).run(results)
    assert str(caught.value) == said


def test_a_step_that_is_never_reached_is_told() -> None:
    """As one to stop at too."""
    with pytest.raises(ScriptError, match="the session is complete; it never came to broken"):
        drive(Gate).run({"ask": "yes", "sum_up": "ok"}, until="broken")
    with pytest.raises(ScriptError, match="gate has no step 'brok'"):
        drive(Gate).run({}, until="brok")
    with pytest.raises(ScriptError, match="step broken was not reached"):
        drive(Gate).command("broken")


def test_time_passes_at_once_in_memory() -> None:
    """A step that waits needs no result; what the engine waits for by itself is no step."""
    driven = drive(Gate).run({"ask": "yes", "sum_up": ["rate_limited", "ok"]})
    assert driven.path == [
        ("nap", "ok"), ("ask", "yes"), ("sum_up", "rate_limited"), ("sum_up", "good")
    ]  # fmt: skip
    assert driven.session.state == {"grade": 1}
    assert len(driven.log) == 5


def test_a_wait_may_be_scripted() -> None:
    """As any other step."""
    with pytest.raises(ScriptError, match="step nap takes no status 'later'"):
        drive(Gate).run({"nap": "later"})


def test_a_choice_that_is_not_offered_names_its_step() -> None:
    """The engine's own words do not."""
    with pytest.raises(ScriptError, match="step ask: 'maybe' is no choice here; choose yes, no"):
        drive(Gate).run({"ask": "maybe"})


@pytest.mark.parametrize("stored", [False, True])
def test_a_step_that_breaks_needs_no_result(session_of: Make, stored: bool) -> None:
    """It is an error of the step whatever is handed in."""
    driven = drive(Gate) if not stored else session_of(Broken, stored=True)
    driven.run({"ask": "no"})
    assert driven.session.status == "failed"
    assert driven.session.reason == "step broken raised LookupError: nobody knows"


class Broken(Gate):
    """The same without the wait, which a stored session would really wait for."""

    transitions = (
        ("no", "ask", "broken"),
        ("yes", "ask", "nap"),
        ("ok", "nap", "sum_up"),
        ("good", "sum_up", "broken"),
        ("error", "sum_up", "broken"),
        ("ok", "broken", "complete"),
    )


def test_a_stored_session_waits_for_real(session_of: Make) -> None:
    """And says so at once."""
    with pytest.raises(ScriptError, match=r"step nap waits until .* UTC; drive it in memory"):
        session_of(Gate, stored=True).run({"ask": "yes", "sum_up": "ok"})


def test_children_are_driven_in_a_database(session_of: Make) -> None:
    """With results of their own type; the parent goes on when they have ended."""
    driven = session_of(Releases, stored=True, types=[Release])
    driven.run({"release.write": "ok", "release.check": ["ok", "error", "ok"]})
    assert driven.path == [("release", "ok")]
    children = sessions.find(driven.scope, parent=driven.session.id).sessions
    assert [(one.type, one.status) for one in children] == [("release", "complete")] * 2
    failed = session_of(Releases, stored=True).run({"release.write": "timeout"})
    assert failed.session.status == "failed"


class Race(Releases):
    """One child is enough."""

    transitions = Releases.transitions

    @step
    def release(self, session: Session) -> Command:
        children = [Child("release", {"version": one}, key=one) for one in ("1.0", "2.0")]
        return Spawn(children, policy="any")


def test_children_that_are_not_needed_are_left_alone(session_of: Make) -> None:
    """Where the policy of their parent wants no more, their results are left over."""
    driven = session_of(Race, stored=True, types=[Release])
    driven.run({"release.write": "ok", "release.check": ["ok"]})
    assert driven.session.status == "complete"
    children = sessions.find(driven.scope, parent=driven.session.id).sessions
    assert sorted(one.status for one in children) == ["active", "complete"]


def test_children_are_one_result_in_memory() -> None:
    """That of the step that starts them."""
    assert drive(Releases).run({"release": "ok"}).session.status == "complete"


def test_a_database_is_the_test_s_own(session_of: Make, tmp_path: Path) -> None:
    """It lies in the directory of the test, and what is kept in it can be looked at."""
    driven = session_of(Release, stored=True).run({"write": "ok", "check": "ok"})
    assert Path(location()).is_relative_to(tmp_path)
    assert sessions.check(driven.scope, driven.session.id) == []
    assert not sessions.find(driven.scope, type="mend").sessions


def test_a_type_is_given_by_name_too() -> None:
    """Its input as a mapping, where a key is no word or an option's name."""
    driven = drive("mend", {"check": "ruff check ."}).run({"check": "ok"})
    assert driven.session.status == "complete"
    with pytest.raises(InvalidInput, match="mend needs the input 'check'"):
        drive("mend")
    with pytest.raises(UnknownType):
        drive("no_such_type")


def test_an_agent_makes_what_is_not_scripted_real(session_of: Make, tmp_path: Path) -> None:
    """Commands are executed in the directory of the test; a scripted result goes before."""
    driven = session_of(Release, agent="program sh -c 'echo 1.0 > CHANGES'").run()
    assert driven.path == [("write", "ok"), ("check", "ok")]
    assert (tmp_path / "CHANGES").read_text() == "1.0\n"
    again = session_of(Release, agent="program false").run({"write": "ok"})
    assert again.path == [("write", "ok"), ("check", "ok")]
    assert isinstance(again.command("write"), Prompt)


def test_what_is_driven_is_what_is_told() -> None:
    """The class is the kit's own, and a budget may be given."""
    driven = drive(Release, budget=2)
    assert isinstance(driven, DrivenSession)
    driven.run({"write": "ok", "check": "error"})
    assert driven.session.reason == "the budget of 2 interactions is used up"
