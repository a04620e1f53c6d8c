"""What an agent program is and what it can do, for those who choose, install and check one."""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import asdict, frozen


@frozen(kw_only=True)
class Description:
    """One agent program."""

    program: str
    """The command that is looked for on PATH."""
    vendor: str
    install: str
    """The command line that installs it."""
    login: str
    """What a person does to log in."""
    version: tuple[str, ...] = ("--version",)
    """Arguments that make it print its version and end."""
    tried: tuple[str, str] | None = None
    """The oldest and the newest version that it was tried with."""
    login_check: tuple[str, ...] = ()
    """Arguments that make it end with 0 only when it is logged in; empty: it has none."""
    keys: tuple[str, ...] = ()
    """Variables of which one is enough to be logged in."""
    resume: bool = False
    """It can go on with a conversation."""
    fork: bool = False
    """It can go on with a copy of a conversation."""
    cost: bool = False
    """It says what it thinks its work costs."""
    tool_events: bool = False
    """It tells of each tool call while it works."""
    permissions: bool = False
    """Which tools it may use can be set for each prompt."""

    @property
    def abilities(self) -> Mapping[str, bool]:
        """Whether it can do each of resume, fork, cost, tool_events, permissions."""
        names = ("resume", "fork", "cost", "tool_events", "permissions")
        return {name: value for name, value in asdict(self).items() if name in names}

    @property
    def range(self) -> str:
        """The versions that it was tried with, in words; empty where that is not known."""
        if self.tried is None:
            return ""
        oldest, newest = self.tried
        return oldest if oldest == newest else f"{oldest} to {newest}"

    def doubt(self, version: str) -> str:
        """Why a version may not do what is expected, in words; empty where it was tried."""
        if self.tried is None:
            return ""
        number, oldest, newest = map(_number, (version, *self.tried))
        if oldest <= number <= newest:
            return ""
        return f"{'older' if number < oldest else 'newer'} than what was tried: {self.range}"


def _number(version: str) -> tuple[int, ...]:
    """The first three parts of a version, by which it is compared."""
    parts = [int(part) for part in re.findall(r"\d+", version)[:3]]
    return (*parts, 0, 0, 0)[:3]
