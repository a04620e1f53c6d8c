"""Whether a secret is in what is kept of an account's sessions."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from interlock.engine.values import Scope
from interlock.secrets import vault
from interlock.secrets.inlet import redaction_for
from interlock.store.acting import scoped
from interlock.store.texts import kept_texts


@frozen
class Leak:
    """A place that holds the value of a secret, or an encoding of it."""

    session_id: str
    seq: int | None
    """The row of the log; None for what goes with the session as a whole."""
    place: str
    """`command`, `result`, `event`, `context` or `session`."""
    name: str
    fingerprint: str


@scoped
def audit(scope: Scope) -> Iterator[Leak]:
    """Every place in scope that holds a secret of the account, session by session.

    Raises StoreUnusable when a secret cannot be read.
    """
    redaction = redaction_for(scope.account_id)
    if redaction is None:
        return
    prints = {one.name: one.fingerprint for one in vault.listing(scope.account_id)}
    told: Leak | None = None
    for session_id, seq, place, texts in kept_texts(scope):
        names = set().union(*map(redaction.names, texts))
        for name in sorted(names):
            leak = Leak(session_id, seq, place, name, prints[name])
            if leak != told:  # a row has many events
                yield leak
            told = leak
