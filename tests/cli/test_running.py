"""`interlock run`: driving to the end, to a question, to a time; what it prints and how it ends."""

import pytest

from tests.cli.desk import Desk


def test_a_type_is_started_and_driven_to_its_end(desk: Desk) -> None:
    """A line when a command begins and one when it has ended, then how the session ended."""
    told = desk("run", "greet", "-i", "again:=true")
    assert told.status == 0
    assert told.err == ""
    made = desk("current").out.strip()
    lines = told.out.splitlines()
    assert lines[0] == f"started greet {made}"
    assert lines[1] == "#1 hello: $ printf %s 'hello world '"
    assert lines[2].startswith("#1 hello: ok in ")
    assert lines[3] == "#2 again (attempt 1 of 2): $ printf 'hello again '"
    assert lines[4].startswith("#2 again: ok in ")
    assert lines[5].startswith(f"greet {made} is complete after 2 interactions, ")
    assert lines[6] == f"`interlock log {made}` shows every command and result"


@pytest.mark.parametrize("form", ["{id}", "{short}", ""])
def test_a_session_is_driven_by_id_or_as_the_current_one(desk: Desk, form: str) -> None:
    """By its id, by the beginning of it, or by nothing at all."""
    made = desk.start("greet")
    assert desk("run", *form.format(id=made, short=made[:24]).split()).status == 0
    assert desk.json("show", made)["status"] == "complete"


def test_json_is_one_document_on_standard_output(desk: Desk) -> None:
    """The session as it ended; progress is on standard error."""
    told = desk("run", "greet", "--json")
    assert told.status == 0
    assert told.json["status"] == "complete"
    assert told.json["state"] == {"said": "hello world"}
    assert told.json["interaction_count"] == 1
    assert "#1 hello: ok in " in told.err
    assert told.json == desk.json("show")


def test_a_session_that_fails_ends_with_status_1(desk: Desk) -> None:
    """The reason is told, and how to try again; a retry then fails again."""
    told = desk("run", "break")
    assert told.status == 1
    made = desk("current").out.strip()
    assert "#1 work: error in " in told.out
    assert f"break {made} is failed at step work after 1 interaction" in told.out
    assert ": exit code 3\n" in told.out
    assert f"`interlock retry {made}`" in told.out
    assert desk("run").status == 1  # it has ended: nothing runs, and it is told again
    assert desk.json("show")["interaction_count"] == 1
    assert desk("retry").status == 0
    assert desk("run").status == 1
    assert desk.json("show")["interaction_count"] == 3


def test_a_cancelled_session_ends_with_status_1(desk: Desk) -> None:
    """It is not what was wanted, whoever did it."""
    desk.start("gate")
    desk("run", "--no-input")
    desk("answer", "reject")
    told = desk("run", "--json")
    assert (told.status, told.json["status"]) == (1, "cancelled")


def test_a_question_ends_the_run_with_status_5(desk: Desk) -> None:
    """The question, its choices, and the exact line that answers each."""
    told = desk("run", "gate", "-i", "question=Paint it\ngreen?")
    assert told.status == 5
    made = desk("current").out.strip()
    assert told.out.splitlines()[1:] == [
        f"gate {made} waits for a person at step ask",
        "Paint it",
        "green?",
        f"`interlock answer {made} approve`",
        f"`interlock answer {made} revise`",
        f"`interlock answer {made} reject`",
        '--comment "..." says more with it',
    ]
    waiting = desk.json("show")["waiting_for"]
    assert waiting["kind"] == "person"
    assert waiting["question"] == "Paint it\ngreen?"
    assert waiting["choices"] == ["approve", "revise", "reject"]


def test_a_time_ends_the_run_with_status_5(desk: Desk) -> None:
    """Until when is told."""
    told = desk("run", "nap", "--json")
    assert told.status == 5
    assert told.json["waiting_for"]["kind"] == "time"
    assert told.json["waiting_for"]["until"].startswith("20")
    assert "waits for a time at step nap" in told.err
    assert "it goes on at 20" in told.err


def test_a_run_may_stay_until_the_time(desk: Desk) -> None:
    """With --wait it goes on when the time has come, and tells until when it waits."""
    told = desk("run", "nap", "-i", "seconds:=0.2", "--wait")
    assert told.status == 0
    assert "waits until 20" in told.out
    assert "#1 nap: ok" in told.out


def test_children_are_driven_and_their_questions_told(desk: Desk) -> None:
    """The parent waits for the child that waits for a person; once answered, both end."""
    told = desk("run", "family")
    assert told.status == 5
    made = desk("current").out.strip()
    assert "second #1 hello: ok in " in told.out
    assert f"family {made} waits for its child sessions at step children" in told.out
    (child,) = (one for one in desk.json("list") if one["type"] == "gate")
    assert child["parent_id"] == made
    assert f"child session {child['id']} (first)" in told.out
    assert f"`interlock answer {child['id']} approve`" in told.out
    assert desk("answer", child["id"], "approve").status == 0
    assert desk("run", made).status == 0
    assert desk.json("show", made)["status"] == "complete"


def test_the_agent_of_a_session_is_asked(desk: Desk) -> None:
    """A program is the agent: it gets the prompt, and what it prints is its answer."""
    told = desk("run", "talk", "-i", "text=say this", "--agent", "program cat", "--json")
    assert told.status == 0
    assert desk.json("log")[0]["result"]["output"] == "say this"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("greet", "-i", "nam=x"), 2, "greet has no input 'nam'"),
        (("gret",), 6, "there is no session type 'gret'"),
        (("-i", "name=x"), 2, "-i and the other options that start a session need a TYPE"),
        (("0123", "--title", "x"), 2, "-i and the other options that start a session need a TYPE"),
        (("0123",), 3, "there is no session 0123 here"),
        ((), 3, "no session is in use in project project"),
    ],
)
def test_what_cannot_be_run_is_told(
    desk: Desk, words: tuple[str, ...], status: int, said: str
) -> None:
    """One line on standard error, nothing started."""
    told = desk("run", *words)
    assert told.status == status
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert said in told.err
    assert desk.json("list") == []


@pytest.mark.parametrize(
    ("type", "reason"),
    [
        ("bad_guard", "guard sure raised LookupError: nobody knows"),
        ("no_command", "step work raised TypeError: it returned None; return Shell, Prompt"),
    ],
)
def test_a_mistake_in_a_type_fails_its_session_in_words(desk: Desk, type: str, reason: str) -> None:
    """A guard that raises, a step that returns None: the session fails and says why."""
    told = desk("run", type, "--json")
    assert told.status == 1
    assert told.json["reason"].startswith(reason)
    assert reason in desk("log").out


def test_an_environment_that_is_gone_stops_the_run_and_harms_nothing(desk: Desk) -> None:
    """A session whose environment is not installed any more: exit status 6, nothing recorded."""
    made = desk.start("greet")
    desk.change("UPDATE session SET environment = 'elsewhere'")
    told = desk("run", made)
    assert told.status == 6
    assert "there is no environment 'elsewhere'" in told.err
    assert desk.json("show")["interaction_count"] == 0


def test_a_type_that_is_gone_stops_the_run_and_harms_nothing(desk: Desk) -> None:
    """Its sessions can still be looked at; driving one is refused with exit status 6."""
    made = desk.start("greet")
    desk("next")
    desk.change("UPDATE session SET type = 'lost'")
    for words in (("run",), ("next", "--reissue"), ("submit", "1", "--status", "ok")):
        told = desk(*words)
        assert told.status == 6, words
        assert "there is no session type 'lost'" in told.err
        assert told.err.count("\n") == 1
    for words in (("show",), ("log",), ("list",), ("export",)):
        told = desk(*words)
        assert told.status == 0, words
        assert "hello" in told.out
    assert desk("cancel", made).status == 0


def test_control_characters_of_a_program_never_reach_the_terminal(desk: Desk) -> None:
    """Escape sequences, carriage returns, bidi and other marks are written as escapes, whatever
    command prints them."""
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\u202eabc\u2066\u200f\ufeff\rover"
    title = f"t\x1b[31m{evil}"
    desk("run", "talk", "-i", f"text={evil}", "--agent", "program cat", "--title", title)
    made = desk("current").out.strip()
    for words in (
        ("show",),
        ("log",),
        ("log", "--full"),
        ("list",),
        ("export",),
        ("export", "--format", "json"),
        ("show", "--json"),
        ("log", "--json"),
        ("list", "--json"),
        ("log", "--follow"),
        ("log", "--follow", "--json"),
        ("run", made),
        ("db", "stats"),
    ):
        told = desk(*words)
        assert told.status == 0, words
        hidden = "\x1b\x07\x9b\x7f\u202e\u2066\u200f\ufeff\r"
        assert not set(told.out + told.err) & set(hidden), words
    assert desk.json("show")["title"] == title


def test_progress_shows_a_running_command_safely(desk: Desk) -> None:
    """What a run prints of commands and reasons is free of escape sequences too."""
    told = desk("run", "gate", "-i", "question=\x1b[31mred?\u202e", "--no-input")
    assert "\\x1b[31mred?\\u202e" in told.out
    assert "\x1b" not in told.out
