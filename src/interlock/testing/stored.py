"""A session that a test drives in a database of its own, children and all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from interlock import Scope, accounts, database, sessions
from interlock.engine import Interaction, Result, Session, SessionType, Spawn, Wait
from interlock.engine.errors import InvalidResult, SessionEnded
from interlock.plugins import SESSION_TYPES, registry
from interlock.sessions import recent
from interlock.sessions.inquiry import MAX_LIMIT
from interlock.store import connection
from interlock.testing.driven import DrivenSession, Kind, find_kind
from interlock.testing.observation import watching
from interlock.testing.result_script import ResultScript, ScriptError, name_step


class StoredSession(DrivenSession):
    """As a DrivenSession, through `interlock.sessions`. Its `scope` and `session.id` are what the
    functions there want. Results of children are scripted as `TYPE.STEP`."""

    def __init__(
        self, kind: SessionType, scope: Scope, session: Session, environment: str | None
    ) -> None:
        super().__init__(kind, session, environment)
        self.scope = scope

    @property
    def session(self) -> Session:
        """Where it stands now, read from the database."""
        return sessions.get(self.scope, self._session.id)

    @property
    def log(self) -> tuple[Interaction, ...]:
        """Its interactions so far, in order."""
        return tuple(sessions.history(self.scope, self._session.id))

    def _open(self) -> Interaction | None:
        try:
            return sessions.next_command(self.scope, self._session.id)
        except SessionEnded:
            return None

    def _hand_in(self, row: Interaction, result: Result) -> None:
        try:
            with watching(self._note):
                sessions.handle_result(self.scope, self._session.id, row.id, result)
        except InvalidResult as error:
            raise ScriptError(name_step(row.step, str(error))) from None

    def _advance(self, script: ResultScript, row: Interaction) -> None:
        if isinstance(row.command, Wait):
            raise ScriptError(
                f"step {row.step} waits until {row.due_at:%Y-%m-%d %H:%M:%S} UTC; "
                "drive it in memory, where time passes at once"
            )
        if not isinstance(row.command, Spawn):
            super()._advance(script, row)
            return
        for child in self._children():
            if self.session.open == row:  # one child may be enough
                child._finish(script)
        if self.session.open == row:
            raise ScriptError(f"step {row.step} waits for children that are not active")

    def _finish(self, script: ResultScript) -> None:
        while (row := self._open()) is not None:
            self._advance(script, row)

    def _children(self) -> Iterator[StoredSession]:
        page = sessions.find(self.scope, parent=self._session.id, limit=MAX_LIMIT)
        for child in reversed(page.sessions):
            yield StoredSession(find_kind(child.type), self.scope, child, self._environment)


@contextmanager
def temporary_database(file: Path) -> Iterator[Scope]:
    """The scope of a new account in a new database, which is open meanwhile."""
    recent.forget()
    database.open_database(f"sqlite:///{file}")
    try:
        yield accounts.enter("test", "test")
    finally:
        connection.disconnect()
        recent.forget()


@contextmanager
def known_types(kinds: Iterable[type[SessionType]]) -> Iterator[None]:
    """Lets a name stand for a class of the test, as if it were installed."""
    keys = {(SESSION_TYPES, kind.name): kind for kind in kinds}
    before = {key: registry._loaded[key] for key in keys if key in registry._loaded}
    registry._loaded.update(keys)
    try:
        yield
    finally:
        for key in keys:
            registry._loaded.pop(key, None)
        registry._loaded.update(before)


def create(
    scope: Scope,
    kind: Kind,
    given: Mapping[str, Any] | None = None,
    /,
    *,
    agent: str | None = None,
    environment: str | None = None,
    workdir: Path | None = None,
    budget: int | None = None,
    **input: Any,
) -> StoredSession:
    """A new session of a type in the open database; as `drive` otherwise."""
    made = find_kind(kind)
    session = sessions.create(
        scope,
        made.name,
        input={**(given or {}), **input},
        agent=agent,
        environment=environment,
        workdir=None if workdir is None else str(workdir),
        budget=budget,
    )
    performed = environment or ("local" if agent is not None else None)
    return StoredSession(made, scope, session, performed)
