"""The JSON documents that commands print: a session, an interaction, what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from interlock.cli.amounts import usage_document
from interlock.engine import Ask, Interaction, Session, Spawn, Wait
from interlock.exporters.json import interaction_data, session_data
from interlock.sessions import Event

FIRST = ("id", "type", "status", "step", "attempt", "title", "reason", "input", "state")


def session_document(session: Session) -> dict[str, Any]:
    """A session. Times are ISO 8601 in UTC; `waiting_for` is null unless it waits."""
    data = session_data(session)
    ordered = {name: data[name] for name in FIRST} | data
    return ordered | {
        "waiting_for": waiting_document(session),
        "open_interaction_id": None if session.open is None else session.open.id,
        "usage": usage_document(session),
    }


def interaction_document(row: Interaction) -> dict[str, Any]:
    """An interaction, with its command and, once it is known, its result."""
    return {"id": row.id} | interaction_data(row)


def command_document(row: Interaction) -> dict[str, Any]:
    """What to do next."""
    return {
        "session_id": row.session_id,
        "interaction_id": row.id,
        "seq": row.seq,
        "step": row.step,
        "attempt": row.attempt,
        "command": interaction_data(row)["command"],
        "due_at": _time(row.due_at),
    }


def event_document(event: Event) -> dict[str, Any]:
    """What happened inside an interaction."""
    return {
        "id": event.id,
        "session_id": event.session_id,
        "interaction_id": None if event.seq is None else f"{event.session_id}.{event.seq}",
        "type": event.type,
        "data": event.data,
        "sent_at": _time(event.sent_at),
    }


def waiting_document(session: Session) -> Mapping[str, Any] | None:
    """What an active session waits for: a person, a time or its children; else None."""
    row = session.open
    if row is None or not session.active:
        return None
    due = _time(row.due_at)
    match row.command:
        case Ask(question=question, choices=choices):
            asked = {"question": question, "choices": list(choices), "until": due}
            return {"kind": "person", "interaction_id": row.id} | asked
        case Wait():
            return {"kind": "time", "interaction_id": row.id, "until": due}
        case Spawn():
            return {"kind": "children", "interaction_id": row.id, "until": due}
    return None


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
