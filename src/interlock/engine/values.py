"""The values that decisions are made of: scope, result, interaction, session."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import attrs
from attrs import Attribute, Factory, field, frozen

from interlock.engine.commands import Command
from interlock.engine.errors import InvalidInput
from interlock.engine.log import History, Log
from interlock.engine.validators import require_filled

__all__ = ["NONE", "History", "Interaction", "Log", "Result", "Scope", "Session", "changed"]

Status = Literal["active", "complete", "failed", "cancelled"]
STATUSES: tuple[Status, ...] = ("active", "complete", "failed", "cancelled")

InteractionStatus = Literal["open", "done", "superseded", "unknown", "cancelled"]
INTERACTION_STATUSES: tuple[InteractionStatus, ...] = (
    "open",
    "done",
    "superseded",
    "unknown",
    "cancelled",
)

WORD = r"[a-z][a-z0-9_]*"


def _word(instance: object, attribute: Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not re.fullmatch(WORD, value):
        raise InvalidInput(f"a status is a word like ok, error or approve, not {value!r}")


@frozen
class Scope:
    """Who is asking. `project_id` None means every project of the account."""

    account_id: str = field(validator=require_filled)
    project_id: str | None = None
    user_id: str | None = None

    @property
    def account_wide(self) -> Scope:
        """The same asker, over every project of the account."""
        return attrs.evolve(self, project_id=None)


@frozen
class Result:
    """What came back. `status` is the trigger of the next transition."""

    status: str = field(default="ok", validator=_word)
    stdout: str | None = field(default=None, kw_only=True)
    stderr: str | None = field(default=None, kw_only=True)
    output: str = field(
        default=Factory(lambda self: (self.stdout or "") + (self.stderr or ""), takes_self=True),
        kw_only=True,
    )
    """The text a person or the next step reads; stdout and stderr unless something better."""
    data: Mapping[str, Any] = field(factory=dict, kw_only=True)
    error: str | None = field(default=None, kw_only=True)
    """Why it is not ok, in words."""
    code: int | None = field(default=None, kw_only=True)
    duration_ms: int | None = field(default=None, kw_only=True)
    usage: Mapping[str, Any] | None = field(default=None, kw_only=True)
    remember: Mapping[str, Any] = field(factory=dict, kw_only=True)
    """Merged into the session's state."""

    @property
    def ok(self) -> bool:
        """True for `ok` and `warning`."""
        return self.status in ("ok", "warning")

    def failed(self, reason: str) -> Result:
        """The same result as an error for this reason."""
        return attrs.evolve(self, status="error", error=reason)

    def warned(self, reason: str) -> Result:
        """The same result as a warning for this reason."""
        return attrs.evolve(self, status="warning", error=reason)

    def remembering(self, **values: Any) -> Result:
        """The same result, which also puts these values into the session's state."""
        return attrs.evolve(self, remember={**self.remember, **values})


@frozen(slots=False)
class Interaction:
    """A command and, once known, its result: row `seq` of the session's log."""

    seq: int
    step: str
    """Empty for a row that tells what was done to the session: cancel, retry, reopen."""
    attempt: int
    """Which try of its step this is; a row issued again keeps the number."""
    command: Command
    status: InteractionStatus = "open"
    result: Result | None = None
    session_id: str = ""
    inserted_at: datetime | None = None
    completed_at: datetime | None = None
    due_at: datetime | None = None
    """When an open Wait, or the time limit of an Ask or a Spawn, is over."""
    submitted: str | None = None
    """Digest of what was handed in, where the step read another result in it."""

    @property
    def id(self) -> str:
        """What names it to the outside: the session's id, a dot and its number."""
        return f"{self.session_id}.{self.seq}"


@frozen(slots=False)
class Session:
    """One run of a session type: where it stands and what it remembers."""

    type: str
    step: str
    """The state the machine stands in; in an ended session the step it ended at."""
    input: Mapping[str, Any] = field(factory=dict)
    state: Mapping[str, Any] = field(factory=dict)
    status: Status = "active"
    reason: str | None = None
    """Why it failed or was cancelled."""
    attempt: int = 1
    seq: int = 0
    """Number of the newest row of the log; also how many there are."""
    since: int = 0
    """The row of the last retry or reopen: limits count from there."""
    budget: int = 100
    """How many rows the log may get from `since` on."""
    open: Interaction | None = None
    log: History = field(factory=Log, eq=False, repr=False)
    unsaved: tuple[Interaction, ...] = field(default=(), eq=False, repr=False)
    """Rows decided and not yet written."""

    id: str = ""
    type_digest: str = ""
    account_id: str = ""
    project_id: str | None = None
    component_id: str | None = None
    user_id: str | None = None
    parent_id: str | None = None
    spawn_key: str | None = None
    title: str | None = None
    agent: str | None = None
    environment: str | None = None
    workdir: str | None = None
    execution_mode: str = "manual"
    queue: str | None = None
    """Where workers find it; None while a person runs it."""
    priority: int = 0
    """Higher ones are taken first."""
    ready_at: datetime | None = None
    """From when on something can be done in it without anybody's doing; None: from no time on."""
    external_conversation_id: str | None = None
    version: int = 0
    head: str = ""
    """The digest of the log as it is written."""
    lease_owner: str | None = None
    lease_until: datetime | None = None
    inserted_at: datetime | None = None
    updated_at: datetime | None = None
    last_activity_at: datetime | None = None
    ended_at: datetime | None = None
    archived_at: datetime | None = None

    @property
    def active(self) -> bool:
        """True until it is complete, failed or cancelled."""
        return self.status == "active"

    def last(self, step: str) -> Result:
        """The newest result of a step; one with status `none` when it never had any."""
        row = self.log.last(step)
        return row.result if row is not None and row.result is not None else NONE

    def visits(self, step: str) -> int:
        """How often a step was tried since the session was created, retried or reopened."""
        row = self.log.newest(step)
        return row.attempt if row is not None and row.seq > self.since else 0


NONE = Result("none")


if TYPE_CHECKING:
    from attrs import evolve as changed
else:

    def changed(value, **fields):
        """The same session or interaction with these fields changed.

        It stands in for `attrs.evolve`, which runs __init__ over every field: ten times as slow,
        and a step changes a session about eight times.
        """
        new = object.__new__(type(value))
        object.__setattr__(new, "__dict__", value.__dict__ | fields)
        return new
