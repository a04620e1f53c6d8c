"""What a plugin is for, in one line: read from its source, and nothing is imported for it."""

from __future__ import annotations

import ast
from importlib.machinery import PathFinder
from pathlib import Path

from interlock.plugins.listing import TRUSTED, Plugin
from interlock.plugins.wording import say


def summary(plugin: Plugin) -> str:
    """The first line of the docstring of its class, else of its module; empty where none is found.

    A trusted file is described by its module's.
    """
    module, _, name = plugin.target.partition(":")
    try:
        file = plugin.target if plugin.source == TRUSTED else _find(module)
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError, ImportError, RecursionError, MemoryError):
        return ""
    texts = [
        ast.get_docstring(node)
        for node in (*tree.body, tree)
        if isinstance(node, ast.Module) or (isinstance(node, ast.ClassDef) and node.name == name)
    ]
    first = next((text for text in texts if text), "")
    return say(first.partition("\n")[0])


def _find(module: str) -> str:
    """The file of a module. Raises ImportError where it is not a file on the path."""
    place = None
    name, origin = "", None
    for word in module.split("."):
        name = f"{name}.{word}" if name else word
        spec = PathFinder.find_spec(name, place)
        if spec is None:
            raise ImportError(name)
        place, origin = spec.submodule_search_locations, spec.origin
    if origin is None:
        raise ImportError(name)
    return origin
