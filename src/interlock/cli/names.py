"""What a command takes by name, which a shell can complete: sessions, plugins, secrets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from interlock.cli.caller import Caller

if TYPE_CHECKING:
    Word = click.ParamType[str]
else:  # older versions of click have no type of the value
    Word = click.ParamType

SHOWN = 100
"""How many sessions a shell is offered."""


class SessionId(Word):
    """The id of a session, or its beginning."""

    name = "id"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The newest sessions whose id begins so."""
        return list(find_sessions(ctx.ensure_object(Caller), incomplete))


class TypeName(Word):
    """The name of a session type."""

    name = "type"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The session types whose name begins so."""
        return list(find_types(incomplete))


class PluginName(Word):
    """The name of a plugin of a group; what follows the name is its options."""

    name = "plugin"

    def __init__(self, group: str) -> None:
        self.group = group

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The plugins of the group whose name begins so."""
        return list(find_plugins(self.group, incomplete))


class SecretName(Word):
    """The name of a secret."""

    name = "secret"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The account's secrets whose name begins so."""
        return list(find_secrets(ctx.ensure_object(Caller), incomplete))


class TypeOrFile(TypeName):
    """The name of a session type, or a file that defines one."""

    name = "type or file"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Session types, and the shell's own files."""
        return [*find_types(incomplete), CompletionItem(incomplete, type="file")]


class SessionOrType(SessionId):
    """The id of a session there is, or the type of a new one: ids begin with a digit."""

    name = "id or type"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Session types and sessions."""
        return [*find_types(incomplete), *super().shell_complete(ctx, param, incomplete)]


def names_session(word: str) -> bool:
    """True of an id or its beginning, false of the name of a session type."""
    return word[:1].isdecimal()


def find_sessions(caller: Caller, incomplete: str) -> Iterable[CompletionItem]:
    """The newest sessions whose id begins so; none where the database cannot be read."""
    from interlock import database, sessions
    from interlock.engine.errors import InterlockError

    try:
        if not database.is_there(caller.settings.database_url):
            return
        page = sessions.find(caller.scope, limit=SHOWN)
    except InterlockError:
        return
    for session in page.sessions:
        if session.id.startswith(incomplete):
            told = f"{session.type} {session.status} {session.title or ''}"
            yield CompletionItem(session.id, help=" ".join(told.split()))


def find_types(incomplete: str) -> Iterable[CompletionItem]:
    """The session types that can be used and whose name begins so."""
    return find_plugins("interlock.session_types", incomplete)


def find_plugins(group: str, incomplete: str) -> Iterable[CompletionItem]:
    """The plugins of a group that can be used and whose name begins so."""
    from interlock import plugins

    for plugin in plugins.available(group):
        if plugin.name.startswith(incomplete) and not plugin.note:
            yield CompletionItem(plugin.name, help=plugins.summary(plugin) or plugin.source)


def find_secrets(caller: Caller, incomplete: str) -> Iterable[CompletionItem]:
    """The account's secrets whose name begins so; none where the database cannot be read."""
    from interlock import database
    from interlock.engine.errors import InterlockError
    from interlock.secrets import vault

    try:
        if not database.is_there(caller.settings.database_url):
            return
        found = vault.listing(caller.scope.account_id)
    except InterlockError:
        return
    for secret in found:
        if secret.name.startswith(incomplete):
            yield CompletionItem(secret.name, help=f"kept in the {secret.place}")


SESSION_ID = SessionId()
TYPE_NAME = TypeName()
TYPE_OR_FILE = TypeOrFile()
AGENT_NAME = PluginName("interlock.agents")
ENVIRONMENT_NAME = PluginName("interlock.environments")
EXPORTER_NAME = PluginName("interlock.exporters")
SECRET_NAME = SecretName()
SESSION_OR_TYPE = SessionOrType()

id_argument = click.argument("session_id", metavar="[ID]", required=False, type=SESSION_ID)
