"""For which account statements run. It is told wherever a scope is known, and asked where a
database keeps accounts apart by itself: there a statement without an account is a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar, Token
from functools import wraps
from types import GeneratorType
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from interlock.engine.values import Scope

NOBODY = ""
"""No account has this id."""

P = ParamSpec("P")
R = TypeVar("R")

_account: ContextVar[str | None] = ContextVar("account", default=None)


class acting:  # noqa: N801  read as `with acting(account_id):`, like a function
    """Statements of this thread are those of an account until the block ends."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id
        self._before: Token[str | None] | None = None

    def __enter__(self) -> None:
        self._before = _account.set(self._account_id)

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            _account.reset(self._before)


def account() -> str | None:
    """The id of the account whose statements run now; None where nobody said."""
    return _account.get()


def scoped(function: Callable[Concatenate[Scope, P], R]) -> Callable[Concatenate[Scope, P], R]:
    """The same function, with all its statements those of its scope's account; also those of a
    generator that it returns, each time it goes on."""

    @wraps(function)
    def act(scope: Scope, /, *args: P.args, **options: P.kwargs) -> R:
        with acting(scope.account_id):
            result = function(scope, *args, **options)
        if isinstance(result, GeneratorType):
            return cast(R, _go_on(scope.account_id, result))
        return result

    return act


def _go_on(account_id: str, generator: GeneratorType[Any, None, None]) -> Iterator[Any]:
    try:
        while True:
            with acting(account_id):
                try:
                    value = next(generator)
                except StopIteration:
                    return
            yield value
    finally:
        generator.close()
