"""The context: everything that can be asked of sessions, with the scope first.

Load in scope, decide (the engine, pure), save in one transaction, tell after the commit.
"""

from interlock.sessions.inquiry import Page, check, contexts, events, find, get, history, resolve
from interlock.sessions.lease import running
from interlock.sessions.lifecycle import add_context, archive, cancel, create, reopen, retry
from interlock.sessions.runner import Emit, Perform, drive, record, run
from interlock.sessions.subscribers import Change, subscribe
from interlock.sessions.turns import answer, handle_result, next_command
from interlock.store.queries import Context, Event

__all__ = [
    "Change",
    "Context",
    "Emit",
    "Event",
    "Page",
    "Perform",
    "add_context",
    "answer",
    "archive",
    "cancel",
    "check",
    "contexts",
    "create",
    "drive",
    "events",
    "find",
    "get",
    "handle_result",
    "history",
    "next_command",
    "record",
    "reopen",
    "resolve",
    "retry",
    "run",
    "running",
    "subscribe",
]
