"""Another agent for a session that is there: it goes on with it from the next prompt."""

from __future__ import annotations

from interlock.engine.errors import SessionBusy
from interlock.engine.payload import check_payload
from interlock.engine.values import Scope, Session
from interlock.secrets.inlet import refuse_secrets
from interlock.sessions.lease import running
from interlock.sessions.lifecycle import check_plugins
from interlock.sessions.work import Work, load
from interlock.store import queries, records
from interlock.store.acting import scoped


@scoped
def reassign(scope: Scope, session_id: str, agent: str) -> Session:
    """The session with this agent, in one line with its options, from its next prompt on. What was
    done before is handed over to it where a prompt goes on with what was said.

    Raises SessionNotFound, PluginUnusable, InvalidInput, and SessionBusy while somebody runs it.
    """
    check_payload([agent], "the agent")
    refuse_secrets(scope.account_id, [agent])
    with Work() as done:
        session = load(scope, session_id)
        check_plugins(agent, None)
        if running(session, done.now):
            raise SessionBusy(
                f"session {session.id} is being run with its agent; stop that run first"
            )
        if session.agent == agent:
            return session
        saved = records.reassign(session, agent, done.now)
        done.saved[saved.id] = saved
        told = {"agent": agent, "was": session.agent}
        queries.add_event(saved, saved.seq or None, "reassign", told, done.now)
        return saved
