"""The components that a parent session gives to its children, one child each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from interlock import Child, SessionType
from interlock.engine.errors import InvalidInput
from interlock.session_types.inputs import Given, read_names

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
    if isinstance(value, list | tuple):
        found = [_component(entry) for entry in value]
    else:
        found = [Component(name) for name in read_names({"components": value}, "components")]
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
    shared = {key: given[key] for key in taken if key in given and key not in KEPT}
    return tuple(
        Child(
            kind.name,
            {
                **{key: _fill(value, component.name) for key, value in shared.items()},
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
    """Raise InvalidInput, naming the component, unless every child would start."""
    for child in make_children(kind, given, "branch"):
        try:
            kind.check_input(child.input)
        except InvalidInput as error:
            raise InvalidInput(f"component {child.key}: {error}") from None


def _component(entry: object) -> Component:
    if isinstance(entry, str) and entry.strip():
        return Component(entry.strip())
    if not isinstance(entry, Mapping):
        raise InvalidInput(f"a component is a name or an object with a name, not {entry!r:.80}")
    name, priority = entry.get("name"), entry.get("priority", 0)
    if not isinstance(name, str) or not name.strip():
        raise InvalidInput(f"a component has no name: {dict(entry)!r:.80}")
    if type(priority) is not int:
        raise InvalidInput(f"component {name}: the priority is a number, not {priority!r:.80}")
    own = {key: value for key, value in entry.items() if key not in ("name", "priority")}
    return Component(name.strip(), priority, own)


def _fill(value: object, name: str) -> object:
    if isinstance(value, str):
        return value.replace("{name}", name)
    if isinstance(value, list | tuple):
        return [_fill(part, name) for part in value]
    return value
