"""The ways in which the processes of a command are ended, and a place where only one of them works.

A test that asks for the fixture `way` runs once in each way that this machine has.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from interlock.environments import command_group, control_group

GROUP, WALK = "group", "walk"
WAYS = (GROUP, WALK) if command_group.is_usable() else (WALK,)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """How commands are ended that are started meanwhile, by this process or below it: `group`, or
    `walk` in a control group in which no other can be made, or on a machine without any."""
    if request.param == GROUP or GROUP not in WAYS:
        yield request.param
        return
    above = Path(command_group.choose("")).parent
    inner = above / f"walk-{os.getpid()}-{os.urandom(4).hex()}"
    inner.mkdir()
    (inner / "cgroup.max.descendants").write_text("0")
    try:
        assert control_group.put(0, str(inner))
        assert not command_group.is_usable()
        yield request.param
    finally:
        assert control_group.leave(str(inner))
        assert control_group.end(str(inner)) == 0


def groups_of(*engines: int) -> list[str]:
    """The control groups that commands of these processes have now."""
    above = str(Path(command_group.choose("")).parent) if GROUP in WAYS else ""
    return [
        folder
        for folder in control_group.folders_below(above)
        if any(f"/interlock-{pid}-" in folder for pid in engines)
    ]
