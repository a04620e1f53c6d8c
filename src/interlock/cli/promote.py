"""`interlock promote`: a recorded session as a test that replays it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from interlock import sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.names import id_argument
from interlock.cli.outlet import say
from interlock.cli.replay_test import count_sessions, render
from interlock.cli.tree import Command
from interlock.engine import Interaction, Scope, Session
from interlock.engine.errors import InvalidInput

KEPT = (
    *("id", "type", "status", "step", "title", "agent", "environment", "workdir"),
    *("parent_id", "component_id"),
)
PAGE = 1000


@click.command(
    cls=Command,
    examples="""
        interlock promote
        interlock promote 019ac3 -o tests/test_login_fix.py && pytest tests/test_login_fix.py
        interlock promote 019ac3 -o tests/test_login_fix.py --force
    """,
)
@id_argument
@click.option("-o", "--output", metavar="FILE", help="The test; else test_TYPE_ID.py, here.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@pass_caller
def promote(caller: Caller, session_id: str | None, output: str | None, force: bool) -> None:
    """Write a session as a pytest file that replays it, with what was recorded in a .json beside.

    The test hands the recorded results to the session type, and fails with a diff where it makes
    another command, goes another way or ends elsewhere. It asks no model and executes nothing.
    Each child session becomes a test of its own. The recording has what the log has: read it
    before you share it.
    """
    scope, found = caller.locate(session_id)
    session = sessions.get(scope, found)
    if not session.seq:
        raise InvalidInput(f"session {session.id} has no interactions yet; `interlock run` begins")
    test = Path(output or f"test_{session.type}_{session.id[:8]}.py").absolute()
    if test.suffix != ".py":
        raise InvalidInput(f"-o {output} is no Python file; name one like test_{session.type}.py")
    recorded = [
        (one, list(sessions.history(scope, one.id))) for one in _find_family(scope, session)
    ]
    recording = {"sessions": [record_session(*one) for one in recorded]}
    files = {test.with_suffix(".json"): json.dumps(recording, indent=1) + "\n"}
    _write({**files, test: render(recorded, test)}, force=force)
    shown, count = os.path.relpath(test), count_sessions([one for one, _ in recorded])
    say(f"wrote {shown} and {test.stem}.json; `pytest {shown}` replays {count}")


def _find_family(scope: Scope, session: Session) -> Iterator[Session]:
    """The session, and all that descend from it, each before its children."""
    yield session
    children: list[Session] = []
    after = None
    while True:
        page = sessions.find(scope, parent=session.id, archived=True, limit=PAGE, after=after)
        children += page.sessions
        after = page.cursor
        if after is None:
            break
    for child in reversed(children):
        yield from _find_family(scope, child)


def record_session(session: Session, rows: Iterable[Interaction]) -> dict[str, Any]:
    """What a replay needs of a session and its log, as JSON data."""
    facts = {name: getattr(session, name) for name in KEPT}
    kept = {name: value for name, value in facts.items() if value is not None}
    told = [_row_data(row) for row in rows]
    return {**kept, "input": dict(session.input), "budget": session.budget, "rows": told}


def _row_data(row: Interaction) -> dict[str, Any]:
    from interlock.store import codec

    data = {
        "seq": row.seq,
        "step": row.step,
        "attempt": row.attempt,
        "status": row.status,
        "command": codec.command_data(row.command),
    }
    if row.result is not None:
        data["result"] = codec.result_data(row.result)
    # Its step read another result in what was handed in, and that is not kept.
    return data | ({"read": True} if row.submitted is not None else {})


def _write(files: Mapping[Path, str], *, force: bool) -> None:
    try:
        for file, text in files.items():
            if not force and file.exists() and file.read_text(encoding="utf-8") != text:
                raise InvalidInput(f"{file} is there already; give --force, or another -o FILE")
        for file, text in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise InvalidInput(f"the test cannot be written: {error}") from None
