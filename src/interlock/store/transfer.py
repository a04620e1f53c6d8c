"""Everything of the open database carried to one that is empty, and the proof that it arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import accumulate, zip_longest
from pathlib import Path
from typing import Any, cast

import orjson
from attrs import frozen

from interlock.engine.errors import InterlockError, Refused, StoreUnusable
from interlock.store import chain, connection, walls
from interlock.store.connection import Backend, backend
from interlock.store.maintenance import require_all_accounts
from interlock.store.migration import migrate
from interlock.store.restoration import VOID
from interlock.store.tables import TABLES, Blob
from interlock.store.tenancy import Table
from interlock.store.times import TimeField, read_time, write_time

CHUNK = 100
"""Rows that are read at a time."""
FEW = 4
"""Of a table whose rows may be large."""
HELD = "SELECT count(*) FROM session WHERE lease_owner IS NOT NULL AND lease_until > ?"

Tell = Callable[[str, int, int], None]
"""Hears what is done with the rows, with how many so far, and how many there are."""
Row = list[Any]


@frozen
class Carried:
    """A table that is the same on both sides."""

    name: str
    rows: int
    sha256: str
    """Of all its values in the order of its key, read back from both databases."""


@frozen
class Move:
    """What was carried from one database to another."""

    source: str
    target: str
    tables: tuple[Carried, ...]
    faults: tuple[str, ...]
    """What is not as it was written, and was not so before either."""

    @property
    def sessions(self) -> int:
        """How many there are."""
        return next(one.rows for one in self.tables if one.name == "session")


def move(url: str, tell: Tell) -> Move:
    """Carry all that is in the open database to an empty one, where every lease is void then.

    It is one transaction there, and nobody else writes here meanwhile. The open database is left
    as it is. Raises Refused, StoreUnusable, StoreBusy, InvalidInput; nothing is kept then.
    """
    source, target = backend(), connection.choose(url)
    if source.location == target.location:
        raise Refused(f"{target.location} is the database in use; name another one")
    require_all_accounts(source)
    new = target.is_file and not Path(target.location).exists()
    try:
        with _explained(target):
            target.open()
            require_all_accounts(target)
            with _writing_nothing(source), target.alone():
                _require_idle(source)
                _require_empty(target)
                migrate(target)
                with target.as_owner():
                    moved = _carry_all(source, target, tell)
    except BaseException:
        _close(target)
        if new:
            Path(target.location).unlink(missing_ok=True)
        raise
    _close(target)
    return moved


def _carry_all(source: Backend, target: Any, tell: Tell) -> Move:
    _prepare(target)
    counts = [source.find(f'SELECT count(*) FROM "{_name(one)}"', ())[0][0] for one in TABLES]
    total, carried = sum(counts), []
    before = [*accumulate(counts, initial=0)][:-1]
    for table, done in zip(TABLES, before, strict=True):
        _put(target, table, _telling(_rows(source, table), "carried", done, total, tell))
    for table, done in zip(TABLES, before, strict=True):
        rows = _telling(_rows(source, table), "compared", done, total, tell)
        carried.append(_compare(rows, target, table))
    faults = tuple(_faults(target))
    target.change(VOID, ())
    return Move(source.location, target.location, tuple(carried), faults)


def _prepare(target: Any) -> None:
    if target.is_file:
        target.change("PRAGMA defer_foreign_keys = 1", ())  # a child may come before its parent
        return
    target.change("SET LOCAL idle_in_transaction_session_timeout = 0", ())
    if walls.raised(target):  # nothing is copied into a table that is kept from its owner too
        for table in TABLES:
            target.change(f'ALTER TABLE "{_name(table)}" NO FORCE ROW LEVEL SECURITY', ())


@contextmanager
def _explained(opened: Backend) -> Iterator[None]:
    try:
        yield
    except opened.failures as error:
        raise opened.explain(cast(Exception, error)) from error


@contextmanager
def _writing_nothing(source: Backend) -> Iterator[None]:
    """A transaction in which nobody writes."""
    try:
        with _explained(source):
            source.start()
            if not source.is_file:
                source.change("SET LOCAL idle_in_transaction_session_timeout = 0", ())
                names = ", ".join(f'"{_name(table)}"' for table in TABLES)
                source.change(f"LOCK TABLE {names} IN SHARE MODE", ())
        yield
    finally:
        source.undo()


def _require_idle(source: Backend) -> None:
    with _explained(source):
        count = source.find(HELD, (write_time(source.now()),))[0][0]
    if count:
        raise Refused(
            f"{count} session{' is' if count == 1 else 's are'} being run; end that "
            "(`interlock workers` shows by whom), wait half a minute, and move then"
        )


def _require_empty(target: Any) -> None:
    there = set(target.get_tables())
    for name in map(_name, TABLES):
        if name in there and "schema_migration" not in there:
            raise Refused(f"{target.location} has a table {name} of something else; make a new one")
        if name in there and target.find(f'SELECT 1 FROM "{name}" LIMIT 1', ()):
            raise Refused(
                f"{target.location} is not empty: there are rows in {name}; make a new one"
            )


def _put(target: Any, table: type[Table], rows: Iterable[Row]) -> None:
    """Write rows as one statement, so that their keys are looked at when all of them are there."""
    columns = ", ".join(f'"{name}"' for name in _columns(table))
    try:
        if target.is_file:
            marks = ", ".join("?" * len(_columns(table)))
            sql = f'INSERT INTO "{_name(table)}" ({columns}) VALUES ({marks})'
            target.connection().executemany(sql, rows)
            return
        with target.connection().cursor() as cursor:
            with cursor.copy(f'COPY "{_name(table)}" ({columns}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
            if table._meta.auto_increment:
                name, (key,) = _name(table), _key(table)
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('\"{name}\"', '{key}'), "
                    f'coalesce(max("{key}"), 1), max("{key}") IS NOT NULL) FROM "{name}"'
                )
    except target.failures as error:
        told: InterlockError = target.explain(error)
        raise type(told)(f"the rows of {_name(table)} cannot be carried: {told}") from error


def _telling(rows: Iterable[Row], what: str, done: int, total: int, tell: Tell) -> Iterator[Row]:
    for number, row in enumerate(rows, done + 1):
        yield row
        tell(what, number, total)


def _compare(rows: Iterable[Row], target: Any, table: type[Table]) -> Carried:
    here, there, count = sha256(), sha256(), 0
    for one, other in zip_longest(rows, _rows(target, table)):
        for digest, row in ((here, one), (there, other)):
            if row is not None:
                digest.update(_canonical(row))
        if here.digest() != there.digest():
            keys = [_columns(table).index(name) for name in _key(table)]
            place = ", ".join(str((one or other)[key]) for key in keys)
            raise StoreUnusable(
                f"{_name(table)} {place} did not arrive in {target.location} as it is; nothing "
                "was kept there: something changes what is written (a trigger, another program)"
            )
        count += 1
    return Carried(_name(table), count, here.hexdigest())


def _rows(opened: Backend, table: type[Table]) -> Iterator[Row]:
    """Every row of a table in the order of its key, times as they are always written."""
    columns, key = _columns(table), _key(table)
    times = [
        number
        for number, field in enumerate(table._meta.sorted_fields)
        if isinstance(field, TimeField)
    ]
    named, ordered = (", ".join(f'"{name}"' for name in names) for names in (columns, key))
    size, after, last = FEW if table is Blob else CHUNK, "", ()
    while True:
        sql = f'SELECT {named} FROM "{_name(table)}" {after} ORDER BY {ordered} LIMIT {size}'
        with _explained(opened):
            found = opened.find(sql, last)
        for values in found:
            row = list(values)
            for number in times:
                row[number] = write_time(read_time(row[number]))
            yield row
        if len(found) < size:
            return
        after = f"WHERE ({ordered}) > ({', '.join('?' * len(key))})"
        last = tuple(found[-1][columns.index(name)] for name in key)


def _canonical(row: Sequence[Any]) -> bytes:
    told = (sha256(one).hexdigest() if isinstance(one, bytes | memoryview) else one for one in row)
    return orjson.dumps(list(told)) + b"\n"


def _faults(target: Any) -> Iterator[str]:
    """What of each log is not as it was written, by its chain and its payloads."""
    after = ""
    with connection.using(target):
        while found := connection.fetch(
            f"SELECT id FROM session WHERE id > ? ORDER BY id LIMIT {CHUNK}", (after,)
        ):
            for (session_id,) in found:
                for said in chain.faults(session_id):
                    yield f"session {session_id}: {said}"
            after = found[-1][0]


def _close(target: Any) -> None:
    """Close it, with every connection of its pool."""
    target.close()
    if not target.is_file:
        target.close_all()


def _name(table: type[Table]) -> str:
    return str(table._meta.table_name)


def _columns(table: type[Table]) -> list[str]:
    return [field.column_name for field in table._meta.sorted_fields]


def _key(table: type[Table]) -> list[str]:
    return [field.column_name for field in table._meta.get_primary_keys()]
