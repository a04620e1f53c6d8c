"""What a person sees and does on a terminal."""

import re

import pytest

from tests.acceptance.user import Terminal, User


def plain(text: str) -> str:
    """The text without what moves the cursor or sets colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", text)


def test_progress_is_live(user: User) -> None:
    """Step, attempt of its limit, elapsed time and last output while it runs; then each finished
    step with its outcome, and how the session ended."""
    terminal = Terminal(user, "run", "held", COLUMNS="100")
    terminal.wait_for("working hard")
    terminal.wait_for("attempt 1 of 3")
    terminal.wait_for(" s\r\n")
    user.let_go()
    terminal.wait_for("#1 hold: ")
    terminal.wait_for("ok")
    terminal.wait_for("#2 finish: ")
    status, rest = terminal.finish()
    assert status == 0
    assert re.search(r"held \S+ is complete after 2 interactions, ", plain(rest))
    assert rest.count("\x1b[?25h") >= 1  # the cursor is shown again


def test_a_dumb_terminal_gets_lines(user: User) -> None:
    """TERM=dumb: nothing moves."""
    terminal = Terminal(user, "run", "greet", TERM="dumb")
    status, seen = terminal.finish()
    assert status == 0
    assert "\x1b[?25l" not in seen
    assert "#1 hello: $ printf" in seen


def test_colours_can_be_turned_off(user: User) -> None:
    """NO_COLOR is obeyed."""
    assert "\x1b[32m" in Terminal(user, "run", "greet").finish()[1]
    assert "\x1b[32m" not in Terminal(user, "run", "greet", NO_COLOR="1").finish()[1]
    assert "\x1b[3" not in Terminal(user, "list", NO_COLOR="1").finish()[1]


def test_a_question_is_asked_on_the_terminal(user: User) -> None:
    """By number or by word, with a comment; a word that is no choice is asked again."""
    terminal = Terminal(user, "run", "gate")
    terminal.wait_for("Shall it be done?")
    terminal.wait_for("1  ")
    terminal.wait_for("answer (")
    terminal.type("perhaps\n")
    terminal.wait_for("there is no choice 'perhaps'; give approve or revise or reject")
    terminal.type("2\n")
    terminal.wait_for("comment")
    terminal.type("once more\n")
    terminal.wait_for("Shall it be done?")
    terminal.type("approve\n")
    terminal.wait_for("comment")
    terminal.type("\n")
    status, rest = terminal.finish()
    assert status == 0
    assert "is complete after 3 interactions" in plain(rest)
    rows = user.json("log")
    assert [row["result"]["status"] for row in rows] == ["revise", "approve", "ok"]
    assert rows[0]["result"]["output"] == "once more"


def test_an_agents_question_is_replied_to_in_words(user: User) -> None:
    """They come first; who gives none is asked for another answer, and Ctrl-D leaves it open."""
    user("start", "talk", "-i", "text=Paint it.", "--agent", "program cat")
    user("next")
    user("submit", "1", "--status", "needs_input", "--output", "Which?")
    left = Terminal(user, "run")
    left.wait_for("reply (")
    left.type("\x04")
    assert left.finish()[0] == 5
    terminal = Terminal(user, "run")
    terminal.wait_for("Which?")
    terminal.wait_for("reply (")
    terminal.type("\n")
    terminal.wait_for("1  ")
    terminal.wait_for(" takes the rows that the step has for an error")
    terminal.wait_for("answer (")
    terminal.type("reply\n")
    terminal.wait_for("there is no choice 'reply'; give error")
    terminal.type("\x04")
    assert terminal.finish()[0] == 5
    answering = Terminal(user, "run")
    answering.wait_for("reply (")
    answering.type("The red one.\n")
    status, rest = answering.finish()
    assert status == 0, rest
    assert "is complete after 3 interactions" in plain(rest)
    assert "The red one." in user.json("log")[2]["result"]["output"]


def test_a_childs_question_is_asked_too(user: User) -> None:
    """The session that waits is named; once answered the parent goes on."""
    terminal = Terminal(user, "run", "family")
    terminal.wait_for("(first)")
    terminal.wait_for("answer (")
    terminal.type("1\n")
    terminal.wait_for("comment")
    terminal.type("\n")
    status, rest = terminal.finish()
    assert status == 0
    assert re.search(r"family \S+ is complete", plain(rest))


@pytest.mark.parametrize(("key", "status"), [("\x03", 130), ("\x04", 5)], ids=["Ctrl-C", "Ctrl-D"])
@pytest.mark.parametrize("at", ["choice", "comment"])
def test_a_question_can_be_left_open(user: User, key: str, status: int, at: str) -> None:
    """Ctrl-C interrupts, Ctrl-D leaves: the question stays, and how to answer it is told."""
    terminal = Terminal(user, "run", "gate")
    terminal.wait_for("answer (")
    if at == "comment":
        terminal.type("1\n")
        terminal.wait_for("comment")
    terminal.type(key)
    ended, rest = terminal.finish()
    assert ended == status
    made = user("current").stdout.strip()
    told = "`interlock run " if status == 130 else "`interlock answer "
    assert f"{told}{made}" in plain(rest)
    assert "Traceback" not in rest
    assert user.json("show")["waiting_for"]["kind"] == "person"


def test_no_input_asks_nothing(user: User) -> None:
    """--no-input: exit status 5, with the line that answers."""
    status, seen = Terminal(user, "run", "gate", "--no-input").finish()
    assert status == 5
    assert "answer (" not in seen
    assert "`interlock answer " in seen


def test_control_c_ends_a_command_on_a_terminal(user: User) -> None:
    """The keyboard reaches `run` and not the program, which `run` ends."""
    terminal = Terminal(user, "run", "held")
    program = user.wait_for_command()
    terminal.type("\x03")
    status, rest = terminal.finish()
    assert status == 130
    assert "interrupted at step hold" in plain(rest)
    assert not program.is_running()


def test_what_is_printed_on_a_terminal_cannot_move_it(user: User) -> None:
    """A program's escape sequences, a title's and a question's: all are shown as text."""
    evil = "\x1b]0;owned\x07\x1b[2J\u202eabc\r\x9b5m"
    words = ("-i", f"text={evil}", "--agent", "program cat", "--title", evil)
    for command in (("run", "talk", *words), ("show",), ("list",), ("log",), ("types",)):
        _, seen = Terminal(user, *command).finish()
        assert "\x1b]" not in seen
        assert "\x1b[2J" not in seen
        assert not set(seen) & set("\x07\u202e\x9b")


def test_a_table_fits_the_terminal(user: User) -> None:
    """On a narrow one ids are printed as beginnings that can be used."""
    user("start", "greet", "--title", "a title " * 30)
    _, seen = Terminal(user, "list", COLUMNS="80").finish()
    lines = plain(seen).splitlines()
    assert max(map(len, lines)) <= 80
    found = re.search(r"\* +([0-9a-f-]+) ", plain(seen))
    assert found
    assert len(found[1]) < 36
    assert user.json("show", found[1])["id"] == user("current").stdout.strip()
