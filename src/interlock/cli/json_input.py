"""JSON from outside: exactly what it says, or one line that says where it is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from interlock.engine.errors import InvalidInput

MAX_BYTES = 16 * 1024 * 1024


def read_json(text: str, what: str) -> Any:
    """The value of a JSON text. Raises InvalidInput; a key given twice and NaN are refused."""

    def unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise InvalidInput(f"{what} has the key {twice[:80]!r} twice; give it once")
        return found

    def refuse(name: str) -> None:
        raise InvalidInput(f"{what} has {name}, which JSON has not; write it as a string")

    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    except RecursionError:
        raise InvalidInput(f"{what} is nested too deep") from None
    except ValueError as error:
        raise InvalidInput(f"{what} is not JSON: {error}") from None


def read_object(text: str, what: str) -> dict[str, Any]:
    """The object of a JSON text. Raises InvalidInput."""
    value = read_json(text, what)
    if not isinstance(value, dict):
        raise InvalidInput(f'{what} is {_name(value)}; it must be an object, as in {{"a": 1}}')
    return value


def read_text(place: str, what: str) -> str:
    """The text of a file, or of standard input for `-`. Raises InvalidInput."""
    where = "standard input" if place == "-" else place
    try:
        if place == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with open(place, "rb") as file:  # noqa: PTH123  also a pipe, as in <(command)
                data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInput(f"{what}: {where} cannot be read: {reason}") from None
    if len(data) > MAX_BYTES:
        raise InvalidInput(f"{what}: {where} has more than {MAX_BYTES} bytes; give less")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{what}: {where} is not UTF-8 at byte {error.start}") from None


def read_pairs(pairs: Sequence[str]) -> dict[str, Any]:
    """The input in words KEY=VALUE, whose value is text, and KEY:=JSON. Raises InvalidInput."""
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        typed = key.endswith(":")
        key = key.removesuffix(":").strip()
        if not equals or not key:
            raise InvalidInput(
                f"-i {pair[:80]!r} is not understood; give KEY=VALUE for text, KEY:=JSON else"
            )
        if key in found:
            raise InvalidInput(f"-i gives {key[:80]!r} twice; give it once")
        found[key] = read_json(value, f"-i {key[:80]}:=") if typed else value
    return found


def read_input(pairs: Sequence[str], place: str | None) -> dict[str, Any]:
    """The input of a session: the object in a file, then the pairs, which win. Raises
    InvalidInput."""
    given = {} if place is None else read_object(read_text(place, "--input"), "--input")
    return {**given, **read_pairs(pairs)}


def _name(value: Any) -> str:
    names = {list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
