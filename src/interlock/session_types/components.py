"""The components that a parent session gives to its children, one child each."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from interlock import Child, SessionType
from interlock.engine.errors import InvalidInput
from interlock.session_types.inputs import READERS, Given, read_command, read_names

KEPT = ("message", "components", "context")
"""Input of the parent that is not handed on."""


@frozen
class Component:
    """One component: its name, its priority, and input for its child alone."""

    name: str
    priority: int = 0
    own: Mapping[str, Any] = {}


def read_components(given: Given) -> tuple[Component, ...]:
    """The components of an input, the highest priority first, then by name.

    Given as names (a list, or a text with commas) or as objects with `name`, perhaps `priority`,
    and input for that component's child. Raises InvalidInput.
    """
    value = given.get("components")
    entries = value if isinstance(value, list | tuple) else read_names(given, "components")
    found = [_component(entry) for entry in entries]
    if not found:
        raise InvalidInput("the input 'components' is empty; name at least one component")
    names = [component.name for component in found]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(f"the input 'components' names {name!r} more than once")
    return tuple(sorted(found, key=lambda component: (-component.priority, component.name)))


def make_children(kind: type[SessionType], given: Given, branch: str) -> tuple[Child, ...]:
    """A child of this type for every component of a parent's input.

    It gets what its type takes of the parent's input, with `{name}` replaced by the component's
    name, then what the component brings itself. Raises InvalidInput.
    """
    taken = [key.removesuffix("?") for key in kind.inputs]
    shared = [key for key in taken if key in given and key not in KEPT]
    return tuple(
        Child(
            kind.name,
            {
                **{key: _fill(given, key, component.name) for key in shared},
                "branch": branch,
                **component.own,
                "component": component.name,
            },
            key=component.name,
            title=f"{kind.name}: {component.name}",
        )
        for component in read_components(given)
    )


def check_children(kind: type[SessionType], given: Given) -> None:
    """Raise InvalidInput, naming the component, unless every child would start, on a path of its
    own."""
    paths: dict[str, str] = {}
    for child in make_children(kind, given, "branch"):
        other = paths.setdefault(repr(child.input["path"]), child.key)
        if other != child.key:
            raise InvalidInput(
                f"the input 'path' is the same for {other} and {child.key}; put {{name}} into it"
            )
        try:
            kind.check_input(child.input)
        except InvalidInput as error:
            raise InvalidInput(f"component {child.key}: {error}") from None


def _component(entry: object) -> Component:
    if isinstance(entry, str):
        entry = {"name": entry}
    if not isinstance(entry, Mapping):
        raise _refused("a component that is no name and no object", entry)
    name, priority = entry.get("name"), entry.get("priority", 0)
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise _refused("a component without a proper name", entry)
    if type(priority) is not int:
        raise _refused("a priority that is no whole number", entry)
    own = {key: value for key, value in entry.items() if key not in ("name", "priority")}
    return Component(name.strip(), priority, own)


def _refused(what: str, entry: object) -> InvalidInput:
    return InvalidInput(f"the input 'components' has {what}: {reprlib.repr(entry)}")


def _fill(given: Given, key: str, name: str) -> object:
    """A value with the component's name put in. A command is split before: a name is one word of
    it, or a part of one, whatever is in the name."""
    value = given[key]
    if READERS.get(key) is read_command:
        return [word.replace("{name}", name) for word in read_command(given, key).argv]
    return value.replace("{name}", name) if isinstance(value, str) else value
