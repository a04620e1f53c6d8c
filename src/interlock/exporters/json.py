"""A session and its log as one JSON document, for other programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from attrs import fields, has

from interlock.engine import Interaction, Session

# How the engine and the store work on a session; the log is written beside it.
INTERNAL = ("open", "log", "unsaved", "version", "lease_owner", "lease_until")


def export(session: Session, interactions: Iterable[Interaction]) -> str:
    """`{"session": {...}, "interactions": [...]}`. Times are ISO 8601. Characters beyond ASCII
    are escaped, so that every text survives."""
    document = {
        "session": session_data(session),
        "interactions": [interaction_data(row) for row in interactions],
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def session_data(session: Session) -> dict[str, Any]:
    """A session as JSON data, with its `interaction_count`."""
    return _members(session, leave_out=INTERNAL) | {"interaction_count": session.seq}


def interaction_data(row: Interaction) -> dict[str, Any]:
    """An interaction as JSON data; its command has a `kind`."""
    return _members(row)


def _members(value: Any, leave_out: tuple[str, ...] = ()) -> dict[str, Any]:
    names = [field.name for field in fields(type(value)) if field.name not in leave_out]
    kind = {"kind": value.kind} if hasattr(value, "kind") else {}
    return kind | {name: _plain(getattr(value, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return _members(value) if has(type(value)) else value
