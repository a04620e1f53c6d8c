"""`interlock next`, `submit` and `answer`: a session driven by hand, and every refusal."""

import re

import pytest

from tests.cli.desk import Desk


def test_next_tells_the_open_command(desk: Desk) -> None:
    """With the session, the interaction, its number, step and kind; asking twice is the same."""
    made = desk.start("greet")
    asked = desk.json("next")
    assert asked["session_id"] == made
    assert asked["interaction_id"] == f"{made}.1"
    assert (asked["seq"], asked["step"], asked["attempt"]) == (1, "hello", 1)
    assert asked["command"]["kind"] == "shell"
    assert asked["command"]["argv"] == ["printf", "%s", "hello world\n"]
    assert desk.json("next", made) == asked


def test_next_in_words_says_how_to_hand_the_result_in(desk: Desk) -> None:
    """The command as one would type it, and the line that submits its result."""
    made = desk.start("greet")
    told = desk("next").out
    assert "hello" in told
    assert "$ printf %s 'hello world" in told
    assert f"`interlock submit {made}.1 --status ok`" in told


def test_a_session_is_driven_by_next_and_submit(desk: Desk) -> None:
    """Command out, result in, until it ends; the log has what was handed in."""
    made = desk.start("greet", "-i", "again:=true")
    first = desk.json("next")
    moved = desk.json("submit", first["interaction_id"], "--status", "ok", "--output", "hi\n")
    assert (moved["status"], moved["step"], moved["state"]) == ("active", "again", {"said": "hi"})
    second = desk.json("next")
    words = ("--status", "ok", "--output", "-", "--data", '{"n": 1}', "--code", "0")
    ended = desk.json("submit", made, str(second["seq"]), *words, input="from a pipe\n")
    assert ended["status"] == "complete"
    one, two = desk.json("log")
    assert one["result"]["output"] == "hi\n"
    assert two["result"]["output"] == "from a pipe\n"
    assert (two["result"]["data"], two["result"]["code"]) == ({"n": 1}, 0)


@pytest.mark.parametrize("form", ["{id}.1", "{short}.1", "1", "{id} 1", "{short} {id}.1",
                                  "{short} {short}.1"])  # fmt: skip
def test_an_interaction_is_named_in_every_way(desk: Desk, form: str) -> None:
    """By its id, by a beginning of it, by its number, with or without the session before it."""
    made = desk.start("greet")
    desk("next")
    words = form.format(id=made, short=made[:20]).split()
    assert desk.json("submit", *words, "--status", "ok")["status"] == "complete"


def test_the_same_result_twice_is_accepted_once(desk: Desk) -> None:
    """Handing it in again is fine and changes nothing; another one is refused and kept as late."""
    made = desk.start("greet", "-i", "again:=true")
    row = desk.json("next")["interaction_id"]
    first = desk.json("submit", row, "--status", "ok", "--output", "x")
    assert desk.json("submit", row, "--status", "ok", "--output", "x") == first
    told = desk("submit", row, "--status", "ok", "--output", "y")
    assert told.status == 4
    assert told.err == (
        f"interlock: interaction {row} already has another result; this one is kept as late\n"
    )
    assert desk.json("show") == first
    late = [line for line in desk("log", made, "--full").out.splitlines() if "late_result" in line]
    assert len(late) == 1
    assert '"output": "y"' in late[0]


def test_a_result_for_a_superseded_interaction_is_refused(desk: Desk) -> None:
    """After --reissue the old id takes no result, the new one does; both stay in the log."""
    desk.start("greet")
    old = desk.json("next")["interaction_id"]
    new = desk.json("next", "--reissue")["interaction_id"]
    assert new != old
    told = desk("submit", old, "--status", "ok")
    assert told.status == 4
    assert "was superseded; the result is kept as late and moves nothing" in told.err
    assert desk.json("submit", new, "--status", "ok")["status"] == "complete"
    assert [row["status"] for row in desk.json("log")] == ["superseded", "done"]


def test_a_result_after_the_end_is_refused(desk: Desk) -> None:
    """The session has ended: exit status 4, and it stays as it was."""
    made = desk.start("greet")
    row = desk.json("next")["interaction_id"]
    desk("cancel")
    told = desk("submit", row, "--status", "ok")
    assert told.status == 4
    assert f"session {made} is cancelled" in told.err
    assert desk("next").status == 4
    assert desk.json("show")["status"] == "cancelled"


def test_an_interaction_of_another_session_is_not_found(desk: Desk) -> None:
    """Naming one session and another's interaction: exit status 3, and neither has moved."""
    one, other = desk.start("greet"), desk.start("greet")
    for made in (one, other):
        desk("next", made)
    for words in ((one, f"{other}.1"), (one, "2"), (one, "x"), (one, "1.1"), (one, "-1")):
        told = desk("submit", "--status", "ok", "--", *words)
        assert told.status == 3, words
        assert told.err.startswith(f"interlock: session {one} has no interaction ")
    assert desk.json("show", one)["status"] == desk.json("show", other)["status"] == "active"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--status", "sideways"), "step hello takes no status 'sideways'"),
        (("--status", "Not A Word"), "a status is a word like ok, error or approve"),
        (("--status", ""), "a status is a word"),
        (("--status", "ok", "--data", "[]"), "--data is a list; it must be an object"),
        (("--status", "ok", "--data", '{"a": NaN}'), "--data has NaN"),
        (("--status", "ok", "--data", "{"), "--data is not JSON"),
        (("--status", "ok", "--data", '{"a": "\\ud800"}'), "data.a has a lone surrogate"),
        (("--status", "ok", "--code", "x"), "'x' is not a valid int"),
        ((), "Missing option '--status'"),
        (("2", "3", "--status", "ok"), "3 words are too many"),
    ],
)
def test_a_wrong_result_is_told_in_one_line(desk: Desk, words: tuple[str, ...], said: str) -> None:
    """Exit status 2, and the command stays open."""
    desk.start("greet")
    desk("next")
    told = desk("submit", "1", *words)
    assert told.status == 2
    assert told.err.count("\n") == 1
    assert said in told.err
    assert desk.json("show")["open_interaction_id"] is not None


def test_text_that_no_database_can_hold_is_kept_as_escapes(desk: Desk) -> None:
    """NUL in an output is written as an escape."""
    desk.start("greet")
    desk("next")
    assert desk("submit", "1", "--status", "ok", "--output", "-", input=b"a\0b").status == 0
    assert desk.json("log")[0]["result"]["output"] == "a\ufffd\\x00b"


def test_an_answer_moves_a_session(desk: Desk) -> None:
    """The choice is the status, the comment the output; then it goes on."""
    made = desk.start("gate")
    assert desk("run", "--no-input").status == 5
    moved = desk.json("answer", "approve", "--comment", "by all means")
    assert moved["step"] == "work"
    assert desk("run").status == 0
    assert desk.json("log", made)[0]["result"]["output"] == "by all means"


def test_an_answer_that_is_no_choice_is_refused(desk: Desk) -> None:
    """Exit status 2, and the choices."""
    made = desk.start("gate")
    for words in (("maybe",), (made, "maybe"), ("ok",)):
        told = desk("answer", *words)
        assert told.status == 2
        assert "is no choice here; choose approve, revise, reject" in told.err
    assert desk("answer", "a", "b", "c").status == 2


def test_an_answer_nobody_asked_for_is_refused(desk: Desk) -> None:
    """The session is at a step that asks nothing: exit status 4."""
    desk.start("greet")
    told = desk("answer", "approve")
    assert told.status == 4
    assert "is not waiting for an answer; it is at step hello" in told.err


def test_what_waits_for_a_time_or_children_takes_no_result(desk: Desk) -> None:
    """Exit status 2, and how it goes on."""
    for kind, said in (("nap", "its time"), ("family", "its child sessions")):
        made = desk.start(kind)
        desk("next")
        told = desk("submit", made, "1", "--status", "ok")
        assert told.status == 2
        assert f"is answered by {said}, not by a submitted result" in told.err


@pytest.mark.parametrize(
    ("type", "said"),
    [
        ("gate", "`interlock answer {id} CHOICE` with approve or revise or reject"),
        ("nap", "it waits until 2"),
        ("family", "it waits for its child sessions; `interlock run {id}` drives them"),
    ],
)
def test_next_says_what_it_waits_for(desk: Desk, type: str, said: str) -> None:
    """What nobody has to execute is told with the way it goes on."""
    made = desk.start(type)
    assert said.format(id=made) in desk("next").out


def test_the_commands_of_a_text_can_be_pasted(desk: Desk) -> None:
    """Every command that a waiting session prints between backquotes is one that parses."""
    made = desk.start("gate")
    told = desk("run", "--no-input").out
    commands = re.findall(r"`interlock ([^`]+)`", told)
    assert f"answer {made} approve" in commands
    assert desk(*f"answer {made} reject".split()).status == 0
    assert desk.json("show")["status"] == "cancelled"
