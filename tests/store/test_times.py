"""Every time is UTC and sorts as text the way it passes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.store import queries, tables, times
from interlock.store.connection import execute, fetch, tx
from interlock.store.times import read_time, write_time
from tests.store.samples import NOW, enter, issue, new_session

ZONES = st.builds(timezone, st.timedeltas(timedelta(hours=-14), timedelta(hours=14)))
MOMENTS = st.builds(
    lambda since, zone: (datetime(2000, 1, 1, tzinfo=UTC) + since).astimezone(zone),
    st.timedeltas(timedelta(days=-300_000), timedelta(days=2_900_000)),
    ZONES,
)


@given(MOMENTS, MOMENTS)
def test_times_sort_as_text(one: datetime, other: datetime) -> None:
    """The texts of two times compare as the times do, whatever their zones."""
    first, second = write_time(one), write_time(other)
    assert first is not None
    assert second is not None
    assert (first < second, first == second) == (one < other, one == other)


@given(MOMENTS)
def test_a_time_comes_back_in_utc(moment: datetime) -> None:
    """A time is the same moment after it was kept, to the microsecond, and it is in UTC."""
    found = read_time(write_time(moment))
    assert found == moment
    assert found is not None
    assert found.utcoffset() == timedelta(0)


def test_a_naive_time_is_refused() -> None:
    """Nobody knows what a time without a zone means."""
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="needs its time zone"):
        write_time(naive)
    with pytest.raises(ValueError, match="needs its time zone"):
        times.TimeField().db_value(naive)


def test_the_empty_time_stays_empty() -> None:
    """No time is no time, on both ways."""
    assert write_time(None) is None
    assert read_time(None) is None


@given(MOMENTS | st.just(times.EVER))
@pytest.mark.usefixtures("database")
def test_a_time_is_read_from_the_database_as_it_was_written(moment: datetime) -> None:
    """As the same text, whatever the database keeps."""
    written = write_time(moment)
    with tx():
        execute("DELETE FROM account")
        execute("INSERT INTO account VALUES ('a', 'a', ?)", (written,))
    assert fetch("SELECT inserted_at FROM account WHERE inserted_at = ?", (written,)) == [
        (written,)
    ]
    assert fetch("SELECT 1 FROM account WHERE inserted_at < ?", (written,)) == []


@pytest.mark.usefixtures("database")
def test_every_kept_time_has_one_form() -> None:
    """All times in the database are UTC with microseconds, alike by hot path and by model."""
    session = issue(new_session(enter()))
    with tx():
        queries.add_event(session, 1, "output", {}, NOW)
        queries.add_context(session, "user", "hello", NOW)
    seen = 0
    for model in tables.TABLES:
        for name, field in model._meta.fields.items():
            if isinstance(field, times.TimeField):
                sql = f'SELECT {name} FROM "{model._meta.table_name}" WHERE {name} IS NOT NULL'
                texts = [text for (text,) in fetch(sql)]
                seen += len(texts)
                assert set(texts) <= {"2026-01-02T03:04:05.678901+00:00"}, (model, name)
    assert seen >= 11
