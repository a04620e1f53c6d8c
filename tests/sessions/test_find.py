"""Finding sessions: by what they are, page by page, newest first."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from interlock import Scope, Session, sessions
from interlock.engine.errors import InvalidInput, SessionNotFound
from tests.sessions.moves import fail, finish


def ids(scope: Scope, **asked: Any) -> list[str]:
    """The ids of what is found."""
    return [session.id for session in sessions.find(scope, **asked).sessions]


@pytest.fixture
def some(scope: Scope) -> dict[str, Session]:
    """One session of each kind, oldest first."""
    return {
        "active": sessions.create(scope, "pair", title="Write the Parser"),
        "complete": finish(scope, sessions.create(scope, "pair", title="Read 100%")),
        "failed": fail(scope, sessions.create(scope, "loop", title="Write_it")),
        "cancelled": sessions.cancel(scope, sessions.create(scope, "approval").id),
    }


def test_the_newest_come_first(scope: Scope, some: dict[str, Session]) -> None:
    """All of a scope, with their open interactions."""
    assert ids(scope) == [session.id for session in reversed(some.values())]
    row = sessions.next_command(scope, some["active"].id)
    assert sessions.find(scope).sessions[-1].open == row
    assert sessions.find(scope).sessions[-1] == sessions.get(scope, some["active"].id)


@pytest.mark.parametrize("status", ["active", "complete", "failed", "cancelled"])
def test_sessions_are_found_by_status(scope: Scope, some: dict[str, Session], status: str) -> None:
    """One status, or several."""
    assert ids(scope, status=status) == [some[status].id]
    both = ids(scope, status=["cancelled", status])
    assert set(both) == {some[status].id, some["cancelled"].id}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"type": "pair"}, ["complete", "active"]),
        ({"type": "nothing"}, []),
        ({"text": "write"}, ["failed", "active"]),
        ({"text": "write_"}, ["failed"]),
        ({"text": "%"}, ["complete"]),
        ({"text": "approv"}, ["cancelled"]),
        ({"text": "", "type": "loop"}, ["failed"]),
        ({"text": "write", "status": "failed", "type": "loop"}, ["failed"]),
        ({"limit": 2}, ["cancelled", "failed"]),
    ],
    ids=str,
)
def test_sessions_are_found_by_what_they_are(
    scope: Scope, some: dict[str, Session], asked: dict[str, Any], expected: list[str]
) -> None:
    """By type, by words of title and type in any case, and all of that together."""
    assert ids(scope, **asked) == [some[name].id for name in expected]


def test_sessions_are_found_by_time(scope: Scope, some: dict[str, Session]) -> None:
    """Those created at `since` or later and before `until`, in whatever zone that is told."""
    times = [session.inserted_at for session in some.values()]
    middle = times[2]
    assert middle is not None
    newest_first = [session.id for session in reversed(some.values())]
    assert ids(scope, since=middle) == newest_first[:2]
    assert ids(scope, until=middle) == newest_first[2:]
    local = middle.astimezone(tz=None)
    assert ids(scope, since=local, until=local + timedelta(microseconds=1)) == [some["failed"].id]
    assert ids(scope, since=datetime.now(UTC) + timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"status": "open"}, "no status 'open'; use active, complete, failed, cancelled"),
        ({"status": ["active", ""]}, "no status ''"),
        ({"limit": 0}, "a limit is 1 to 1000, not 0"),
        ({"limit": 1001}, "a limit is 1 to 1000, not 1001"),
        ({"since": datetime(2026, 1, 1)}, "needs its time zone"),  # noqa: DTZ001
        ({"until": datetime(2026, 1, 1)}, "needs its time zone"),  # noqa: DTZ001
        ({"text": "\ud800"}, "cannot keep this value"),
        ({"type": "\ud800"}, "cannot keep this value"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused(scope: Scope, asked: dict[str, Any], told: str) -> None:
    """A question that makes no sense is told in one line."""
    with pytest.raises(InvalidInput, match=told):
        sessions.find(scope, **asked)


def test_pages_have_no_gap_and_no_repeat_while_rows_are_added(scope: Scope) -> None:
    """Who pages through sees each session that was there once, however many come meanwhile."""
    there = [sessions.create(scope, "pair").id for _ in range(10)]
    seen: list[str] = []
    cursor = None
    while True:
        page = sessions.find(scope, limit=3, after=cursor)
        seen += [session.id for session in page.sessions]
        sessions.create(scope, "pair")
        sessions.create(scope, "loop")
        if page.cursor is None:
            break
        cursor = page.cursor
    assert seen == there[::-1]


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6])
def test_the_last_page_has_no_cursor(scope: Scope, limit: int) -> None:
    """A cursor is there exactly where more is to come, also where a page is just full."""
    there = [sessions.create(scope, "pair").id for _ in range(5)]
    seen: list[str] = []
    pages = 0
    cursor: str | None = ""
    while cursor is not None:
        page = sessions.find(scope, limit=limit, after=cursor or None)
        seen += [session.id for session in page.sessions]
        pages, cursor = pages + 1, page.cursor
    assert seen == there[::-1]
    assert pages == -(-5 // limit)


def test_pages_keep_to_what_was_asked(scope: Scope) -> None:
    """The cursor goes on within the same question."""
    wanted = []
    for _ in range(4):
        wanted.append(sessions.create(scope, "loop").id)
        sessions.create(scope, "pair")
    first = sessions.find(scope, type="loop", limit=3)
    second = sessions.find(scope, type="loop", limit=3, after=first.cursor)
    assert [s.id for s in (*first.sessions, *second.sessions)] == wanted[::-1]


def test_archived_sessions_are_left_out(scope: Scope, some: dict[str, Session]) -> None:
    """An archived session is found only by who asks for such; its id is still good."""
    archived = sessions.archive(scope, some["complete"].id)
    assert archived.archived_at is not None
    assert archived.id not in ids(scope)
    assert archived.id in ids(scope, archived=True)
    assert sessions.get(scope, archived.id) == archived
    assert sessions.resolve(scope, archived.id) == archived.id
    back = sessions.archive(scope, archived.id, undo=True)
    assert back.archived_at is None
    assert archived.id in ids(scope)


def test_a_unique_prefix_is_an_id(scope: Scope) -> None:
    """As much of an id as tells it from the others is enough."""
    first, second = (sessions.create(scope, "pair").id for _ in range(2))
    shared = next(n for n in range(36) if first[n] != second[n])
    assert sessions.resolve(scope, first) == first
    assert sessions.resolve(scope, first[: shared + 1]) == first
    assert sessions.resolve(scope, second[: shared + 1]) == second
    with pytest.raises(InvalidInput, match=f"{first[:shared]} could be {first} or {second}; give"):
        sessions.resolve(scope, first[:shared])


@pytest.mark.parametrize("bad", ["", "zzz", "0" * 36, "%", "_", "\0", "é"])
def test_a_prefix_of_nothing_is_not_found(scope: Scope, bad: str) -> None:
    """No character of a prefix stands for another, and nothing is no prefix."""
    sessions.create(scope, "pair")
    with pytest.raises(SessionNotFound):
        sessions.resolve(scope, bad)
