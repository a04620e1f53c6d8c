"""How much a test does: little in `make test`, much in `make chaos`.

CHAOS_SIZE is a factor for what `make chaos` does: 0.1 is a tenth. CHAOS_SEED draws the same again;
without it `make test` always draws the same, and `make chaos` something new each time.
"""

import os
import random
import sys

import pytest

SHARE = {"sqlite": 1, "postgresql": 5}
"""The part of a test that each kind of database takes: a server is asked for each statement."""

HOURS = 3 * 3600
"""Seconds after which a test of `make chaos` hangs."""


def sizes(small: int | None, large: int) -> pytest.MarkDecorator:
    """A parameter `size` of the test: small in `make test`, none there where it is None."""
    factor = float(os.environ.get("CHAOS_SIZE", "1"))
    much = pytest.param(
        max(1, round(large * factor)),
        marks=(pytest.mark.chaos, pytest.mark.timeout(HOURS)),
        id="chaos",
    )
    return pytest.mark.parametrize("size", [*little(small), much])


def little(small: int | None) -> list[object]:
    """The parameter of `make test`, if there is one."""
    return [] if small is None else [pytest.param(small, id="small")]


class Chance(random.Random):
    """A source of chance that says which seed draws the same again."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.much = request.node.get_closest_marker("chaos") is not None
        drawn = random.SystemRandom().randrange(10**6) if self.much else 1
        self.told = int(os.environ.get("CHAOS_SEED", drawn))
        super().__init__(self.told)
        self._node = request.node
        self.report("CHAOS_SEED", self.told)

    def report(self, name: str, value: object) -> None:
        """Have a figure said at the end of the test run, at once where output is not kept."""
        if self.much:
            self._node.user_properties.append(("chaos", f"{name}={value}"))
        sys.stderr.write(f"{self._node.nodeid}: {name}={value}\n")
