"""Taking a session's turns by hand: `interlock next`, `submit` and `answer`."""

from __future__ import annotations

from typing import Any

import click

from interlock import sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.descriptions import head_and_text, show_attempt, show_time
from interlock.cli.documents import command_document, session_document
from interlock.cli.json_input import read_object, read_text
from interlock.cli.names import SESSION_ID, id_argument
from interlock.cli.outlet import document, say, tell
from interlock.cli.standing import advise, say_where
from interlock.cli.tree import Command, json_option
from interlock.engine import Ask, Interaction, Result, Session, Spawn, Wait


@click.command(
    "next",
    cls=Command,
    examples="""
        interlock next --json
        interlock next 019ac3 --reissue
    """,
)
@id_argument
@click.option("--reissue", is_flag=True, help="Give the open command up and make it anew.")
@json_option
@pass_caller
def next_(caller: Caller, session_id: str | None, reissue: bool, as_json: bool) -> None:
    """Say what to do next in a session. Asking again changes nothing.

    Whoever executes the command hands the result in with `interlock submit`. With --reissue the
    open command is kept in the log as superseded, and a result for it comes too late.
    """
    scope, found = caller.locate(session_id)
    row = sessions.next_command(scope, found, reissue=reissue)
    if as_json:
        document(command_document(row))
        return
    tell((row.step, "bold"), f"  {show_attempt(row, None)}".rstrip(), f"  {row.id}")
    for part in head_and_text(row.command):
        if part.strip():
            say(part.rstrip())
    say(_how_to_answer(row))


def _how_to_answer(row: Interaction) -> str:
    match row.command:
        case Ask(choices=choices):
            return f"`interlock answer {row.session_id} CHOICE` with {' or '.join(choices)}"
        case Wait():
            return f"it waits until {show_time(row.due_at)}"
        case Spawn():
            return f"it waits for its child sessions; `interlock run {row.session_id}` drives them"
    return f"`interlock submit {row.id} --status ok` hands its result in"


@click.command(
    cls=Command,
    examples="""
        interlock submit 019ac3f0-83a2-7c11-9d65-0242ac120002.4 --status ok --output "12 passed"
        make test 2>&1 | interlock submit 4 --status error --code 2 --output -
        interlock submit 4 --status ok --data '{"files": 3}' --json
    """,
)
@click.argument("words", metavar="[ID] INTERACTION_ID", nargs=-1, required=True, type=SESSION_ID)
@click.option("--status", metavar="S", required=True, help="ok, error, or a trigger of the step.")
@click.option("--output", metavar="TEXT", help="What it printed; - reads it from standard input.")
@click.option("--data", metavar="JSON", help="A JSON object with what else came back.")
@click.option("--code", metavar="N", type=int, help="The exit code.")
@click.option("--error", metavar="TEXT", help="Why it is not ok, in words.")
@json_option
@pass_caller
def submit(caller: Caller, words: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """Hand in the result of a session's open command.

    INTERACTION_ID is what `interlock next` calls it, or only its number. The same result twice is
    accepted once. Another result for the same interaction is refused, as is one for a session that
    has ended; it is kept in the log and moves nothing.
    """
    session_word, interaction = split_words(words)
    scope, found = caller.locate(session_word)
    owner, dot, seq = interaction.rpartition(".")
    named = f"{found}.{seq}" if dot and owner and found.startswith(owner) else interaction
    session = sessions.handle_result(scope, found, named, read_result(**given))
    _report(session, as_json)


def split_words(words: tuple[str, ...]) -> tuple[str | None, str]:
    """The session's word, if there is one, and the interaction's. Raises UsageError."""
    if len(words) > 2:
        raise click.UsageError(
            f"{len(words)} words are too many: give [ID] INTERACTION_ID",
            click.get_current_context(),
        )
    if len(words) == 2:
        return words[0], words[1]
    owner, _, _ = words[0].rpartition(".")
    return owner or None, words[0]


def read_result(
    status: str, output: str | None, data: str | None, code: int | None, error: str | None
) -> Result:
    """The result that the options say. Raises InvalidInput."""
    text = read_text("-", "--output") if output == "-" else output or ""
    told = {} if data is None else read_object(data, "--data")
    return Result(status, output=text, data=told, code=code, error=error)


@click.command(
    cls=Command,
    examples="""
        interlock answer approve
        interlock answer 019ac3 revise --comment "Keep the old option too."
    """,
)
@click.argument("words", metavar="[ID] CHOICE", nargs=-1, required=True, type=SESSION_ID)
@click.option("--comment", metavar="T", default="", help="What to say with it; - reads it here.")
@json_option
@pass_caller
def answer(caller: Caller, words: tuple[str, ...], comment: str, as_json: bool) -> None:
    """Answer the question a session waits for with one of its choices.

    `interlock show` has the question. The session then goes on with `interlock run`.
    """
    if len(words) > 2:
        raise click.UsageError("give [ID] CHOICE", click.get_current_context())
    scope, found = caller.locate(words[0] if len(words) == 2 else None)
    text = read_text("-", "--comment") if comment == "-" else comment
    _report(sessions.answer(scope, found, words[-1], text), as_json)


def _report(session: Session, as_json: bool) -> None:
    if as_json:
        document(session_document(session))
        return
    say_where(session)
    for line in advise(session):
        say(line)
