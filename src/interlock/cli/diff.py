"""`interlock diff`: what a session, or a step of it, did to the files."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import click

from interlock import sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.descriptions import headline
from interlock.cli.names import SESSION_ID, names_session
from interlock.cli.outlet import data, document, say
from interlock.cli.tree import Command, json_option
from interlock.engine import Interaction, Scope
from interlock.engine.errors import InvalidInput


@click.command(
    cls=Command,
    examples="""
        interlock diff
        interlock diff 019ac3 implement
        interlock diff 019ac3 4 --stat
        interlock diff 019ac3 > change.patch
        interlock diff 019ac3 --patch change.patch && git am change.patch
    """,
)
@click.argument("words", metavar="[ID] [STEP]", nargs=-1, type=SESSION_ID)
@click.option("--stat", is_flag=True, help="Only the files, with their numbers of changed lines.")
@click.option(
    "--patch", "file", metavar="FILE", help="Write it as a commit for `git am` into this file."
)
@json_option
@pass_caller
def diff(
    caller: Caller, words: tuple[str, ...], stat: bool, file: str | None, as_json: bool
) -> None:
    """Show what a session did to the files, or one STEP of it, as a patch that git can apply.

    STEP is the name of a step, whose last row is meant, or the number of a row. Only a session in
    a clone or a work tree of its own keeps its files. What git ignores is left out.
    """
    from interlock.environments import differences
    from interlock.environments.results import Refusal

    scope, found, step = _read(caller, words)
    rows = _rows(scope, found, step)
    seen = differences.span(rows)
    if seen is None:
        _refuse(scope, found, step, any(rows))
    try:
        if as_json:
            told = differences.patch(found, seen).decode(errors="backslashreplace")
            document(
                {
                    "session": found,
                    "rows": list(seen.rows),
                    "before": seen.before,
                    "after": seen.after,
                    "files": differences.files(found, seen),
                    "patch": told,
                }
            )
        elif seen.before == seen.after:
            say("nothing was changed", error=True)
        elif file is not None:
            subject = headline(sessions.get(scope, found))
            _write(file, differences.mail(found, seen, subject))
        elif stat:
            say(differences.summary(found, seen))
        else:
            data(differences.patch(found, seen))
    except Refusal as refusal:
        raise InvalidInput(str(refusal)) from None


def _refuse(scope: Scope, session_id: str, step: str | None, known: bool) -> NoReturn:
    """Say why there are no files to compare."""
    if step is not None and not known:
        steps = dict.fromkeys(row.step for row in sessions.history(scope, session_id) if row.step)
        done = ", ".join(steps) or "none yet"
        raise InvalidInput(
            f"the session has no result of step {step}; steps that it came to: {done}"
        )
    what = "this session" if step is None else f"step {step}"
    raise InvalidInput(
        f"no files were kept of {what}: only commands in a clone or a work tree keep them, "
        "as with --environment clone"
    )


def _write(file: str, content: bytes) -> None:
    try:
        Path(file).write_bytes(content)
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or error
        raise InvalidInput(f"--patch {file} cannot be written: {told}") from None
    say(f"wrote {file}: `git am` makes a commit of it, `git apply` only the changes")


def _read(caller: Caller, words: tuple[str, ...]) -> tuple[Scope, str, str | None]:
    if len(words) > 2:
        raise click.UsageError("give [ID] [STEP]", click.get_current_context())
    given = words if len(words) == 2 or not words or names_session(words[0]) else (None, *words)
    scope, found = caller.locate(given[0] if given else None)
    return scope, found, given[1] if len(given) == 2 else None


def _rows(scope: Scope, session_id: str, step: str | None) -> list[Interaction]:
    if step is None:
        return list(sessions.history(scope, session_id))
    if step.isdecimal():
        after = int(step) - 1
        return (
            list(sessions.history(scope, session_id, after=after, limit=1))[:1]
            if after >= 0
            else []
        )
    rows = [row for row in sessions.history(scope, session_id, step=step) if row.result]
    return rows[-1:]
