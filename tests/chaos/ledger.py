"""What a workload left outside of the database, held against what the database says."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from interlock import Interaction, Scope, Session, sessions
from interlock.engine.commands import Ask
from interlock.engine.errors import Refused
from tests.acceptance.user import User

Place = tuple[str, int]
"""A session and the number of a row."""


def effects(file: Path) -> dict[Place, list[str]]:
    """The tokens that commands left, by the row that they are of."""
    found: dict[Place, list[str]] = defaultdict(list)
    for line in lines(file):
        session, seq, _, token = line.split()
        found[session, int(seq)].append(token)
    return found


def acknowledged(file: Path) -> dict[Place, str]:
    """The token of each result whose acceptance a client has heard."""
    words = (line.split() for line in lines(file))
    return {(session, int(seq)): token for session, seq, token in words}


def lines(file: Path) -> list[str]:
    """The whole lines of a file; none where there is none."""
    text = file.read_text() if file.exists() else ""
    return text[: text.rfind("\n") + 1].splitlines()


def every(scope: Scope) -> Iterator[Session]:
    """All sessions in scope."""
    after = None
    while True:
        page = sessions.find(scope, limit=200, after=after)
        yield from page.sessions
        after = page.cursor
        if after is None:
            return


def faults(scope: Scope, acted: dict[Place, list[str]], heard: dict[Place, str]) -> list[str]:
    """What the database lost, doubled or left out; nothing where all is well."""
    said: list[str] = []
    known: set[Place] = set()
    for session in every(scope):
        rows = list(sessions.history(scope, session.id))
        numbers = [row.seq for row in rows]
        if numbers != list(range(1, session.seq + 1)):
            said.append(f"{session.id}: its rows are {numbers}")
        for row in rows:
            place = (session.id, row.seq)
            known.add(place)
            said += [f"{place}: {why}" for why in _row_faults(session, row, acted, heard)]
        if session.active:
            said.append(f"{session.id}: stands at {session.step}")
    said += [f"{place}: has no row" for place in {*acted, *heard} - known]
    return said


def _row_faults(
    session: Session, row: Interaction, acted: dict[Place, list[str]], heard: dict[Place, str]
) -> Iterator[str]:
    place = (session.id, row.seq)
    tokens, output = acted.get(place, []), row.result.output if row.result else None
    if len(tokens) > 1:
        yield f"ran {len(tokens)} times"
    if row.status == "open":
        yield "is open"
    if place in heard and output != heard[place]:
        yield f"was acknowledged with {heard[place]} and is {row.status} with {output!r}"
    executed = session.type != "talk" and not isinstance(row.command, Ask)
    if executed and row.status == "done" and [output] != tokens:
        yield f"is done with {output!r}, and what ran left {tokens}"
    if executed and row.status not in ("done", "unknown"):
        yield f"is {row.status}"


def statuses(scope: Scope) -> Counter[str]:
    """How many rows of sessions that run commands have each status."""
    found = (one for one in every(scope) if one.type != "talk")
    return Counter(row.status for one in found for row in sessions.history(scope, one.id))


def settle_parked(scope: Scope) -> int:
    """How many sessions that were parked are told to try again."""
    count = 0
    for session in sessions.find(scope, type="errand", status="active", limit=200).sessions:
        row = session.open
        if session.active and row is not None and isinstance(row.command, Ask):
            try:
                sessions.answer(scope, session.id, "retry")
            except Refused:
                continue
            count += 1
    return count


def require_sound(user: User, told: object) -> None:
    """`interlock verify --all` finds every session as it was written."""
    done = user("verify", "--all")
    assert done.returncode == 0, (told, done.stdout, done.stderr)
