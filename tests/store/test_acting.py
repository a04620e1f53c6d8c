"""For which account statements run is known wherever a scope is, and nowhere else."""

import inspect
import threading
from collections.abc import Iterator

import pytest

from interlock import Scope, accounts, sessions
from interlock.store import acting


def test_every_function_of_a_scope_acts_for_its_account() -> None:
    """One that is forgotten would fail where accounts are kept apart."""
    asked = [getattr(sessions, name) for name in sessions.__all__] + [*vars(accounts).values()]
    scoped = [
        one
        for one in asked
        if inspect.isfunction(one) and next(iter(inspect.signature(one).parameters), "") == "scope"
    ]
    assert len(scoped) > 30
    plain = {one.__name__ for one in scoped if not hasattr(one, "__wrapped__")}
    assert plain == {"subscribe"}  # it keeps the scope, and asks nothing


def test_a_generator_acts_only_while_it_goes_on() -> None:
    """Between two values, after the end, and when it is given up, nobody does."""
    seen = []

    @acting.scoped
    def count(scope: Scope) -> Iterator[int]:
        try:
            for number in range(3):
                seen.append(acting.account())
                yield number
        finally:
            seen.append("closed")

    first, second = count(Scope("one")), count(Scope("two"))
    assert (next(first), acting.account(), next(second), acting.account()) == (0, None, 0, None)
    assert list(first) == [1, 2]
    second.close()  # type: ignore[attr-defined]
    assert acting.account() is None
    assert seen == ["one", "two", "one", "one", "closed", "closed"]


def test_acting_is_of_a_thread_and_nests() -> None:
    """Another thread begins with nobody; what was before is there again after a failure."""
    heard: list[str | None] = []
    with acting.acting("one"):
        thread = threading.Thread(target=lambda: heard.append(acting.account()))
        thread.start()
        thread.join()
        with pytest.raises(ZeroDivisionError), acting.acting("two"):
            _fail(heard)
        heard.append(acting.account())
    assert [*heard, acting.account()] == [None, "two", "one", None]


def _fail(heard: list[str | None]) -> None:
    heard.append(acting.account())
    raise ZeroDivisionError
