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
    try:
        if cwd.is_dir():
            return None if os.access(cwd, os.X_OK) else f"{cwd} may not be entered: chmod u+x it"
        missing = not cwd.exists()
    except (OSError, ValueError) as fault:
        return f"the working directory cannot be used: {fault}"
    if missing:
        return f"the working directory {cwd} does not exist: create it or name another"
    return f"the working directory {cwd} is not a directory: name one"


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
    if number in (errno.E2BIG, errno.ENAMETOOLONG):
        return TOO_LONG
    if number == errno.ENOENT:
        if found := shutil.which(str(cwd / program) if "/" in program else program, path=path):
            return f"{found} names an interpreter that does not exist: mend its first line"
        if "/" in program:
            return f"the program {program} does not exist: check the path, seen from {cwd}"
        return f"the program {program!r} was not found: install it, or add its folder to PATH"
    reasons = {
        errno.EACCES: f"{program} may not be run: make it executable with chmod +x",
        errno.EPERM: f"{program} may not be run by this user: change its permissions",
        errno.ENOEXEC: f"{program} is not a program for this system: is its first line a #! line?",
        errno.ENOTDIR: f"the path {program} leads through a file: check it",
        errno.ETXTBSY: f"{program} is being written: try again when it is complete",
    }
    fallback = f"{program} could not be started: {os.strerror(number)}"
    return reasons.get(number, fallback)
