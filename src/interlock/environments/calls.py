"""The functions that a Call can name, and their arguments checked."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from interlock.engine import Call, Result
from interlock.environments import files, repository
from interlock.environments.git import Git
from interlock.environments.results import Refusal

FILES: tuple[Callable[..., Result], ...] = (
    files.read_file,
    files.write_file,
    files.delete_file,
    files.list_directory,
)
GIT: tuple[Callable[..., Result], ...] = (
    repository.branch,
    repository.commit,
    repository.merge,
    repository.diff,
)


def perform(call: Call, workdir: Path, git: Git) -> Result:
    """What the function answers. Raises Refusal."""
    functions = {function.__name__: partial(function, workdir) for function in FILES}
    functions |= {function.__name__: partial(function, git) for function in GIT}
    function = functions.get(call.function)
    if function is None:
        known = ", ".join(functions)
        raise Refusal(f"there is no function {call.function!r} here; use {known}")
    _check(call.function, inspect.signature(function), call.arguments)
    try:
        return function(**call.arguments)
    except OSError as error:
        where = call.arguments.get("path", workdir)
        raise Refusal(f"{call.function} {where}: {error.strerror or error}") from None


def _check(name: str, takes: inspect.Signature, arguments: Mapping[str, Any]) -> None:
    try:
        takes.bind(**arguments)
    except TypeError as error:
        known = ", ".join(takes.parameters)
        raise Refusal(f"{name} takes {known}: {error}") from None
    for key, value in arguments.items():
        optional = takes.parameters[key].default is None
        if not isinstance(value, str) and not (optional and value is None):
            raise Refusal(f"{name}: {key} is text, not {value!r:.80}")
