"""A new plugin package that installs, passes its own tests and shows up in the listing."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from keyword import iskeyword
from pathlib import Path
from string import Template

import interlock
from interlock.engine.errors import InvalidInput
from interlock.plugins.builtin import BUILTIN, SESSION_TYPES
from interlock.plugins.template import FILES
from interlock.plugins.wording import explain, say

# With shorter words the class name would not lead back to the name: a_b -> AB -> ab.
NAME = r"[a-z][a-z0-9]+(_[a-z][a-z0-9]+)*"
MAX_NAME = 40  # characters


def new_plugin(name: str, directory: str | os.PathLike[str]) -> Path:
    """The directory `interlock-NAME`, made below an existing directory and filled.

    Raises InvalidInput when the name cannot be used, when something of that name is there, or
    when it cannot be written; then nothing is left behind.
    """
    words = _fill_in(name)
    target = Path(directory) / words["project"]
    try:
        if target.exists() or target.is_symlink():
            raise InvalidInput(f"{say(str(target))} is there already; choose another name or place")
        with tempfile.TemporaryDirectory(prefix=".interlock-", dir=directory) as workplace:
            whole = Path(workplace) / "whole"
            for path, text in FILES.items():
                file = whole / Template(path).substitute(words)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(Template(text).substitute(words), encoding="utf-8")
            whole.rename(target)
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"{say(str(target))} cannot be written: {explain(error)}; "
            "name a directory that is there and that you can write to"
        ) from error
    return target


def _fill_in(name: str) -> Mapping[str, str]:
    """What the places in the template are filled with. Raises InvalidInput."""
    if not re.fullmatch(NAME, name) or len(name) > MAX_NAME:
        raise InvalidInput(
            f"{say(name)[:80]!r} cannot name a plugin; write words of two or more of a-z and 0-9, "
            f"joined by _, with at most {MAX_NAME} characters, as in spell_check"
        )
    kind = "".join(word.capitalize() for word in name.split("_"))
    if name in BUILTIN[SESSION_TYPES] or iskeyword(kind) or kind in interlock.__all__:
        raise InvalidInput(f"{name} is a name of Interlock's or Python's own; take another")
    return {
        "name": name,
        "kind": kind,
        "package": f"interlock_{name}",
        "project": f"interlock-{name.replace('_', '-')}",
        "version": interlock.__version__,
    }
