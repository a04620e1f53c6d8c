"""The input of the built-in session types: each value is read by its name, or refused with it."""

from __future__ import annotations

import re
import reprlib
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from interlock import SessionType, Shell
from interlock.engine.errors import InvalidInput

Given = Mapping[str, Any]


def read_text(given: Given, key: str, default: str = "") -> str:
    """The text under a key. Raises InvalidInput where it is no text or is blank."""
    value = given.get(key, default)
    if not isinstance(value, str) or (key in given and not value.strip()):
        raise _refused(key, "a text with something in it", value)
    return value


def read_command(given: Given, key: str) -> Shell:
    """The command for a line or a list of words. Raises InvalidInput where there is no program."""
    value = given.get(key)
    try:
        command = Shell.parse(value) if isinstance(value, str | list | tuple) else None
    except InvalidInput as error:
        why = str(error)
        why = why if len(why) <= 200 else f"{why[:100]}...{why[-100:]}"
        raise InvalidInput(f"the input {key!r} is a command line: {why}") from None
    if command is None or not command.argv[0]:
        raise _refused(key, "a command line that names a program", value)
    return command


def command_line(given: Given, key: str) -> str:
    """The command under a key as one line, quoted where it must be."""
    return shlex.join(read_command(given, key).argv)


def read_count(given: Given, key: str, default: int = 1) -> int:
    """The number under a key, 1 or more; its digits will do. Raises InvalidInput."""
    value = given.get(key, default)
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        value = int(value)
    if type(value) is not int or value < 1:
        raise _refused(key, "a number, 1 or more", value)
    return value


def read_flag(given: Given, key: str) -> bool:
    """True or false, also as a word; false where nothing is given. Raises InvalidInput."""
    value = given.get(key, False)
    words = {"true": True, "yes": True, "false": False, "no": False}
    value = words.get(value, value) if isinstance(value, str) else value
    if not isinstance(value, bool):
        raise _refused(key, "true or false", value)
    return value


def read_names(given: Given, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The names under a key: a list, or a text with commas between them. Raises InvalidInput."""
    value = given.get(key, default)
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(
        isinstance(name, str) and name.strip() for name in names
    ):
        raise _refused(key, "a list of names", value)
    if key in given and not names:
        raise _refused(key, "a list of at least one name", value)
    return tuple(name.strip() for name in names)


def read_commands(given: Given, key: str) -> dict[str, Shell]:
    """A command for each name. Raises InvalidInput where one cannot be run."""
    value = given.get(key, {})
    if not isinstance(value, Mapping):
        raise _refused(key, "an object with a command line for each name", value)
    return {name: read_command(value, name) for name in value}


def slug(text: str) -> str:
    """The text as a part of a branch or file name: `Shopping Cart!` gives `shopping-cart`."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-") or "work"


READERS: dict[str, Callable[[Given, str], object]] = {
    **dict.fromkeys(("check", "test", "evaluate"), read_command),
    **dict.fromkeys(("tries", "rounds"), read_count),
    **dict.fromkeys(("sections", "documents"), read_names),
    "commands": read_commands,
    "tdd": read_flag,
}
"""How the value of a key is read; any other key holds a text."""


class BuiltInType(SessionType):
    """A session type that refuses a bad input value when a session starts, not in a step."""

    @classmethod
    def check_input(cls, given: Given) -> None:
        super().check_input(given)
        for key in given:
            if key != "components":
                READERS.get(key, read_text)(given, key)


def _refused(key: str, form: str, value: object) -> InvalidInput:
    return InvalidInput(f"the input {key!r} is {form}, not {reprlib.repr(value)}")
