"""Every text that is kept of sessions, as it was before it was written as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from interlock.engine.values import Scope
from interlock.store import blobs, codec
from interlock.store.connection import fetch

CHUNK = 200
PLAIN = ("title", "reason", "agent", "environment", "workdir")

Kept = tuple[str, int | None, str, list[str]]
"""A session's id, the row of its log if it is of one, what it is, and the texts in it."""


def kept_texts(scope: Scope) -> Iterator[Kept]:
    """The texts of all sessions in scope, session by session in the order of their making."""
    for session_id, *values in _pages("session", ("id", *PLAIN, "input", "state"), scope):
        own = [value for value in values[: len(PLAIN)] if value]
        yield session_id, None, "session", [*own, *_all_texts(values[len(PLAIN) :])]
        yield from _of_session(session_id)


def _of_session(session_id: str) -> Iterator[Kept]:
    for seq, command, result in _rows(
        "SELECT seq, command, result FROM interaction "
        "WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?",
        session_id,
    ):
        yield session_id, seq, "command", list(_all_texts([command]))
        yield session_id, seq, "result", list(_all_texts([result]))
    for _, seq, kind, data in _rows(
        "SELECT id, seq, type, data FROM event WHERE session_id = ? AND id > ? ORDER BY id LIMIT ?",
        session_id,
    ):
        yield session_id, seq, "event", [kind, *_all_texts([data])]
    for (content,) in fetch("SELECT content FROM context WHERE session_id = ?", (session_id,)):
        yield session_id, None, "context", [content]


def _pages(table: str, columns: Sequence[str], scope: Scope) -> Iterator[Sequence[Any]]:
    where, values = "account_id = ?", [scope.account_id]
    if scope.project_id is not None:
        where, values = f"{where} AND project_id = ?", [*values, scope.project_id]
    sql = f"SELECT {', '.join(columns)} FROM {table} WHERE {where} AND id > ? ORDER BY id LIMIT ?"
    after = ""
    while True:
        found = fetch(sql, (*values, after, CHUNK))
        yield from found
        if len(found) < CHUNK:
            return
        after = found[-1][0]


def _rows(sql: str, session_id: str) -> Iterator[Sequence[Any]]:
    after = 0
    while True:
        found = fetch(sql, (session_id, after, CHUNK))
        yield from found
        if len(found) < CHUNK:
            return
        after = found[-1][0]


def _all_texts(kept: Sequence[str | None]) -> Iterator[str]:
    for text in kept:
        if text is not None:
            yield from _walk(codec.load(blobs.fetch(text)))


def _walk(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield key
            yield from _walk(part)
    elif isinstance(value, list):
        for part in value:
            yield from _walk(part)
