"""Every way through a built-in leads where it should, and together they take every row."""

import pytest
from attrs import evolve

from interlock.engine import Log, replay
from tests.session_types.driver import NAMES, follow, load
from tests.session_types.paths import PATHS

WAYS = [(name, way) for name, paths in PATHS.items() for way in paths.ways]


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_a_way_leads_where_it_should(name: str, way: str) -> None:
    """The session takes each step in turn and ends as the path says; a failed one says why."""
    paths = PATHS[name]
    session = follow(load(name), paths.input, way, paths.results).session
    assert bool(session.reason) == (session.status in ("failed", "cancelled"))


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_the_log_alone_leads_to_the_same_place(name: str, way: str) -> None:
    """Replaying the log gives the session that wrote it."""
    paths = PATHS[name]
    session = follow(load(name), paths.input, way, paths.results).session
    assert isinstance(session.log, Log)
    again = replay(load(name), session.log, input=session.input)
    assert again == evolve(session, unsaved=())


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_taken(name: str) -> None:
    """The paths of a type take each row of its table."""
    kind, paths = load(name), PATHS[name]
    taken = {
        row for way in paths.ways for row in follow(kind, paths.input, way, paths.results).rows
    }
    assert [str(row) for row in kind.definition.rows if row not in taken] == []
