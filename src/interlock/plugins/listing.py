"""Which plugins there are. Metadata is read; no plugin is imported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from interlock.engine.errors import BrokenType, InvalidInput
from interlock.engine.values import WORD
from interlock.plugins import pins
from interlock.plugins.builtin import BUILTIN, NOUNS, SESSION_TYPES
from interlock.plugins.wording import describe, say

if TYPE_CHECKING:
    from importlib.metadata import Distribution

BUILT_IN = "built-in"
TRUSTED = "trusted file"
NAMELESS = "?"
"""Stands for the name where it cannot be read."""


@frozen
class Plugin:
    """A plugin as its metadata describes it."""

    name: str
    target: str
    """`module:attribute`, or the path of a trusted file."""
    source: str
    """`built-in`, `trusted file`, or the name and version of a distribution."""
    note: str = ""
    """Why it is not used. Empty: the name stands for it."""


def available(group: str) -> list[Plugin]:
    """Every plugin of a group: the built-in ones, the installed ones by name, the trusted files.

    Plugins that cannot be used are listed too, with a note. Raises InvalidInput when there is no
    such group.
    """
    own = builtin(group)
    installed = sorted(_installed(group), key=lambda plugin: (plugin.name, plugin.source))
    trusted = list(_trusted()) if group == SESSION_TYPES else []
    found = [*own]
    for plugins in (installed, trusted):
        rivals = [*found, *plugins]
        found += [evolve(one, note=one.note or _note(one, rivals)) for one in plugins]
    return found


def builtin(group: str) -> list[Plugin]:
    """The plugins of a group that Interlock itself brings. Raises InvalidInput."""
    if group not in BUILTIN:
        raise InvalidInput(f"there is no group {say(group)!r}; use one of {', '.join(NOUNS)}")
    return [Plugin(name, target, BUILT_IN) for name, target in BUILTIN[group].items()]


def _note(plugin: Plugin, rivals: list[Plugin]) -> str:
    """Why this plugin does not get the name, given those that come before it or with it."""
    if not re.fullmatch(WORD, plugin.name):
        return f"not used: its name must be a word of a-z, 0-9 and _; rename it in {plugin.source}"
    rival = next((one for one in rivals if one.name == plugin.name and one is not plugin), None)
    if rival is None:
        return ""
    if rival.source == BUILT_IN:
        return f"not used: {plugin.name} is built in; rename it in {plugin.source}"
    where = rival.target if rival.source == TRUSTED else rival.source
    return f"not used: {where} offers {plugin.name} too; remove one of them"


def _installed(group: str) -> Iterator[Plugin]:
    for distribution in _offering(group):
        name = _field(distribution, "Name") or "a distribution without a name"
        source = say(f"{name} {_field(distribution, 'Version')}")
        try:
            entries = list(distribution.entry_points.select(group=group))
            yield from (Plugin(say(one.name), say(one.value), source) for one in entries)
        except Exception as error:
            note = f"not used: its entry points cannot be read ({describe(error)}); reinstall it"
            yield Plugin(NAMELESS, "", source, note)


def _offering(group: str) -> Iterator[Distribution]:
    """The distributions whose entry points mention the group; of two copies of one, the first."""
    # It takes 40 ms to import, more than all the rest, and a built-in is loaded without it.
    from importlib.metadata import distributions

    seen = set()
    for distribution in distributions():
        try:
            if group not in (distribution.read_text("entry_points.txt") or ""):
                continue
            key = re.sub(r"[-_.]+", "-", _field(distribution, "Name")).lower()
        except Exception:  # noqa: S112 - whose it is cannot be told, so it is not known to be ours
            continue
        if key not in seen:
            seen.add(key)
            yield distribution


def _field(distribution: Distribution, name: str) -> str:
    try:
        return next(iter(distribution.metadata.get_all(name) or ()), "")
    except Exception:  # newer Pythons raise where older ones find nothing
        return ""


def _trusted() -> Iterator[Plugin]:
    file = pins.place()
    try:
        for pin in pins.read_pins(file):
            yield from (Plugin(name, pin.path, TRUSTED) for name in pin.names)
    except BrokenType as error:
        yield Plugin(NAMELESS, str(file), TRUSTED, f"not used: {error}")
