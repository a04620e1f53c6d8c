"""A Python file that is a plugin: its bytes are read once, and those very bytes are run."""

from __future__ import annotations

import os
import stat
import sys
import traceback
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from attrs import field, frozen

from interlock.engine import SessionType
from interlock.engine.errors import BrokenType, DefinitionError
from interlock.plugins.wording import describe, explain, say

MAX_BYTES = 1_000_000


@frozen
class Source:
    """A file as it was when it was read."""

    path: Path
    """Absolute. Its directories are resolved; the file itself may be a link."""
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """The digest of the content, in hex."""
        return sha256(self.content).hexdigest()


def locate(path: str | os.PathLike[str]) -> Path:
    """The absolute path of a file that need not exist. Raises BrokenType."""
    path = Path(path)
    try:
        return path.parent.resolve() / path.name
    except (OSError, RuntimeError, ValueError) as error:
        raise BrokenType(f"{say(str(path))}: cannot be found: {explain(error)}") from error


def read_source(path: str | os.PathLike[str]) -> Source:
    """A regular file's content, read once. Raises BrokenType when that cannot be done."""
    place = locate(path)
    try:
        # Without O_NONBLOCK a named pipe would hang here until somebody writes to it.
        handle = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise BrokenType(f"{say(str(place))}: not a regular file; name one Python file")
            with os.fdopen(handle, "rb", closefd=False) as file:
                content = file.read(MAX_BYTES + 1)
        finally:
            os.close(handle)
    except FileNotFoundError:
        raise BrokenType(f"{say(str(place))}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise BrokenType(f"{say(str(place))}: cannot be read: {explain(error)}") from error
    if len(content) > MAX_BYTES:
        raise BrokenType(f"{say(str(place))}: larger than {MAX_BYTES} bytes; split the file")
    return Source(place, content)


def define_types(source: Source) -> dict[str, type[SessionType]]:
    """The session types that a file defines, by name. This runs the file.

    Raises DefinitionError when one is not well defined and BrokenType for everything else that
    goes wrong; the message begins with `file:line` where the line is known.
    """
    module = _execute(source)
    types: dict[str, type[SessionType]] = {}
    for value in list(vars(module).values()):
        if not _is_type(value) or value.__module__ != module.__name__:
            continue
        if types.setdefault(value.name, value) is not value:
            raise BrokenType(
                f"{say(str(source.path))}: two classes are called {value.name}; rename one"
            )
        try:
            check_making(value)
        except BrokenType as error:
            raise BrokenType(f"{say(str(source.path))}: {error}") from error
    if not types:
        raise BrokenType(
            f"{say(str(source.path))}: no session type in it; "
            "write a subclass of interlock.SessionType with `transitions`"
        )
    return types


def check_making(kind: type[SessionType]) -> None:
    """Raise BrokenType unless the class can be made without arguments, as a session makes it."""
    try:
        kind()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise BrokenType(f"{kind.__name__}() raised {describe(error)}") from error


def _is_type(value: object) -> bool:
    return (
        isinstance(value, type) and issubclass(value, SessionType) and hasattr(value, "definition")
    )


def _execute(source: Source) -> ModuleType:
    try:
        # What a reader sees is what runs: a coding cookie that says otherwise is not obeyed.
        text = source.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BrokenType(
            f"{say(str(source.path))}: not UTF-8 at byte {error.start}; save it as UTF-8"
        ) from None
    name = f"interlock_file_{source.sha256[:16]}"
    module = ModuleType(name)
    module.__file__ = str(source.path)
    sys.modules[name] = module  # dataclasses look their module up there while they are made
    try:
        code = compile(text, source.path, "exec", dont_inherit=True)
        exec(code, vars(module))  # noqa: S102 - the user asked for it or has trusted these bytes
    except BaseException as error:
        sys.modules.pop(name, None)
        if isinstance(error, KeyboardInterrupt):
            raise
        kind = DefinitionError if isinstance(error, DefinitionError) else BrokenType
        raise kind(f"{say(_place(source.path, error))}: {describe(error)}") from error
    return module


def _place(path: Path, error: BaseException) -> str:
    """`file:line` of the last line of the file that led to the error; the file if none did."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}:{error.lineno}"
    steps = traceback.walk_tb(error.__traceback__)
    lines = [line for frame, line in steps if frame.f_code.co_filename == str(path)]
    return f"{path}:{lines[-1]}" if lines else str(path)
