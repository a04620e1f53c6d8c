"""Every error Interlock raises.

    InterlockError
    |- DefinitionError        a session type is wrong; names class, row and mend
    |- InvalidInput           what was given cannot be used
    |  `- InvalidResult       a result that the open command cannot have
    |- NotFound
    |  |- SessionNotFound     missing and out of scope are the same answer
    |  |- InteractionNotFound
    |  |- ComponentNotFound
    |  `- SecretNotFound
    |- Refused                understood, and not allowed now
    |  |- SessionEnded
    |  |- SessionActive
    |  |- SessionBusy
    |  |- StaleSession
    |  |- ResultConflict
    |  |- InteractionClosed
    |  `- NothingAsked
    |- TypeUnusable
    |  |- UnknownType
    |  `- BrokenType
    |- PluginUnusable         an agent, environment or exporter that cannot be used
    `- StoreUnusable
       |- StoreBusy
       `- StoreLost           the server went away: what was asked last may be done or not

A class's docstring is its default message; `code` is stable and machine-readable.
What an agent or a command does wrong is never an exception: it is a Result.
"""

from __future__ import annotations


class InterlockError(Exception):
    """Something went wrong."""

    code = "error"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class DefinitionError(InterlockError):
    """A session type is not well defined."""

    code = "definition"


class InvalidInput(InterlockError):
    """The input cannot be used."""

    code = "invalid_input"


class InvalidResult(InvalidInput):
    """The result does not fit the command it is for."""

    code = "invalid_result"


class NotFound(InterlockError):
    """There is no such thing here."""

    code = "not_found"


class SessionNotFound(NotFound):
    """There is no such session here; `interlock list` shows those there are."""

    code = "session_not_found"


class InteractionNotFound(NotFound):
    """There is no such interaction in this session; `interlock log` shows them."""

    code = "interaction_not_found"


class ComponentNotFound(NotFound):
    """There is no such component in this account."""

    code = "component_not_found"


class SecretNotFound(NotFound):
    """There is no such secret in this account; `interlock secrets list` shows those there are."""

    code = "secret_not_found"


class Refused(InterlockError):
    """Not allowed now."""

    code = "refused"


class SessionEnded(Refused):
    """The session has ended; `interlock reopen` makes it active again."""

    code = "session_ended"


class SessionActive(Refused):
    """The session is still active; only an ended session can do this."""

    code = "session_active"


class SessionBusy(Refused):
    """The session is being run by another process."""

    code = "session_busy"


class StaleSession(Refused):
    """Somebody else moved the session on; ask for its next command and try again."""

    code = "stale_session"


class ResultConflict(Refused):
    """Another result was already accepted for this interaction."""

    code = "result_conflict"


class InteractionClosed(Refused):
    """The interaction was superseded; the result is kept as late and moves nothing."""

    code = "interaction_closed"


class NothingAsked(Refused):
    """The session is not waiting for a person's answer."""

    code = "nothing_asked"


class TypeUnusable(InterlockError):
    """The session type cannot be used."""

    code = "type_unusable"


class UnknownType(TypeUnusable):
    """There is no such session type; `interlock types` lists those there are."""

    code = "unknown_type"


class BrokenType(TypeUnusable):
    """The session type does not load."""

    code = "broken_type"


class PluginUnusable(InterlockError):
    """The agent, environment or exporter cannot be used."""

    code = "plugin_unusable"


class StoreUnusable(InterlockError):
    """The database cannot be used."""

    code = "store_unusable"


class StoreLost(StoreUnusable):
    """The database's server was lost; whether the last change was made is not known."""

    code = "store_lost"


class StoreBusy(StoreUnusable):
    """The database stayed locked by others for too long; try again."""

    code = "store_busy"
