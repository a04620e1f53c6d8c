"""Why a command cannot be started, in one line that says what to do."""

import errno
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

TOO_LONG = "the command is too long for this system: pass big input on stdin or in a file"


def check_launch(argv: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> str | None:
    """What is wrong with a command before it is started; None when nothing is."""
    return (
        _check_arguments(argv)
        or _check_directory(cwd)
        or next(filter(None, map(_check_variable, environment, environment.values())), None)
    )


def _check_arguments(argv: Sequence[str]) -> str | None:
    if isinstance(argv, str | bytes):
        return "the command is one text: give a list, the program and then each argument"
    if not argv or not argv[0]:
        return "the command is empty: give a program and its arguments"
    for position, argument in enumerate(argv):
        if not isinstance(argument, str):
            return f"argument {position} is {type(argument).__name__}: turn it into text"
        if fault := _check_text(argument):
            return f"argument {position} {fault}"
    return None


def _check_directory(cwd: Path) -> str | None:
    directory = f"the working directory {_name(str(cwd))}"
    if fault := _check_text(str(cwd)):
        return f"{directory} {fault}"
    if not os.path.lexists(cwd):
        return f"{directory} does not exist: create it or name another"
    if not os.path.isdir(cwd):  # noqa: PTH112 - unlike Path.is_dir it never raises
        return f"{directory} is not a directory: name one"
    return None if os.access(cwd, os.X_OK) else f"{directory} may not be entered: chmod u+x it"


def _check_variable(name: str, value: str) -> str | None:
    if not name or "=" in name:
        return f"{name!r} cannot be the name of an environment variable: rename it"
    fault = _check_text(name + value)
    return f"the environment variable {name!r} {fault}" if fault else None


def _check_text(text: str) -> str | None:
    if "\0" in text:
        return "contains a NUL character: remove it"
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return "contains a lone surrogate: remove it"
    return None


def explain_failure(number: int, program: str, cwd: Path, environment: Mapping[str, str]) -> str:
    """What the error `number` of starting `program` means and what mends it."""
    path = environment.get("PATH", os.defpath)
    name = _name(program)
    if number in (errno.E2BIG, errno.ENAMETOOLONG):
        return TOO_LONG
    if number == errno.ENOENT:
        if found := shutil.which(str(cwd / program) if "/" in program else program, path=path):
            return f"{_name(found)} names an interpreter that does not exist: mend its first line"
        if "/" in program:
            return f"the program {name} does not exist: check the path, seen from {cwd}"
        return f"the program {name} was not found: install it, or add its folder to PATH"
    reasons = {
        errno.EACCES: f"{name} may not be run: make it executable with chmod +x",
        errno.EPERM: f"{name} may not be run by this user: change its permissions",
        errno.ENOEXEC: f"{name} is not a program for this system: is its first line a #! line?",
        errno.ENOTDIR: f"the path {name} leads through a file: check it",
        errno.ETXTBSY: f"{name} is being written: try again when it is complete",
    }
    fallback = f"{name} could not be started: {os.strerror(number)}"
    return reasons.get(number, fallback)


def _name(text: str) -> str:
    """The name on one line, quoted if it would not stay there."""
    shown = text if text.isprintable() else repr(text)
    return shown if len(shown) <= 120 else f"{shown[:120]}..."
