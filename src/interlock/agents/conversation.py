"""The conversations that a session has with its agents, kept in its state.

`conversations` has the vendor's name for each, by agent; `usage_seen` what was counted of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from interlock.agents.settlement import settle
from interlock.agents.stream import fields_of
from interlock.agents.usage import Spending
from interlock.engine import Prompt, Result, Session

CONVERSATIONS, USAGE_SEEN = "conversations", "usage_seen"
"""Where they are kept in the state."""

IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
"""What can be an argument of its own and name nothing else; it comes from the vendor's output."""


@frozen
class Conversation:
    """One that can be gone on with."""

    id: str
    seen: Mapping[str, Any]
    """What was counted of it so far; empty when nothing was."""


def find_conversation(name: str, prompt: Prompt, session: Session) -> Conversation | None:
    """The conversation that a prompt goes on with; None where it begins a new one."""
    known = fields_of(session.state.get(CONVERSATIONS)).get(name)
    if not prompt.resume or not is_identity(known):
        return None
    seen = fields_of(fields_of(session.state.get(USAGE_SEEN)).get(name))
    return Conversation(str(known), seen if seen.get("conversation") == known else {})


def is_identity(value: object) -> bool:
    """Whether a value can name a conversation on a command line."""
    return isinstance(value, str) and IDENTITY.fullmatch(value) is not None


def remember(
    name: str,
    session: Session | None,
    conversation: Conversation | None,
    read: Result,
    spending: Spending,
) -> Result:
    """The result with the usage of this run alone, and with what the session is to remember: the
    conversation, and what was counted of it. One that its vendor no longer knows is forgotten."""
    settled = settle(spending, conversation.seen if conversation else None)
    read = evolve(read, usage=settled.usage)
    state = session.state if session else {}
    known = dict(fields_of(state.get(CONVERSATIONS)))
    counted = dict(fields_of(state.get(USAGE_SEEN)))
    identity = read.data.get("conversation_id")
    if read.data.get("kind") == "gone":
        known.pop(name, None)
        counted.pop(name, None)
    elif is_identity(identity):
        known[name] = identity
        counted.pop(name, None)
        if settled.seen is not None:
            counted[name] = {"conversation": identity, **settled.seen}
    else:
        return read
    return read.remembering(**{CONVERSATIONS: known, USAGE_SEEN: counted})
