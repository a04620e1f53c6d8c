"""The edges of the command line: errors, exit statuses, output, completion."""

import io
import json
import re
import unicodedata
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime
from typing import Any

import click
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from interlock import Ask, Call, Child, Command, Prompt, Shell, Spawn, Wait
from interlock.cli import descriptions, outlet
from interlock.cli.application import SECTIONS
from interlock.cli.failures import STATUSES, explain, status_of
from interlock.engine import errors
from tests.cli.desk import Desk


def subclasses(cls: type[Any]) -> Iterator[type[Any]]:
    """A class and all that is below it."""
    yield cls
    for one in cls.__subclasses__():
        yield from subclasses(one)


def test_every_error_has_an_exit_status() -> None:
    """Every class of the tree but its root, and those of one branch have the same."""
    for cls in subclasses(errors.InterlockError):
        if cls is errors.InterlockError:
            continue
        assert 2 <= status_of(cls("x")) <= 7, cls
        branch = [status for parent, status in STATUSES if issubclass(cls, parent)]
        assert branch[0] == status_of(cls("x"))


@given(text=st.text())
def test_every_error_is_one_line(text: str) -> None:
    """Whatever an error says."""
    message, _ = explain(errors.InvalidInput(text or "x"))
    assert "\n" not in message
    assert "\r" not in message


def test_an_unexpected_error_is_one_line_and_a_report(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit status 70; the report in the data directory has the traceback, and is private."""

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr("interlock.sessions.find", fail)
    told = desk("list")
    assert told.status == 70
    found = re.fullmatch(
        r"interlock: a fault in Interlock: ZeroDivisionError; please report it with (\S+)\n",
        told.err,
    )
    assert found
    (report,) = (desk.data / "reports").iterdir()
    assert str(report) == found[1]
    text = report.read_text()
    assert "Traceback" in text
    assert "of all things" in text
    assert report.parent.stat().st_mode & 0o077 == 0


def test_an_unexpected_error_without_a_place_for_its_report(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report cannot be written: it is said, and the status is the same."""

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("interlock.sessions.find", fail)
    (desk.data / "reports").write_text("in the way")
    told = desk("list")
    assert told.status == 70
    assert "no report could be written: File exists" in told.err
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lst",), "there is no command 'lst'; did you mean list?; `interlock --help` shows how"),
        (("types", "shw"), "there is no command 'shw'; did you mean show?"),
        (("qqqq",), "there is no command 'qqqq'; `interlock --help` shows how"),
        (("--nonsense",), "No such option '--nonsense'"),
        (("list", "--limt", "3"), "No such option '--limt'"),
        (("use",), "Missing argument 'ID'"),
        (
            ("completion", "tcsh"),
            "Invalid value for 'SHELL': 'tcsh' is not one of 'bash', 'zsh', 'fish'",
        ),
        (("x\udcff",), "argument 1 ('x\\udcff') is not text in UTF-8"),
        (("db", "nothing"), "there is no command 'nothing'"),
        (("db",), None),
    ],
)
def test_wrong_usage_is_one_line(desk: Desk, words: tuple[str, ...], said: str | None) -> None:
    """Exit status 2, and the way to the help; a group alone shows its commands."""
    told = desk(*words)
    if said is None:
        assert told.status == 0
        assert "Commands:" in told.out
        return
    assert told.status == 2
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert told.err.startswith(f"interlock: {said}")


def test_alone_it_prints_its_help(bare_desk: Desk) -> None:
    """Without a command: every command with its summary under its heading, exit status 0."""
    told = bare_desk()
    assert told.status == 0
    assert told.out == bare_desk("--help").out
    for heading, table in SECTIONS.items():
        _, found, below = told.out.partition(f"\n{heading}:\n")
        assert found
        lines = below.partition("\n\n")[0].splitlines()
        assert [line.split(maxsplit=1) for line in lines] == [
            [name, summary] for name, (_, summary) in table.items()
        ]


def test_the_version_is_told(bare_desk: Desk) -> None:
    """One line."""
    from interlock import __version__

    assert bare_desk("--version").out == f"interlock {__version__}\n"


@given(text=st.text())
@example(text="\x1b[2J\x9b\x7f\u202e\u2066\u2028\ud800\r\r\n")
def test_nothing_a_terminal_obeys_gets_out(text: str) -> None:
    """No control character but line feed and tab, no mark that turns text, no lone surrogate."""
    shown = outlet.visible(text)
    for letter in shown:
        assert letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp")
        assert letter not in TURNING
    shown.encode()


TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""What turns the direction of the letters after it."""


@given(text=st.text(st.characters(exclude_categories=["C", "Zl", "Zp"])))
def test_what_can_be_printed_stays_as_it_is(text: str) -> None:
    """Letters of every script, marks, symbols and spaces."""
    assert outlet.visible(text) == text


@given(text=st.text(), limit=st.integers(4, 50))
def test_a_word_is_one_short_line(text: str, limit: int) -> None:
    """However long the text, and whatever is in it."""
    line = outlet.word(text, limit)
    assert len(line) <= limit
    assert not set(line) & set("\n\r\t\x0b\x0c\x1b\u2028")


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
@example(value="\x7f\x1b")
def test_json_is_ascii_and_exact(value: Any) -> None:
    """What is printed reads back as the same value, and a terminal obeys nothing in it."""
    text = outlet.json_text(value)
    assert text.isascii()
    assert not set(text) & {chr(code) for code in (*range(10), *range(11, 32), 127)}
    assert json.loads(text) == value


@given(values=st.lists(st.dictionaries(st.sampled_from("ab"), st.integers()), max_size=4))
def test_a_list_of_documents_is_one_document(values: list[Any]) -> None:
    """Also of none."""
    out = io.StringIO()
    with redirect_stdout(out):
        outlet.document_list(iter(values))
    assert json.loads(out.getvalue()) == values


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, ""), (0, "0.0 s"), (59.94, "59.9 s"), (60, "1 min 0 s"), (125.7, "2 min 5 s"),
     (3600, "1 h 0 min"), (90061, "25 h 1 min")],
)  # fmt: skip
def test_durations_are_short(seconds: float | None, shown: str) -> None:
    """Seconds, then minutes, then hours."""
    assert descriptions.show_seconds(seconds) == shown


@pytest.mark.parametrize(
    ("command", "line", "text"),
    [
        (Shell(("echo", "a b")), "$ echo 'a b'", ""),
        (Shell(("cat",), input="in"), "$ cat", "in"),
        (Prompt("Do it."), "ask the agent: Do it.", ""),
        (Prompt("\nDo it.\nNow."), "ask the agent:", "\nDo it.\nNow."),
        (Ask("Really?"), "ask a person: Really?", ""),
        (Wait(90), "wait 90 s", ""),
        (Wait(90, about="rate_limited"), "wait 90 s (rate_limited)", ""),
        (Spawn((Child("a", title="one"), Child("b"))), "start 2 child sessions: a, b", "a one\nb"),
        (Call("branch", {"name": "x"}), "branch(name='x')", ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_command_is_told_in_words(command: Command, line: str, text: str) -> None:
    """One line, and the lines that do not fit into it."""
    assert descriptions.head_and_text(command) == (line, text)
    assert "\n" not in descriptions.describe_command(command)


def test_times_are_shown_where_the_user_is() -> None:
    """In the local time zone, to the second."""
    time = datetime(2026, 11, 28, 12, 4, 5, 999, UTC)
    assert descriptions.show_time(time) == f"{time.astimezone():%Y-%m-%d %H:%M:%S}"
    assert descriptions.show_time(None) == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_what_it_needs(bare_desk: Desk, shell: str) -> None:
    """A script that asks interlock itself what comes next; nothing is made for it."""
    told = bare_desk("completion", shell)
    assert told.status == 0
    assert f"_INTERLOCK_COMPLETE={shell}_complete" in told.out
    assert not bare_desk.data.exists()


def complete(desk: Desk, line: str) -> list[str]:
    """What the shell would offer at the end of a line."""
    desk.set("_INTERLOCK_COMPLETE", "bash_complete")
    desk.set("COMP_WORDS", line)
    desk.set("COMP_CWORD", str(len(line.split(" ")) - 1))
    told = desk()
    desk.monkeypatch.delenv("_INTERLOCK_COMPLETE")
    assert told.err == ""
    return [offer.partition(",")[2] for offer in told.out.splitlines() if offer]


def test_commands_sessions_types_and_choices_are_completed(desk: Desk) -> None:
    """Where each of them belongs, those that begin as what was typed."""
    one, two = desk.start("greet"), desk.start("gate")
    alien = desk.start("gate", "--account", "other")
    assert complete(desk, "interlock ca") == ["cancel"]
    assert complete(desk, "interlock types ") == [
        *("list", "show", "graph", "check", "new", "trust", "untrust")
    ]
    assert set(complete(desk, "interlock show ")) == {one, two}
    assert complete(desk, f"interlock show {one[:-1]}") == [one]
    assert alien not in complete(desk, "interlock show ")
    assert complete(desk, "interlock --account other show ") == [alien]
    assert complete(desk, "interlock start gre") == ["greet"]
    assert complete(desk, "interlock types graph men") == ["mend"]
    assert complete(desk, "interlock run gre") == ["greet"]
    assert set(complete(desk, "interlock run 0")) == {one, two}
    assert complete(desk, "interlock list --status fa") == ["failed"]
    assert complete(desk, "interlock run gate --agent cod") == ["codex"]
    assert complete(desk, "interlock start gate --environment cl") == ["clone"]
    assert complete(desk, "interlock export --format ma") == ["markdown"]
    (desk.project / "value").write_text("hunter22-and-more")
    desk("secrets", "set", "TOKEN", "--file", "value")
    assert complete(desk, "interlock run gate --secret T") == ["TOKEN"]
    assert complete(desk, "interlock --account other secrets remove ") == []
    assert complete(desk, "interlock log --fo") == ["--follow"]


def test_completion_makes_nothing_and_fails_silently(bare_desk: Desk) -> None:
    """Without a database, or with one that cannot be read, there are no sessions to offer."""
    assert complete(bare_desk, "interlock show ") == []
    assert not bare_desk.data.exists()
    bare_desk.set("INTERLOCK_DATABASE_URL", "nonsense")
    assert complete(bare_desk, "interlock show ") == []


def test_an_interrupt_is_told_in_one_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while anything else than a session runs: exit status 130."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("interlock.sessions.find", interrupt)
    told = desk("list")
    assert told.status == 130
    assert told.err.strip() == "interlock: interrupted"


def test_click_errors_without_a_context_are_told() -> None:
    """Also those that no command raised."""
    assert explain(click.UsageError("that is wrong.")) == ("that is wrong", 2)
