"""Who is asking: an account and a project by name, and the sessions they mean by an id."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from interlock.config import Settings
    from interlock.engine import Scope

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


class Caller:
    """Who is asking. The database is opened when it is first needed."""

    def __init__(self) -> None:
        self.account_option: str | None = None
        self.project_option: str | None = None

    @cached_property
    def settings(self) -> Settings:
        """What the environment asks for."""
        from interlock.config import settings

        return settings(os.environ)

    @property
    def account(self) -> str:
        """The account's name: the option, INTERLOCK_ACCOUNT, else the user's own."""
        return self.account_option or self.settings.account or user_name()

    @property
    def named_project(self) -> str | None:
        """The project that was asked for by name: the option, else INTERLOCK_PROJECT."""
        return self.project_option or self.settings.project

    @property
    def project(self) -> str:
        """The project's name; unless asked for by name, that of the place one stands in."""
        return self.named_project or project_name(find_place())

    @cached_property
    def scope(self) -> Scope:
        """The scope of this account and project; nothing is made for it. Raises StoreUnusable,
        InvalidInput."""
        from interlock import accounts, database

        database.open_database(self.settings.database_url)
        return accounts.find(self.account, self.project, user=user_name())

    @cached_property
    def own_scope(self) -> Scope:
        """The scope of this account and project, which are there from now on. Raises as `scope`."""
        from interlock import accounts, database

        database.open_database(self.settings.database_url)
        path = None if self.named_project else str(find_place())
        return accounts.enter(self.account, self.project, path=path, user=user_name())

    def locate(self, given: str | None) -> tuple[Scope, str]:
        """The scope and the id of a session: by the beginning of its id, or the current one.

        An id is looked for in the project, then, unless the project was named, in the whole
        account. Raises SessionNotFound, InvalidInput.
        """
        from interlock import accounts, sessions
        from interlock.engine.errors import SessionNotFound

        if given is None:
            current = accounts.current(self.scope)
            if current is None:
                raise SessionNotFound(
                    f"no session is in use in project {self.project}; give an ID, or "
                    "`interlock use` one that `interlock list` shows"
                )
            return self.scope, current
        prefix = given.strip().lower()
        try:
            return self.scope, sessions.resolve(self.scope, prefix)
        except SessionNotFound:
            if self.named_project:
                raise
            wide = self.scope.account_wide
            return wide, sessions.resolve(wide, prefix)


def user_name() -> str:
    """The name of the user who runs this process."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user-{os.getuid()}"


def find_place() -> Path:
    """The top folder of the git repository one stands in, else the current directory.

    Raises InvalidInput when there is no current directory.
    """
    try:
        here = Path.cwd()
    except OSError:
        from interlock.engine.errors import InvalidInput

        raise InvalidInput("the current directory is gone; change to one that exists") from None
    return next((place for place in (here, *here.parents) if is_repository(place)), here)


def is_repository(place: Path) -> bool:
    """True when a directory is the top of a git work tree; git is not asked."""
    return os.path.lexists(place / ".git")


def project_name(place: Path) -> str:
    """The name of the project in a directory: the directory's own, with odd bytes escaped."""
    return (place.name or "/").encode(errors="backslashreplace").decode()


def caller_options(function: AnyFunction) -> AnyFunction:
    """Add --account and --project, which may be given before the command or after it."""
    for name, text in (
        ("project", "The project's name; else the git repository you stand in."),
        ("account", "The account's name; else your own."),
    ):
        option = click.option(
            f"--{name}", metavar="NAME", help=text, expose_value=False, callback=_keep(name)
        )
        function = option(function)
    return function


def _keep(name: str) -> Callable[[click.Context, click.Parameter, str | None], None]:
    def keep(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
        caller = ctx.ensure_object(Caller)
        if value is not None:
            if not value.strip():
                raise click.BadParameter("it is empty; give a name")
            setattr(caller, f"{name}_option", value)

    return keep


def pass_caller(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the caller's options to a command and hand it the Caller as its first argument."""

    @functools.wraps(function)
    def with_caller(*args: Any, **options: Any) -> Any:
        caller = click.get_current_context().ensure_object(Caller)
        return function(caller, *args, **options)

    return caller_options(with_caller)
