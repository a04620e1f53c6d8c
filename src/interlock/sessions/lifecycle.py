"""Creating a session, and what is done to it as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interlock import engine, plugins
from interlock.agents.choices import name_of, split_choices, split_words
from interlock.engine.errors import ComponentNotFound, InvalidInput, SessionActive
from interlock.engine.payload import check_payload, plain, visible
from interlock.engine.values import Scope, Session, changed
from interlock.environments.options import allow, secrets_of, split
from interlock.secrets import vault
from interlock.secrets.inlet import refuse_secrets, take_text
from interlock.sessions.budgets import check_limits
from interlock.sessions.queues import place
from interlock.sessions.work import Work, kind_of, load, put, revive_parent
from interlock.store import owners, queries, records
from interlock.store.acting import scoped
from interlock.store.budgets import Budget
from interlock.store.budgets import save as save_budget
from interlock.store.queries import Context


@scoped
def create(
    scope: Scope,
    type: str,
    *,
    input: Mapping[str, Any] | None = None,
    title: str | None = None,
    agent: str | None = None,
    environment: str | None = None,
    workdir: str | None = None,
    secrets: Sequence[str] = (),
    component: str | None = None,
    budget: int | None = None,
    budgets: Mapping[str, Any] | None = None,
    execution_mode: str = "manual",
    queue: str | None = None,
    priority: int = 0,
) -> Session:
    """A new session at its first step, owned by the scope's account and project.

    `agent` is a kind and its options in one line, such as `program ruff check --fix`; several
    with `||` between them take the place of one that is limited. Without an
    `environment` a vendor's program gets `clone` where `workdir` is in a repository, else `local`.
    `secrets` names those of the account's that its commands may have.
    `budget` is how many interactions it may have; `budgets` what it and all that it starts may
    spend, as in `{"money": 5, "tokens": 1_000_000}`. `queue` hands it to workers; those of a
    higher `priority` are taken first.
    Raises UnknownType, BrokenType, InvalidInput, PluginUnusable, ComponentNotFound, SecretNotFound.
    """
    kind = plugins.load_type(type)()
    check_payload(input or {}, "the input")
    given = plain(input or {})
    check_payload([title, agent, workdir], "the title, agent or work directory")
    limits = check_limits(budgets or {})
    environment = _choose_environment(scope, agent, environment, workdir, secrets)
    refuse_secrets(scope.account_id, [given, title, agent])
    if component is not None and not owners.has_component(scope, component):
        raise ComponentNotFound(f"there is no component {component} in this account")
    session = changed(
        engine.start(kind, input=given, budget=budget),
        id=records.new_id(),
        account_id=scope.account_id,
        project_id=scope.project_id,
        user_id=scope.user_id,
        component_id=component,
        title=title,
        agent=agent,
        environment=environment,
        workdir=workdir,
    )
    session = place(session, execution_mode, queue, priority)
    with Work() as done:
        session = records.insert(session, done.now)
        own = Budget(account_id=session.account_id, session_id=session.id, limits=limits)
        if limits.given:
            save_budget(own, done.now)
        done.note("created", session)
    return session


def _choose_environment(
    scope: Scope,
    agent: str | None,
    environment: str | None,
    workdir: str | None,
    secrets: Sequence[str],
) -> str | None:
    check_plugins(agent, environment)
    if agent is not None and environment is None:
        from interlock.environments.choice import choose  # it loads what runs processes

        names = (name_of(choice) for choice in split_choices(agent))
        environment = choose([plugins.load_agent(name) for name in names], workdir)
    if secrets:
        environment = allow(environment, secrets)
        check_plugins(None, environment)
    vault.choose(scope.account_id, secrets_of(environment))
    return environment


def check_plugins(agent: str | None, environment: str | None) -> None:
    """Raise PluginUnusable or InvalidInput unless both can be used; None is fine."""
    if agent is not None:
        if not agent.strip():
            raise InvalidInput("the agent is empty; name one, such as `program ruff check --fix`")
        for choice in split_choices(agent):
            kind, *words = split_words(choice)
            check = getattr(plugins.load_agent(kind), "check", None)
            if check is not None:
                check(tuple(words))
    if environment is not None:
        name, *options = split(environment)
        check = getattr(plugins.load_environment(name), "check", None)
        if check is not None:
            check(tuple(options))
        elif options:
            raise InvalidInput(f"the environment {name} takes no options; leave out what follows")


@scoped
def cancel(scope: Scope, session_id: str, reason: str = "") -> Session:
    """The session cancelled for good, its active children too. Raises SessionEnded."""
    with Work() as done:
        said = take_text(scope.account_id, visible(reason))
        return _cancel(done, load(scope, session_id), said or "cancelled")


@scoped
def retry(scope: Scope, session_id: str) -> Session:
    """A failed session active again at the step it failed at, its limits anew; a parent that
    failed because of it waits for it again. Raises SessionActive, InvalidInput."""
    with Work() as done:
        return _revive(done, engine.retry(load(scope, session_id)))


@scoped
def reopen(scope: Scope, session_id: str, step: str | None = None) -> Session:
    """An ended session active again at a step, or where it ended; as `retry` otherwise."""
    with Work() as done:
        session = load(scope, session_id)
        return _revive(done, engine.reopen(kind_of(session), session, step))


@scoped
def archive(scope: Scope, session_id: str, *, undo: bool = False) -> Session:
    """An ended session put away: `find` leaves it out. `undo` takes it back.
    Raises SessionActive."""
    with Work() as done:
        session = load(scope, session_id)
        if session.active:
            raise SessionActive(f"session {session.id} is active; cancel it before archiving it")
        saved = records.save(changed(session, archived_at=None if undo else done.now), done.now)
        done.note("archived", saved)
        return saved


@scoped
def add_context(scope: Scope, session_id: str, content: str, type: str = "user") -> Context:
    """Keep a text with a session: its type is a word like system, user or file.
    Raises SessionNotFound, InvalidInput."""
    if not type.strip():
        raise InvalidInput("a context needs a type, such as system, user or file")
    with Work() as done:
        text = take_text(scope.account_id, visible(content))
        return queries.add_context(load(scope, session_id), type, text, done.now)


def _cancel(done: Work, session: Session, reason: str) -> Session:
    saved = put(done, engine.cancel(session, reason))
    for child in records.children(saved):
        if child.active:
            _cancel(done, child, f"its parent was cancelled: {reason}")
    return saved


def _revive(done: Work, session: Session) -> Session:
    saved = put(done, changed(session, archived_at=None))
    done.note("reopened", saved)
    revive_parent(done, saved)
    return saved
