"""The plugin that a name stands for, imported when it is first asked for.

A name is looked for among the built-ins, then among installed distributions, then in trusted
files. Whatever is wrong with a plugin is one line that names it and says what to do.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from interlock.engine import SessionType
from interlock.engine.errors import BrokenType, DefinitionError, PluginUnusable, UnknownType
from interlock.plugins import pins
from interlock.plugins.builtin import AGENTS, ENVIRONMENTS, EXPORTERS, NOUNS, SESSION_TYPES
from interlock.plugins.listing import BUILT_IN, NAMELESS, TRUSTED, Plugin, available, builtin
from interlock.plugins.source import check_making, define_types, read_source
from interlock.plugins.wording import describe, say

if TYPE_CHECKING:
    from interlock.agents.invocation import Agent
    from interlock.plugins.contracts import Environment, Exporter

_loaded: dict[tuple[str, str], Any] = {}


def load_type(name: str) -> type[SessionType]:
    """The session type of this name.

    Raises UnknownType, which suggests the nearest names; BrokenType when it does not load.
    """
    kind: type[SessionType] = _load(SESSION_TYPES, name)
    return kind


def load_agent(name: str) -> Agent:
    """The agent of this name. Raises PluginUnusable."""
    agent: Agent = _load(AGENTS, name)
    return agent


def load_environment(name: str) -> Environment:
    """The environment of this name; words after it, its options, are left alone.

    Raises PluginUnusable.
    """
    environment: Environment = _load(ENVIRONMENTS, (name.split() or [name])[0])
    return environment


def load_exporter(name: str) -> Exporter:
    """The exporter of this name. Raises PluginUnusable."""
    exporter: Exporter = _load(EXPORTERS, name)
    return exporter


def forget() -> None:
    """Forget what was loaded, so that the next use of a name looks anew."""
    _loaded.clear()


def _load(group: str, name: str) -> Any:
    key = (group, name)
    if key in _loaded:
        return _loaded[key]
    plugin = _find(group, name)
    found = _load_pinned(plugin) if plugin.source == TRUSTED else _import(group, plugin)
    return _loaded.setdefault(key, found)


def _find(group: str, name: str) -> Plugin:
    own = next((plugin for plugin in builtin(group) if plugin.name == name), None)
    if own is not None:
        return own
    everything = available(group)
    offers = [plugin for plugin in everything if plugin.name == name]
    usable = [plugin for plugin in offers if not plugin.note]
    if usable:
        return usable[0]
    if offers:
        raise _broken(group, f"{_title(group, offers[0])} is {offers[0].note}")
    raise _unknown(group, name, everything)


def _unknown(group: str, name: str, everything: list[Plugin]) -> UnknownType | PluginUnusable:
    words = [plugin.name for plugin in everything if not plugin.note]
    near = get_close_matches(name[:100], words, cutoff=0.5)
    parts = [f"there is no {NOUNS[group]} {say(name)[:80]!r}"]
    if near:
        parts.append(f"did you mean {' or '.join(near)}?")
    if group == SESSION_TYPES:
        parts.append("`interlock types` lists them")
    elif not near:
        parts.append(f"use {' or '.join(words)}")
    parts += [
        f"{one.source} {one.target}: {one.note}" for one in everything if one.name == NAMELESS
    ]
    message = "; ".join(parts).replace("?;", "?")
    return UnknownType(message) if group == SESSION_TYPES else PluginUnusable(message)


def _title(group: str, plugin: Plugin) -> str:
    owner = "" if plugin.source == BUILT_IN else f" of {plugin.source}"
    return f"{NOUNS[group]} {plugin.name}{owner}"


def _broken(group: str, message: str) -> BrokenType | PluginUnusable:
    return BrokenType(message) if group == SESSION_TYPES else PluginUnusable(message)


def _import(group: str, plugin: Plugin) -> Any:
    try:
        module, _, attribute = plugin.target.partition("[")[0].strip().partition(":")
        value = attrgetter(attribute.strip())(import_module(module.strip()))
        return _CHECKS[group](value, plugin.name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        owner = "interlock" if plugin.source == BUILT_IN else plugin.source
        what = f"{_title(group, plugin)} does not load: {describe(error)}"
        raise _broken(group, f"{what}; reinstall or remove {owner}") from error


def _check_type(value: Any, name: str) -> Any:
    if not isinstance(value, type) or not issubclass(value, SessionType):
        raise BrokenType(f"it is a {type(value).__name__}, not a subclass of SessionType")
    if not hasattr(value, "definition"):
        raise BrokenType(f"{value.__name__} has no transitions")
    if value.name != name:  # a session keeps the class's own name, and could not be loaded again
        raise BrokenType(f"{value.__name__} is named {value.name}, its entry point {name}")
    check_making(value)
    return value


def _check_methods(*methods: str) -> Callable[[Any, str], Any]:
    def check(value: Any, name: str) -> Any:
        made = value() if isinstance(value, type) else value
        for method in methods:
            if not callable(getattr(made, method, None)):
                raise PluginUnusable(f"its {type(made).__name__} has no method {method}")
        return made

    return check


_CHECKS: dict[str, Callable[[Any, str], Any]] = {
    SESSION_TYPES: _check_type,
    AGENTS: _check_methods("invoke", "read"),
    ENVIRONMENTS: _check_methods("execute"),
    EXPORTERS: _check_methods("__call__"),
}


def _load_pinned(plugin: Plugin) -> type[SessionType]:
    where = say(shlex.quote(plugin.target))
    again = f"read it and run `interlock types trust {where}`"
    pinned = [pin.sha256 for pin in pins.read_pins(pins.place()) if pin.path == plugin.target]
    try:
        source = read_source(plugin.target)
    except BrokenType as error:
        raise BrokenType(
            f"{error}; put back what was trusted, or run `interlock types trust FILE` for another"
        ) from error
    if source.sha256 not in pinned:
        raise BrokenType(f"{where} has changed since it was trusted; {again}")
    try:
        return define_types(source)[plugin.name]
    except DefinitionError as error:
        raise BrokenType(str(error)) from error
    except KeyError:
        raise BrokenType(f"{where} no longer defines {plugin.name}; {again}") from None
