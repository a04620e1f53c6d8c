"""What may be kept: text made visible, data that JSON can say without changing it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from attrs import AttrsInstance, evolve, fields

from interlock.engine.errors import InvalidInput
from interlock.engine.escapes import escape, is_fit
from interlock.engine.values import Result

MAX_DEPTH = 100
# `int | float` would be made anew each time; a dictionary is known faster than any other mapping.
_NUMBERS, _LISTS, _MAPPINGS = (int, float), (list, tuple), (dict, Mapping)
_NOTHING: tuple[object, ...] = (None, {})

MAX_REASON = 2000
"""Characters of an exception's text that a reason keeps."""


def accept(result: Result) -> Result:
    """The result as it may be kept, at the one inlet.

    Characters that no text may hold (NUL, lone surrogates) become visible escapes; data becomes
    what it is when it is read back. Raises InvalidInput for data that JSON cannot say.
    """
    changed: dict[str, Any] = {}
    for name in ("data", "usage", "remember"):
        part = getattr(result, name)
        if part not in _NOTHING:
            if not isinstance(part, Mapping):
                raise InvalidInput(f"{name} maps names to values, not {part!r}")
            check_payload(part, name)
            changed[name] = plain(part)
    for name in ("code", "duration_ms"):
        number = getattr(result, name)
        if number is not None:
            if type(number) is not int:
                raise InvalidInput(f"{name} is a whole number, not {number!r}")
            _check_number(number, name)
    for name in ("stdout", "stderr", "output", "error"):
        text = getattr(result, name)
        if text is not None and (shown := visible(text)) is not text:
            changed[name] = shown
    return evolve(result, **changed) if changed else result


def visible(text: str) -> str:
    """The text itself, or, where it has a NUL or a lone surrogate, escaped. What has neither is
    taken to have its escapes already."""
    if not isinstance(text, str):
        raise InvalidInput(f"a text is needed, not {text!r}")
    return text if is_fit(text) else escape(text)


def check_payload(value: Any, what: str, depth: int = 0) -> None:
    """Raise InvalidInput, saying where, unless JSON can hold the value without changing it."""
    if isinstance(value, str):
        _check_text(value, what)
    elif value is None or isinstance(value, _NUMBERS):
        _check_number(value, what)
    elif depth >= MAX_DEPTH:
        raise InvalidInput(f"{what} is nested deeper than {MAX_DEPTH} levels")
    elif isinstance(value, _MAPPINGS):
        for key, part in value.items():
            if not isinstance(key, str):
                raise InvalidInput(f"{what} has the key {key!r}; keys are strings")
            _check_text(key, what)
            check_payload(part, f"{what}.{key}" if depth < 3 else what, depth + 1)
    elif isinstance(value, _LISTS):
        for part in value:
            check_payload(part, what, depth + 1)
    else:
        raise InvalidInput(f"{what} has a {type(value).__name__}, which JSON has not")


def plain(value: Any) -> Any:
    """A copy of a value that `check_payload` let through, of JSON's own types: what comes back
    when it was kept, so that a session decides alike before and after."""
    if isinstance(value, Mapping):
        return {str.__str__(key): plain(part) for key, part in value.items()}
    if isinstance(value, _LISTS):
        return [plain(part) for part in value]
    if isinstance(value, str):
        return str.__str__(value)
    return float(value) if isinstance(value, float) else value


def check_fields(value: AttrsInstance) -> None:
    """Raise InvalidInput, saying where, unless every attribute of a value is plain data."""
    for name in _names(type(value)):
        part = getattr(value, name)
        if part is not None and part is not True and part is not False:
            check_payload(part, name)


@cache
def _names(cls: type[AttrsInstance]) -> tuple[str, ...]:
    return tuple(attribute.name for attribute in fields(cls))


def describe(error: Exception) -> str:
    """An exception in words fit for a reason: its class and its text."""
    try:
        text = str(error)
    except Exception:
        text = "it cannot say why"
    if len(text) > MAX_REASON:
        text = text[:MAX_REASON] + "..."
    return visible(f"{type(error).__name__}: {text}")


def _check_number(value: float | None, what: str) -> None:
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise InvalidInput(f"{what} has a number beyond 64 bits; write it as a string")
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput(f"{what} has {value!r}, which JSON has not; write it as a string")


def _check_text(value: str, what: str) -> None:
    if is_fit(value):
        return
    if "\0" in value:
        raise InvalidInput(f"{what} has a NUL character; remove it")
    raise InvalidInput(f"{what} has a lone surrogate, which is no text; remove it")
