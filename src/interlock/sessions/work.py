"""One unit of work: load in scope, decide, save; all of it in one transaction, told after it.

`put` saves a decided session and whatever follows from it at once: the children of a Spawn that
just opened, the error of a step that could not make a command, and the parent of a session that
just ended.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from hashlib import sha256

from interlock import engine, plugins
from interlock.engine.commands import Child, Spawn
from interlock.engine.decide import fault
from interlock.engine.errors import InteractionNotFound, InvalidInput, SessionNotFound, TypeUnusable
from interlock.engine.payload import check_payload
from interlock.engine.session_type import SessionType
from interlock.engine.values import Interaction, Result, Scope, Session, changed
from interlock.sessions import recent
from interlock.sessions.subscribers import Change, is_heard, publish
from interlock.store import codec, connection, deletion, queue, records, rows
from interlock.store.codec import Submitted
from interlock.store.connection import tx

MAX_DEPTH = 20
"""How many parents a session may have above it, so that a type that spawns itself ends."""


class Work:
    """A transaction, and what it has done so far, to be told once that is durable.

    `with Work() as work:` begins and commits it; nothing is told of one that did not commit.
    """

    def __init__(self) -> None:
        self.changes: list[tuple[Change, Session, Interaction | None]] = []
        self.saved: dict[str, Session] = {}
        self._tx = tx()
        self._now: datetime | None = None

    def note(self, change: Change, session: Session, row: Interaction | None = None) -> None:
        """Remember a change that somebody wants to hear of."""
        if is_heard():
            self.changes.append((change, session, row))

    def __enter__(self) -> Work:
        """Begin."""
        self._tx.__enter__()
        return self

    @property
    def now(self) -> datetime:
        """The time of everything in it: what it is first asked for is loaded, and held, by then."""
        if self._now is None:
            self._now = connection.now()
        return self._now

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Commit and tell, or undo."""
        self._tx.__exit__(kind, error, trace)
        if error is None:
            for session in self.saved.values():
                recent.keep(session)
            for change, session, row in self.changes:
                publish(change, session, row)


def load(scope: Scope, session_id: str) -> Session:
    """The session in scope; in a transaction nobody else changes its family meanwhile.

    Raises SessionNotFound: missing and out of scope are the same.
    """
    connection.hold(session_id)
    session = recent.find(scope, session_id)
    if session is None:
        deleted = deletion.deleted_at(scope, session_id)
        if deleted is not None:
            raise SessionNotFound(f"session {session_id:.40} was deleted at {deleted:%F %T} UTC")
        raise SessionNotFound(
            f"there is no session {session_id:.40} here; `interlock list` shows those there are"
        )
    return session


def find_row(session: Session, interaction_id: str) -> Interaction:
    """The session's interaction with this id or number. Raises InteractionNotFound."""
    row = session.open
    if row is not None and row.id == interaction_id:
        return row
    row = rows.row_by_id(session, interaction_id)
    if row is None:
        raise InteractionNotFound(
            f"session {session.id} has no interaction {interaction_id:.60}; "
            "`interlock log` shows those it has"
        )
    return row


def kind_of(session: Session) -> SessionType:
    """An instance of the session's type. Raises UnknownType or BrokenType."""
    return plugins.load_type(session.type)()


def put(work: Work, session: Session, submitted: Submitted | None = None) -> Session:
    """The session as saved, after all that follows from it at once. Raises StaleSession."""
    decided = session.unsaved
    saved = records.save(session, work.now, submitted)
    work.saved[saved.id] = saved
    if is_heard():
        _note_closed(work, saved, decided)
    opened = saved.open
    if opened is not None and decided and decided[-1].seq == opened.seq:
        broken = fault(opened.command)
        if broken is not None:
            return put(work, engine.handle_result(kind_of(saved), saved, broken))
        work.note("issued", saved, opened)
        if isinstance(opened.command, Spawn):
            return _start_children(work, saved, opened, opened.command)
    if decided and not saved.active:
        work.note("ended", saved)
        _wake_parent(work, saved)
    return saved


def _note_closed(work: Work, saved: Session, decided: tuple[Interaction, ...]) -> None:
    for row in decided:
        if row.status != "open":
            begun = row.inserted_at or work.now
            closed = changed(row, session_id=saved.id, inserted_at=begun, completed_at=work.now)
            work.note("done", saved, closed)


def join_children(work: Work, session: Session) -> Session:
    """The session moved on where the children it waits for have done enough."""
    row = session.open
    if row is None or not isinstance(row.command, Spawn):
        return session
    keys = set(_keys(row.step, row.command))
    children = [child for child in records.children(session) if child.spawn_key in keys]
    result = engine.join(row.command, children)
    if result is None:
        return session
    return put(work, engine.handle_result(kind_of(session), session, result))


def revive_parent(work: Work, child: Session) -> None:
    """Bring a parent that failed for want of this child back to the Spawn it stood at."""
    parent = _parent(child)
    if parent is None or parent.status != "failed":
        return
    last = parent.log.last(parent.step)
    if last is None or not isinstance(last.command, Spawn):
        return
    if child.spawn_key not in _keys(last.step, last.command):
        return
    retried = changed(engine.retry(parent), archived_at=None)
    try:
        retried = engine.next_command(kind_of(parent), retried)
    except TypeUnusable:
        return
    parent = put(work, retried)
    work.note("reopened", parent)
    revive_parent(work, parent)


def _start_children(work: Work, parent: Session, row: Interaction, command: Spawn) -> Session:
    there = {child.spawn_key for child in records.children(parent)}
    try:
        _require_shallow(parent)
        made = [
            _child_of(parent, child, key)
            for key, child in zip(_keys(row.step, command), command.children, strict=True)
            if key not in there
        ]
    except (TypeUnusable, InvalidInput) as error:
        result = Result().failed(f"a child session cannot start: {error}")
        return put(work, engine.handle_result(kind_of(parent), parent, result))
    for child in made:
        work.note("created", records.insert(child, work.now))
    return join_children(work, parent)


def _require_shallow(session: Session) -> None:
    depth, above = 0, _parent(session)
    while above is not None:
        depth, above = depth + 1, _parent(above)
    if depth >= MAX_DEPTH:
        raise InvalidInput(f"sessions nest at most {MAX_DEPTH} deep")


def _child_of(parent: Session, child: Child, key: str) -> Session:
    check_payload(child.input, f"the input of {child.type}")
    return changed(
        engine.start(plugins.load_type(child.type)(), input=child.input),
        id=records.new_id(),
        account_id=parent.account_id,
        project_id=parent.project_id,
        component_id=parent.component_id,
        user_id=parent.user_id,
        parent_id=parent.id,
        spawn_key=key,
        title=child.title,
        agent=child.agent or parent.agent,
        environment=child.environment or parent.environment,
        workdir=parent.workdir,
        execution_mode="agentic",
        queue=parent.queue,
        priority=parent.priority,
    )


def _keys(step: str, command: Spawn) -> list[str]:
    """One key per child: same step and same child, same key; the second like it has its own."""
    seen: Counter[str] = Counter()
    keys = []
    for child in command.children:
        told = child.key or sha256(codec.dump([child.type, dict(child.input)]).encode()).hexdigest()
        seen[told] += 1
        keys.append(f"{step}/{told}" if seen[told] == 1 else f"{step}/{told}/{seen[told]}")
    return keys


def _parent(child: Session) -> Session | None:
    if child.parent_id is None:
        return None
    return records.one(Scope(child.account_id), child.parent_id)


def _wake_parent(work: Work, child: Session) -> None:
    parent = _parent(child)
    if parent is None or not parent.active or parent.open is None:
        return
    try:
        join_children(work, parent)
    except TypeUnusable:
        queue.rest(parent, work.now)  # it joins when somebody runs it who has its type
