"""What the open database is asked."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from interlock.store.connection import backend

Said = list[tuple[str, Sequence[Any]]]
"""Statements in their order, each with its values."""


@contextmanager
def statements() -> Iterator[Said]:
    """All that it is asked from now on, by statements that are written out."""
    said: Said = []
    opened = backend()

    def hear(ask: Callable[..., Any]) -> Callable[..., Any]:
        def told(sql: str, values: Sequence[Any]) -> Any:
            said.append((sql, values))
            return ask(sql, values)

        return told

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opened, "change", hear(opened.change))
        patch.setattr(opened, "find", hear(opened.find))
        yield said
