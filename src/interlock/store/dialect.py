"""The few phrases of SQL that each kind of database has its own words for."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen


@frozen
class Dialect:
    """Phrases over a column that both kinds of database understand in their own words."""

    day: Callable[[str], str]
    """The date of a time in UTC, as text."""
    seconds: Callable[[str, str], str]
    """From one time to another, as a number."""
    member: Callable[[str, str], str]
    """The text that a JSON object, kept as text, has under a name."""
    number: Callable[[str, str], str]
    """The number that it has there."""
    texts: Callable[[str, str], str]
    """All different values of a column as a JSON array, of the rows where a condition is true."""


SQLITE = Dialect(
    day=lambda time: f"substr({time}, 1, 10)",
    seconds=lambda since, until: f"((julianday({until}) - julianday({since})) * 86400)",
    member=lambda column, name: f"json_extract({column}, '$.{name}')",
    number=lambda column, name: f"json_extract({column}, '$.{name}')",
    texts=lambda column, where: f"json_group_array(DISTINCT {column}) FILTER (WHERE {where})",
)

POSTGRES = Dialect(
    day=lambda time: f"to_char({time} AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
    seconds=lambda since, until: f"(extract(epoch FROM ({until} - {since}))::double precision)",
    member=lambda column, name: f"({column}::json ->> '{name}')",
    number=lambda column, name: f"(({column}::json ->> '{name}')::double precision)",
    texts=lambda column, where: (
        f"coalesce((json_agg(DISTINCT {column}) FILTER (WHERE {where}))::text, '[]')"
    ),
)
