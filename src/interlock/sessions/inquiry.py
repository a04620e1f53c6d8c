"""Looking: sessions, their log, their events; nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from attrs import frozen

from interlock import engine
from interlock.engine.errors import InvalidInput, TypeUnusable
from interlock.engine.values import STATUSES, Interaction, Scope, Session
from interlock.sessions.work import find_row, kind_of, load
from interlock.store import chain, queries, records, usage_check
from interlock.store.acting import scoped
from interlock.store.queries import Context, Event

MAX_LIMIT = 1000
ID_LENGTH = 36


@frozen
class Page:
    """Some sessions, newest first, and the cursor that goes on after them; None at the end."""

    sessions: tuple[Session, ...]
    cursor: str | None


@scoped
def get(scope: Scope, session_id: str) -> Session:
    """The session with its open interaction. Raises SessionNotFound."""
    return load(scope, session_id)


@scoped
def resolve(scope: Scope, prefix: str) -> str:
    """The id of the one session in scope whose id begins so. Raises SessionNotFound, and
    InvalidInput naming some when there are several."""
    if len(prefix) == ID_LENGTH and records.one(scope, prefix) is not None:
        return prefix
    found = queries.ids_like(scope, prefix) if prefix else []
    if not found:
        return load(scope, prefix).id  # it says when one was deleted
    if len(found) > 1:
        raise InvalidInput(f"{prefix} could be {' or '.join(found)}; give more of the id")
    return found[0]


@scoped
def find(
    scope: Scope,
    *,
    status: str | Sequence[str] | None = None,
    type: str | None = None,
    text: str | None = None,
    parent: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    archived: bool = False,
    limit: int = 20,
    after: str | None = None,
) -> Page:
    """Sessions in scope, newest first; `text` is looked for in titles and types.

    Archived ones only with `archived`. A scope without a project sees all of its account's.
    Raises InvalidInput.
    """
    wanted = (status,) if isinstance(status, str) else tuple(status or ())
    for name in wanted:
        if name not in STATUSES:
            raise InvalidInput(f"no status {name!r}; use {', '.join(STATUSES)}")
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInput(f"a limit is 1 to {MAX_LIMIT}, not {limit}")
    for time in (since, until):
        if time is not None and time.tzinfo is None:
            raise InvalidInput(f"{time.isoformat()} needs its time zone, such as +00:00")
    found = queries.sessions(
        scope,
        status=wanted,
        type=type,
        text=text,
        parent_id=parent,
        since=since,
        until=until,
        archived=archived,
        limit=limit + 1,
        before=after,
    )
    page = found[:limit]
    return Page(tuple(page), page[-1].id if len(found) > limit else None)


@scoped
def history(
    scope: Scope,
    session_id: str,
    *,
    step: str | None = None,
    after: int = 0,
    limit: int | None = None,
) -> Iterator[Interaction]:
    """A session's interactions in order, those past `after`, read as they are asked for."""
    return queries.rows(load(scope, session_id), step=step, after=after, limit=limit)


@scoped
def events(
    scope: Scope,
    session_id: str,
    *,
    interaction: str | None = None,
    after: int = 0,
    limit: int | None = None,
) -> Iterator[Event]:
    """What happened inside a session's interactions, in order, past the event `after`."""
    session = load(scope, session_id)
    seq = None if interaction is None else find_row(session, interaction).seq
    return queries.events(session, seq=seq, after=after, limit=limit)


@scoped
def contexts(scope: Scope, session_id: str) -> list[Context]:
    """The texts that go with a session, in the order they were added."""
    return queries.contexts(load(scope, session_id))


@scoped
def verify(scope: Scope, session_id: str) -> list[str]:
    """What in a session is not as it was written, or does not follow from its log; empty for
    nothing: the chain of its rows, payloads kept apart, the replay, the sums of what was used.

    A replay is not made where the type is not there or has another definition by now.
    Raises SessionNotFound.
    """
    session = load(scope, session_id)
    said = list(chain.faults(session.id)) or usage_check.faults(session)
    if said:
        return said
    try:
        known = kind_of(session).definition.digest == session.type_digest
    except TypeUnusable:
        return []
    return check(scope, session_id) if known else []


@scoped
def check(scope: Scope, session_id: str) -> list[str]:
    """Every way in which a session's row differs from the replay of its log; empty when none.

    Raises SessionNotFound, UnknownType, BrokenType.
    """
    session = load(scope, session_id)
    kind = kind_of(session)
    try:
        replayed = engine.replay(
            kind, queries.rows(session), input=session.input, budget=session.budget
        )
    except InvalidInput as error:
        return [str(error)]
    return [
        f"{name} is {getattr(session, name)!r}, the log leads to {getattr(replayed, name)!r}"
        for name in ("step", "status", "state", "attempt", "seq", "since")
        if getattr(session, name) != getattr(replayed, name)
    ]
