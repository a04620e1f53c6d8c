"""How the open database answers a statement, told alike for every kind."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import frozen

from interlock.store.connection import backend, execute, fetch, tx
from interlock.store.tables import database

LINE = re.compile(
    r"(?P<verb>SEARCH|SCAN) (?P<table>\w+)"
    r"(?: USING (?P<alone>COVERING )?(?:INDEX (?P<index>\w+)|PRIMARY KEY))?(?: \((?P<by>.*)\))?$"
)
"""What SQLite says of one table."""
FEW = ("session_leased", "interaction_one_open")
"""Indexes of so few rows that they may be read from end to end."""
MADE = ("b", "f", "family", "lane")
"""What statements of ours call the rows that they have just found."""
CROWD = 1000
NUMBERS = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {CROWD})"
TOP = "(SELECT id FROM session WHERE parent_id IS NULL AND length(id) = 36)"
COPIED = {
    "session": ("id", ""),
    "interaction": ("session_id", ""),
    "usage": ("session_id", ""),
    "event": ("session_id", "id"),
}
"""Tables, each with the column of the session and the one that is counted up by itself."""


@frozen
class Read:
    """One table that is read."""

    table: str
    """Its alias where it has one."""
    index: str
    """Empty where none is named: none is read, or it is SQLite's primary key."""
    by: str
    """What is searched for, without blanks."""
    alone: bool
    """The index has all that is asked, so the table itself is not read."""
    whole: bool
    """Nothing is searched for: all of it is read."""


@frozen
class Plan:
    """What is read, and whether it is sorted afterwards."""

    reads: list[Read]
    sorts: bool

    @property
    def whole(self) -> list[Read]:
        """What is read from end to end, of that which grows."""
        return [
            read
            for read in self.reads
            if read.whole and read.index not in FEW and read.table not in MADE
        ]


def crowd() -> None:
    """Copy every session that has no parent a thousand times, with its log, so that a server has
    reason to use an index; and have it count what there is."""
    for table, (key, left_out) in COPIED.items():
        columns = [column.name for column in database.obj.get_columns(table)]
        others = ", ".join(name for name in columns if name not in (key, left_out))
        with tx():
            execute(
                f"{NUMBERS} INSERT INTO {table} ({key}, {others}) "
                f"SELECT {key} || '.' || i, {others} FROM {table} CROSS JOIN n WHERE {key} IN {TOP}"
            )
    if not backend().is_file:
        execute(f"VACUUM ANALYZE {', '.join(COPIED)}")


def plan(sql: str, values: Sequence[Any]) -> Plan:
    """The plan of a statement. A server is told what is right with many more rows than these."""
    if backend().is_file:
        lines = [str(row[3]) for row in fetch(f"EXPLAIN QUERY PLAN {sql}", values)]
        found = [match for line in lines if (match := LINE.match(line))]
        return Plan([_of_file(match) for match in found], any("B-TREE" in line for line in lines))
    with tx():
        for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin"):
            execute(f"SET LOCAL enable_{way} = off")
        told = fetch(f"EXPLAIN (FORMAT JSON) {sql}", values)[0][0]
    nodes = list(_nodes(told[0]["Plan"]))
    reads = [_of_server(node) for node in nodes if "Relation Name" in node]
    return Plan(reads, any("Sort" in node["Node Type"] for node in nodes))


def _of_file(match: re.Match[str]) -> Read:
    by = (match["by"] or "").replace(" ", "")
    index, alone, whole = match["index"] or "", bool(match["alone"]), match["verb"] == "SCAN"
    return Read(match["table"], index, by, alone, whole)


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def _of_server(node: dict[str, Any]) -> Read:
    by = node.get("Index Cond", "").replace(" ", "")
    alone = node["Node Type"] == "Index Only Scan"
    return Read(node["Alias"], node.get("Index Name", ""), by, alone, not by)
