"""Interactions as rows, and a session's log looked up row by row, through constant SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, NamedTuple

from attrs import frozen

from interlock.engine.commands import Awaited, Command, Wait
from interlock.engine.values import Interaction, Session, changed
from interlock.store import blobs, chain, codec, usage
from interlock.store.acting import acting
from interlock.store.codec import Submitted
from interlock.store.connection import execute, fetch
from interlock.store.times import read_time, write_time

ROW = (
    "session_id",
    "seq",
    "step",
    "attempt",
    "status",
    "command",
    "result",
    "submitted",
    "inserted_at",
    "completed_at",
    "due_at",
)
OWNER = ("account_id", "project_id")


def marks(names: Sequence[str]) -> str:
    """As many bound values as there are names."""
    return ", ".join("?" * len(names))


WRITTEN = ("session_id", *OWNER, *chain.OPENED, *chain.CLOSED, "digest")
INSERT_ROW = f"INSERT INTO interaction ({', '.join(WRITTEN)}) VALUES ({marks(WRITTEN)})"
CLOSE_ROW = (
    f"UPDATE interaction SET {', '.join(f'{name} = ?' for name in (*chain.CLOSED, 'digest'))} "
    "WHERE session_id = ? AND seq = ?"
)
SELECT_ROW = f"SELECT {', '.join(ROW)} FROM interaction"
NEWEST = f"{SELECT_ROW} WHERE session_id = ? AND step = ? ORDER BY seq DESC LIMIT 1"
CHUNK = 10
RECENT = f"{SELECT_ROW} WHERE session_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?"
LAST = (
    f"{SELECT_ROW} WHERE session_id = ? AND step = ? AND status = 'done' ORDER BY seq DESC LIMIT 1"
)


LOOK_BACK = 10
NEWEST_STATUSES = (
    "SELECT seq, status FROM interaction WHERE session_id = ? AND step = ? "
    f"ORDER BY seq DESC LIMIT {LOOK_BACK}"
)


@frozen(slots=False)  # made twice as fast
class StoredHistory:
    """A session's log, looked up row by row; what was looked up or added is kept.

    A row that was added has what decisions ask for (step, attempt, status, command, result), and
    not yet the times of its writing.
    """

    session_id: str
    account_id: str
    known: dict[str, tuple[Interaction | None, Interaction | None]]
    """By step: its newest row, and the newest that has a result."""

    def newest(self, step: str) -> Interaction | None:
        """The newest row of a step, whatever became of it."""
        return self._look_up(step)[0]

    def last(self, step: str) -> Interaction | None:
        """The newest row of a step that has a result."""
        return self._look_up(step)[1]

    def recent(self) -> Iterator[Interaction]:
        """All rows that are written, newest first, some at a time."""
        before = 2**62
        while True:
            with acting(self.account_id):
                some = list(read_rows(fetch(RECENT, (self.session_id, before, CHUNK))))
            yield from some
            if len(some) < CHUNK:
                return
            before = some[-1].seq

    def lost(self, step: str) -> int:
        """How many of the newest rows of a step, one after the other, ended unseen; the one that
        was added last counts, and at most LOOK_BACK written ones."""
        newest = self.known.get(step, (None, None))[0]
        with acting(self.account_id):
            written = fetch(NEWEST_STATUSES, (self.session_id, step))
        statuses = {int(seq): str(status) for seq, status in written}
        if newest is not None:
            statuses[newest.seq] = newest.status
        ordered = (statuses[seq] for seq in sorted(statuses, reverse=True))
        return sum(1 for _ in takewhile(lambda status: status == "unknown", ordered))

    def add(self, row: Interaction) -> StoredHistory:
        """The same log with this row written or, where it is there, rewritten."""
        last = row if row.status == "done" else self._look_up(row.step)[1]
        return StoredHistory(
            self.session_id, self.account_id, {**self.known, row.step: (row, last)}
        )

    def _look_up(self, step: str) -> tuple[Interaction | None, Interaction | None]:
        if step not in self.known:
            if not isinstance(step, str):
                raise TypeError(f"a step is looked for by its name, not {step!r}")
            with acting(self.account_id):
                newest = one_row(NEWEST, (self.session_id, step))
                done = newest is None or newest.status == "done"
                self.known[step] = (
                    newest,
                    newest if done else one_row(LAST, (self.session_id, step)),
                )
        return self.known[step]


def row_by_id(session: Session, interaction_id: str) -> Interaction | None:
    """The interaction with this id, or this number, if it is one of this session's."""
    owner, _, seq = interaction_id.rpartition(".")
    if owner not in ("", session.id) or not seq.isdecimal() or len(seq) > 18:
        return None
    return one_row(f"{SELECT_ROW} WHERE session_id = ? AND seq = ?", (session.id, int(seq)))


def one_row(sql: str, values: Sequence[Any]) -> Interaction | None:
    """The first interaction that a statement over SELECT_ROW finds."""
    return next(read_rows(fetch(sql, values)), None)


def read_rows(found: Iterable[Sequence[Any]]) -> Iterator[Interaction]:
    """Interactions from rows of SELECT_ROW's columns."""
    for owner, seq, step, attempt, status, command, result, digest, *times in found:
        yield Interaction(
            seq=seq,
            step=step,
            attempt=attempt,
            command=codec.load_command(blobs.fetch(command)),
            status=status,
            result=None if result is None else codec.load_result(blobs.fetch(result)),
            session_id=owner,
            inserted_at=read_time(times[0]),
            completed_at=read_time(times[1]),
            due_at=read_time(times[2]),
            submitted=digest,
        )


class Writing(NamedTuple):
    """A row ready to be written, and the digest of the log with it."""

    row: Interaction
    """As it will be."""
    head: str
    sql: str
    values: tuple[Any, ...]

    def perform(self, session: Session, time: str | None) -> None:
        """Write it, and what its result used."""
        execute(self.sql, self.values)
        if self.row.result is not None and self.row.result.usage:
            usage.write(session, self.row, self.row.result, time)


def prepare(
    session: Session,
    row: Interaction,
    head: str,
    now: datetime,
    time: str | None,
    submitted: Submitted | None,
) -> Writing:
    """What writes the row: it is inserted where it is new, closed where it was open.

    `head` is the digest of the log before it, `time` the text of `now`.
    """
    account_id = session.account_id
    result, told = _result(account_id, row, submitted)
    closed = (row.status, result, told, None if row.status == "open" else time)
    if row.inserted_at is not None:
        head = chain.link(head, *closed)
        return Writing(row, head, CLOSE_ROW, (*closed, head, session.id, row.seq))
    written = changed(row, session_id=session.id, inserted_at=now, due_at=due_at(row.command, now))
    command = blobs.keep(account_id, codec.dump_command(row.command))
    opened = (row.seq, row.step, row.attempt, command, time, write_time(written.due_at))
    head = chain.link(head, *opened)
    if row.status != "open":
        head = chain.link(head, *closed)
        written = changed(written, completed_at=now, submitted=told)
    owner = (session.id, account_id, session.project_id)
    return Writing(written, head, INSERT_ROW, (*owner, *opened, *closed, head))


def _result(
    account_id: str, row: Interaction, submitted: Submitted | None
) -> tuple[str | None, str | None]:
    """The text of a row's result; the digest of what was handed in, where it was read anew."""
    if row.result is None:
        return None, None
    if submitted is not None and submitted.result is row.result:
        return blobs.keep(account_id, submitted.text), None
    digest = None if submitted is None or row.step == "" else submitted.digest
    return blobs.keep(account_id, codec.dump_result(row.result)), digest


def due_at(command: Command, now: datetime) -> datetime | None:
    """When a Wait is over, or the time limit of an Ask or a Spawn; None: never by itself."""
    if not isinstance(command, Awaited):
        return None
    if isinstance(command, Wait) and command.until is not None:
        return command.until
    seconds = command.for_ if isinstance(command, Wait) else command.timeout
    return None if seconds is None else now + timedelta(seconds=seconds)
