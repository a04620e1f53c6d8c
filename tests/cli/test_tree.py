"""What is true of every command: help, examples, options, and sessions of others."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from interlock.cli.application import application
from interlock.cli.names import SessionId
from interlock.cli.tree import Command, Group
from tests.cli.desk import Desk


def walk(group: Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Command]]:
    """Every command under a group, with the words that lead to it."""
    context = click.Context(group, info_name=path[-1] if path else "interlock")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert isinstance(command, Command)
        yield (*path, name), command
        if isinstance(command, Group):
            yield from walk(command, (*path, name))


assert isinstance(application, Group)
COMMANDS = dict(walk(application))
ALL = {(): application, **COMMANDS}
PATHS = [pytest.param(path, id=" ".join(path) or "interlock") for path in ALL]

OTHERS_WORDS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("answer",): ("approve",),
    ("submit",): ("1", "--status", "ok"),
}
"""What a command needs besides the id of a session."""

TAKES_ID = [
    path
    for path, command in COMMANDS.items()
    if any(isinstance(one, click.Argument) and isinstance(one.type, SessionId)
           for one in command.params)
]  # fmt: skip


def test_every_promised_command_is_there() -> None:
    """Every command that is promised."""
    promised = """init doctor types start run next submit answer list show log cancel retry reopen
        archive use current db completion agents environments verify recover delete"""
    assert {(name,) for name in promised.split()} <= set(COMMANDS)
    assert {path[1] for path in COMMANDS if path[0] == "types" and len(path) == 2} == {
        *("list", "show", "graph", "check", "new", "trust", "untrust")
    }
    assert {path[1] for path in COMMANDS if path[0] == "db" and len(path) == 2} == {
        *("init", "migrate", "check", "stats", "backup", "restore", "move")
    }


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("path", PATHS)
def test_every_command_has_help_with_examples(
    bare_desk: Desk, path: tuple[str, ...], option: str
) -> None:
    """-h and --help say what it does and show how; nothing is made for it."""
    told = bare_desk(*path, option)
    assert told.status == 0
    assert told.err == ""
    assert told.out.startswith(f"Usage: interlock {' '.join(path)}".rstrip())
    _, found, examples = told.out.partition("\nExamples:\n")
    assert found
    assert len(examples.strip().splitlines()) >= 1
    assert not bare_desk.data.exists()


@pytest.mark.parametrize("path", PATHS)
def test_every_example_is_a_command_that_parses(path: tuple[str, ...]) -> None:
    """Each example calls interlock with words that it takes."""
    for line in ALL[path].examples.splitlines():
        calls = re.findall(r"(?:^|\s|&& |\| )interlock((?: [^|>&]+)+)", line)
        assert calls, line
        for call in calls:
            words = shlex.split(call.partition(" > ")[0].partition(" 2>")[0])
            _parse(application, words)


def _parse(command: click.Command, words: list[str]) -> None:
    """Parse words as a command does; raises UsageError when it would."""
    context = command.make_context("interlock", list(words), resilient_parsing=False)
    if isinstance(command, Group):
        left = [*context._protected_args, *context.args]
        if left:
            _, found, rest = command.resolve_command(context, left)
            assert found is not None
            _parse(found, rest)


@pytest.mark.parametrize("path", [path for path, one in ALL.items() if isinstance(one, Group)])
def test_the_summary_of_a_command_is_its_own(path: tuple[str, ...]) -> None:
    """A group's table names commands that are there, by their names."""
    group = ALL[path]
    assert isinstance(group, Group)
    for name in group.table:
        assert COMMANDS[(*path, name)].name == name
        assert group.table[name][1].endswith(".")


def test_every_group_and_option_is_documented() -> None:
    """No option is without help, and no command without a text."""
    for path, command in ALL.items():
        assert (command.help or "").strip(), path
        for param in command.params:
            if isinstance(param, click.Option):
                assert param.help, (path, param.name)


@pytest.mark.parametrize("path", TAKES_ID, ids=" ".join)
@pytest.mark.parametrize("who", ["another account", "another account's project", "nobody"])
def test_a_session_of_others_is_not_found(desk: Desk, path: tuple[str, ...], who: str) -> None:
    """Every command that takes an ID answers the same for one of another account as for one that
    there never was: exit status 3, one line, nothing of the session."""
    theirs = desk.start("gate", "--account", "other", "--project", "secret", "--title", "secret")
    if who == "nobody":
        theirs = theirs[:-4] + ("0000" if theirs[-4:] != "0000" else "1111")
    words = [*path, theirs, *OTHERS_WORDS.get(path, ())]
    if who == "another account's project":
        words += ["--project", "secret"]
    told = desk(*words)
    assert told.status == 3
    assert told.out == ""
    assert told.err == (
        f"interlock: there is no session {theirs} here; `interlock list` shows those there are\n"
    )
    shown = desk.json("show", theirs, "--account", "other") if who != "nobody" else None
    assert shown is None or shown["interaction_count"] == 0


@pytest.mark.parametrize("path", TAKES_ID, ids=" ".join)
def test_an_ambiguous_beginning_is_refused(desk: Desk, path: tuple[str, ...]) -> None:
    """Every command that takes an ID names some it could be: exit status 2."""
    first, second = desk.start("gate"), desk.start("gate")
    told = desk(*path, "0", *OTHERS_WORDS.get(path, ()))
    assert told.status == 2
    assert first in told.err
    assert second in told.err


JSON_WORDS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("types", "show"): ("greet",),
    ("types", "check"): ("greet",),
    ("start",): ("greet",),
    ("run",): ("greet",),
    ("submit",): ("1", "--status", "approve"),
    ("answer",): ("approve",),
    ("db", "backup"): ("copy.db",),
    ("db", "restore"): ("kept.db", "--yes"),
    ("delete",): ("--yes",),
    ("secrets", "set"): ("TOKEN", "--file", "value"),
    ("secrets", "remove"): ("TOKEN",),
}
"""What a command with --json needs besides it. There is a current session that asks."""

NEED_FILES = (("diff",), ("offer",), ("pull-request",))
"""Commands of sessions that have files of their own."""

ENDED = ("retry", "reopen", "archive", "delete")


@pytest.mark.parametrize(
    "path",
    [
        path
        for path, one in COMMANDS.items()
        if any(p.name == "as_json" for p in one.params) and path not in NEED_FILES
    ],
    ids=" ".join,
)
def test_json_is_one_document(desk: Desk, path: tuple[str, ...]) -> None:
    """Every command that has --json prints one JSON document and nothing else; `diff`, which needs
    a session that keeps its files, has tests of its own."""
    desk.start("break" if path == ("retry",) else "gate")
    if path == ("retry",):
        desk("run")
    else:
        desk("next")
    if path[0] in ENDED and path != ("retry",):
        desk("cancel")
    if path[0] == "secrets":
        (desk.project / "value").write_text("hunter22-and-more")
        desk("secrets", "set", "TOKEN", "--file", "value")
    if path == ("db", "restore"):
        desk("db", "backup", "kept.db")
    there = (f"sqlite:///{desk.project}/moved.db",) if path == ("db", "move") else ()
    told = desk(*path, *JSON_WORDS.get(path, there), "--json")
    assert told.status == 0, told.err
    assert isinstance(told.json, dict | list)
    assert told.out.isascii()


def test_every_reading_command_has_json() -> None:
    """Those that only look, and those that print a session."""
    reading = """types, types list, types show, types check, agents, environments, next, list, show,
        log, current, db check, db stats, doctor, run, start, submit, answer, cancel, retry"""
    for words in reading.split(","):
        command = COMMANDS[tuple(words.split())]
        assert any(param.name == "as_json" for param in command.params), words


def test_the_commands_that_take_an_id_are_known() -> None:
    """The tests above see all of them."""
    names = "run next submit answer show log verify budget cost export promote diff cancel retry "
    names += "reopen archive delete use offer pull-request queue"
    assert {path[0] for path in TAKES_ID} == set(names.split())
