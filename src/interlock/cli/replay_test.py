"""The text of a test that replays recorded sessions."""

from __future__ import annotations

import json
import os
import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from interlock import plugins
from interlock.engine import Interaction, Session
from interlock.engine.fold import is_own
from interlock.plugins.listing import BUILT_IN, TRUSTED

WIDTH = 92
MODULE = '''\
"""{count}, replayed without a model.

Promoted from session {id} of {date}.
The recorded results must lead the session type along the same path, and it must make the same
commands. Nothing is executed. Where the type was changed on purpose, promote the session again.
"""

from pathlib import Path

from interlock.testing import assert_path, replay

RECORDING = Path(__file__).with_suffix(".json")
'''
TEST = '''

def {name}() -> None:
    """Session {id} of {date}
    is {end}."""
    session = replay(RECORDING, "{id}", {kind})
    assert_path(
        session,
        """
{path}
        """,
    )
'''
FILE = """\
# A file, which is run as it is now. Where a test can import the class, that will do as well:
# from {module} import {kind}
"""

Recorded = tuple[Session, Sequence[Interaction]]


def render(recorded: Sequence[Recorded], test: Path) -> str:
    """The text of the file `test`, with a test for each session and its log; the first is the one
    that was asked for. Raises UnknownType, BrokenType."""
    first = recorded[0][0]
    count = count_sessions([session for session, _ in recorded])
    text = MODULE.format(count=count.capitalize(), date=_date(first), id=first.id)
    names = dict.fromkeys(session.type for session, _ in recorded)
    text += "".join(_declare(name, test) for name in names)
    used: Counter[str] = Counter()
    for session, rows in recorded:
        used[session.type] += 1
        number = f"_{used[session.type]}" if used[session.type] > 1 else ""
        text += TEST.format(
            name=f"test_{session.type}{number}",
            id=session.id,
            date=_date(session),
            end=_quote(session),
            kind=session.type.upper(),
            path=_path(session, rows),
        )
    return text


def count_sessions(family: Sequence[Session]) -> str:
    """A session and its children in words."""
    children = len(family) - 1
    beside = f" and {children} child{'ren' if children > 1 else ''}" if children else ""
    return f"a session of type {family[0].type}{beside}"


def _declare(name: str, test: Path) -> str:
    """The constant that stands for a type in the file."""
    kind = plugins.load_type(name)
    offers = [plugin for plugin in plugins.available(plugins.SESSION_TYPES) if plugin.name == name]
    trusted = [one.target for one in offers if one.source == TRUSTED]
    if not trusted or any(one.source == BUILT_IN for one in offers):
        return f"{name.upper()} = {json.dumps(name)}\n"
    note = FILE.format(module=Path(trusted[0]).stem, kind=kind.__name__)
    where = json.dumps(f"{os.path.relpath(trusted[0], test.parent)}:{name}")
    return f"{note}{name.upper()} = {where}\n"


def _path(session: Session, rows: Sequence[Interaction]) -> str:
    words = [
        f"{row.step}:{row.result.status}"
        for row in rows
        if row.step and row.status == "done" and row.result and not is_own(row.command)
    ]
    path = textwrap.fill(" ".join(words), WIDTH, break_on_hyphens=False, break_long_words=False)
    return textwrap.indent("\n".join(filter(None, (path, session.status))), " " * 8)


def _date(session: Session) -> str:
    return "" if session.inserted_at is None else f"{session.inserted_at:%Y-%m-%d %H:%M} UTC"


def _quote(session: Session) -> str:
    """How a session stands, as it can be written in a docstring."""
    reason = f" ({' '.join(session.reason.split())})" if session.reason else ""
    text = f"{session.status} at {session.step}{reason}"[:WIDTH]
    return text.replace("\\", "/").replace('"', "'").encode("ascii", "replace").decode()
